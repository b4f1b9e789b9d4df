WITH wanted AS (
    SELECT *
    FROM ${prefix}.oban_jobs
    WHERE worker = ANY(%(workers)s::text[])
      AND (
          %(states)s::text[] IS NULL
          -- Only labels that the type really has: older Elixir deployments lack one.
          OR state = ANY(ARRAY(
              SELECT enumlabel::text::${prefix}.oban_job_state
              FROM pg_enum
              WHERE enumtypid = '${prefix}.oban_job_state'::regtype
                AND (
                    enumlabel = ANY(%(states)s::text[])
                    OR 'unknown' = ANY(%(states)s::text[]) AND enumlabel <> ALL(%(known)s::text[])
                )
          ))
      )
      AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
      AND (%(indexes)s::text[] IS NULL OR args ->> 'index' = ANY(%(indexes)s::text[]))
      AND (%(completed_since)s::bigint IS NULL OR extract(epoch FROM completed_at) * 1000000 >= %(completed_since)s::bigint)
      AND (NOT %(unnamed)s OR jsonb_typeof(args -> 'index') IS DISTINCT FROM 'string' OR args ->> 'index' = '')
    ORDER BY id DESC
    LIMIT %(limit)s
)
SELECT
    id AS job_id,
    CASE WHEN state::text = ANY(%(known)s::text[]) THEN state::text ELSE 'unknown' END AS state,
    queue,
    worker,
    operation,
    schema,
    index,
    CASE WHEN ids_sound THEN (
        SELECT coalesce(jsonb_agg(item), '[]')::text FROM jsonb_array_elements_text(ids) AS item
    ) END AS document_ids,
    CASE
        WHEN args ->> 'document_count' ~ '^[0-9]{1,15}$$' THEN (args ->> 'document_count')::bigint
        WHEN ids_sound THEN jsonb_array_length(ids)
    END AS document_count,
    fan_out,
    CASE WHEN jsonb_typeof(args -> 'reference') = 'string' THEN args ->> 'reference' END AS reference,
    attempt::bigint AS attempt,
    max_attempts::bigint AS max_attempts,
    (extract(epoch FROM inserted_at) * 1000000)::bigint AS inserted_at,
    (extract(epoch FROM scheduled_at) * 1000000)::bigint AS scheduled_at,
    (extract(epoch FROM attempted_at) * 1000000)::bigint AS attempted_at,
    (extract(epoch FROM completed_at) * 1000000)::bigint AS completed_at,
    (extract(epoch FROM discarded_at) * 1000000)::bigint AS discarded_at,
    (extract(epoch FROM cancelled_at) * 1000000)::bigint AS cancelled_at,
    left(btrim(
        CASE
            WHEN elixir_type IS NOT NULL
                THEN regexp_replace(regexp_replace(words, '^\*\* \([^)]*\) ?', ''), '\n    .*$$', '')
            ELSE regexp_replace(
                regexp_replace(substr(words, coalesce(length(python_type), 0) + 1), '^:\s?', ''),
                '\s*\[scrypath error_code=\S* error_type=\S*\]\s*$$',
                ''
            )
        END,
        E' \t\n'
    ), 4000) AS error,
    regexp_replace(coalesce(elixir_type, python_type), '^.*\.', '') AS error_type,
    nullif(structured[1], '') AS error_code,
    nullif(structured[2], '') AS backend_error_type,
    CASE WHEN jsonb_typeof(failure) = 'object' THEN failure ->> 'at' END AS failed_at,
    CASE
        WHEN jsonb_typeof(args) <> 'object' THEN 'args are not an object'
        WHEN args ->> 'schema' IS NULL THEN 'schema is missing'
        WHEN schema IS NULL THEN 'schema is not a name'
        WHEN operation IS NULL AND args ->> 'operation' IS NULL THEN 'operation is missing'
        WHEN operation IS NULL OR operation NOT IN ('upsert', 'delete', 'fan_out')
            THEN 'operation is not upsert, delete or fan_out'
        WHEN operation = 'fan_out' AND fan_out IS NULL THEN 'fan_out is missing'
        WHEN operation <> 'fan_out' AND index IS NULL THEN 'index is missing'
        WHEN args ->> 'document_ids' IS NULL THEN 'document_ids is missing'
        WHEN ids IS NULL THEN 'document_ids is not a list'
        WHEN NOT ids_sound THEN 'document_ids holds something other than texts and integers'
    END AS malformed
FROM wanted
-- OFFSET 0 keeps each step from being merged into every place that uses it, and done again there.
CROSS JOIN LATERAL (
    SELECT
        CASE WHEN jsonb_typeof(args -> 'schema') = 'string' THEN nullif(args ->> 'schema', '') END AS schema,
        CASE WHEN jsonb_typeof(args -> 'index') = 'string' THEN nullif(args ->> 'index', '') END AS index,
        CASE WHEN jsonb_typeof(args -> 'fan_out') = 'string' THEN nullif(args ->> 'fan_out', '') END AS fan_out,
        CASE WHEN jsonb_typeof(args -> 'document_ids') = 'array' THEN args -> 'document_ids' END AS ids
    OFFSET 0
) AS given
CROSS JOIN LATERAL (
    SELECT
        CASE
            WHEN NOT args ? 'operation' AND fan_out IS NOT NULL THEN 'fan_out'
            WHEN jsonb_typeof(args -> 'operation') = 'string' THEN args ->> 'operation'
        END AS operation,
        CASE WHEN ids IS NOT NULL THEN NOT EXISTS (
            SELECT
            FROM jsonb_array_elements(ids) AS item
            WHERE jsonb_typeof(item) <> 'string'
              AND (jsonb_typeof(item) <> 'number' OR item::text !~ '^-?[0-9]+$$')
        ) END AS ids_sound
    OFFSET 0
) AS read
-- Elixir deployments have jsonb[] here, oban for Python has jsonb.
CROSS JOIN LATERAL (SELECT to_jsonb(errors) -> -1 AS failure OFFSET 0) AS last
CROSS JOIN LATERAL (
    SELECT CASE WHEN jsonb_typeof(failure) = 'object' THEN failure ->> 'error' END AS told OFFSET 0
) AS telling
-- What follows the last frame of a Python traceback is the exception; its message may have several lines.
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN strpos(told, E'\n  File ') > 0
            THEN regexp_replace(split_part(told, E'\n  File ', -1), '^[^\n]*(?:\n[ \t][^\n]*)*\n', '')
        ELSE told
    END AS words
    OFFSET 0
) AS speaking
CROSS JOIN LATERAL (
    SELECT
        -- Elixir: "** (Mint.TransportError) message", then indented frames.
        substring(words FROM '^\*\* \(([A-Za-z0-9_.]+)\)') AS elixir_type,
        substring(words FROM '^((?:[A-Za-z_][A-Za-z0-9_]*\.)*[A-Z][A-Za-z0-9_]*)(?::|\s*$$|\n)') AS python_type,
        regexp_match(right(words, 200), '\[scrypath error_code=(\S*) error_type=(\S*)\]\s*$$') AS structured
    OFFSET 0
) AS kind
ORDER BY id DESC
