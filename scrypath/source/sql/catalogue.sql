-- Everything about the tables that a schema reads that may change what its rows say without a new version of a row, as
-- one hash; and what keeps the versions from saying all, as sentences.
WITH RECURSIVE given AS (
    SELECT name, to_regclass(name) AS relation
    FROM unnest(CAST(:tables AS text[])) AS name
),
tree AS (
    SELECT CAST(relation AS oid) AS relation FROM given
    UNION
    SELECT inhrelid
    FROM pg_inherits
    INNER JOIN tree ON inhparent = relation
),
relations AS (
    SELECT c.*, c.xmin AS version
    FROM pg_class AS c
    INNER JOIN tree ON c.oid = relation
),
columns AS (
    SELECT a.*, a.xmin AS version
    FROM pg_attribute AS a
    INNER JOIN tree ON attrelid = relation
    WHERE attnum > 0
),
types AS (
    SELECT atttypid AS type FROM columns
    UNION
    SELECT made_of
    FROM types
    INNER JOIN pg_type AS t ON t.oid = type
    CROSS JOIN LATERAL (VALUES (t.typelem), (t.typbasetype)) AS parts (made_of)
    WHERE made_of <> 0
),
called AS (
    SELECT name, arguments, words[cardinality(words)] AS word, words[cardinality(words) - 1] AS namespace
    FROM unnest(CAST(:functions AS text[]), CAST(:arguments AS integer[])) AS f (name, arguments)
    CROSS JOIN LATERAL parse_ident(name) AS words
),
functions AS (
    SELECT called.name, p.oid, p.xmin AS version, p.provolatile
    FROM called
    INNER JOIN pg_proc AS p ON p.proname = word
    INNER JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE (namespace IS NULL OR n.nspname = namespace)
        AND p.prokind = 'f'
        AND (p.provariadic <> 0 OR arguments BETWEEN p.pronargs - p.pronargdefaults AND p.pronargs)
),
facts (fact) AS (
    SELECT concat_ws(' ', 'class', oid, version) FROM relations
    UNION ALL
    SELECT concat_ws(' ', 'attribute', attrelid, attnum, version) FROM columns
    UNION ALL
    SELECT concat_ws(' ', 'attrdef', d.oid, d.xmin) FROM pg_attrdef AS d INNER JOIN tree ON adrelid = relation
    UNION ALL
    SELECT concat_ws(' ', 'inherits', inhrelid, inhparent, i.xmin)
    FROM pg_inherits AS i
    INNER JOIN tree ON inhrelid = relation
    UNION ALL
    SELECT concat_ws(' ', 'policy', p.oid, p.xmin) FROM pg_policy AS p INNER JOIN tree ON polrelid = relation
    UNION ALL
    SELECT concat_ws(' ', 'type', t.oid, t.xmin) FROM pg_type AS t INNER JOIN types ON t.oid = type
    UNION ALL
    SELECT concat_ws(' ', 'enum', e.oid, e.xmin) FROM pg_enum AS e INNER JOIN types ON enumtypid = type
    UNION ALL
    SELECT concat_ws(' ', 'proc', oid, version) FROM functions
    UNION ALL
    SELECT concat_ws(' ', 'user', current_user)
    UNION ALL
    SELECT concat_ws(' ', 'setting', name, current_setting(name))
    FROM unnest(
        ARRAY[
            'TimeZone', 'DateStyle', 'IntervalStyle', 'lc_monetary', 'extra_float_digits', 'bytea_output', 'search_path'
        ]
    ) AS name
),
problems (problem) AS (
    SELECT format('There is no table %s.', name) FROM given WHERE relation IS NULL
    UNION ALL
    SELECT format(
        '%s is a %s.',
        CAST(oid AS regclass),
        CASE CAST(relkind AS text)
            WHEN 'v' THEN 'view' WHEN 'm' THEN 'materialized view' WHEN 'f' THEN 'foreign table' ELSE CAST(relkind AS text)
        END
    )
    FROM relations
    WHERE relkind NOT IN ('r', 'p')
    UNION ALL
    SELECT format('%s is stored by the access method %s.', CAST(relations.oid AS regclass), amname)
    FROM relations
    INNER JOIN pg_am ON pg_am.oid = relam
    WHERE relkind = 'r' AND amname <> 'heap'
    UNION ALL
    SELECT format('%s has policies that say which rows %s sees.', CAST(oid AS regclass), current_user)
    FROM relations
    WHERE row_security_active(oid)
    UNION ALL
    SELECT format('%s.%s is a virtual generated column.', CAST(attrelid AS regclass), attname)
    FROM columns
    WHERE attgenerated = 'v'
    UNION ALL
    SELECT format('The query calls %s(), which is not immutable.', called.name)
    FROM called
    LEFT JOIN functions USING (name)
    GROUP BY called.name
    HAVING NOT coalesce(bool_and(provolatile = 'i'), FALSE)
    UNION ALL
    SELECT 'The tables may be distributed by Citus.' FROM pg_extension WHERE extname = 'citus'
)
SELECT
    (SELECT md5(string_agg(fact, ',' ORDER BY fact COLLATE "C")) FROM facts) AS digest,
    (SELECT string_agg(problem, ' ' ORDER BY problem) FROM problems) AS problem;
