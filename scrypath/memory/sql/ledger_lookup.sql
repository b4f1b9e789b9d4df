SELECT requests.*
FROM requests
WHERE reference IN (SELECT unnest(from_json($references::JSON, '["VARCHAR"]')))
UNION
SELECT requests.*
FROM requests
SEMI JOIN (
    SELECT unnest(from_json($tasks::JSON, '[{"index": "VARCHAR", "task_uid": "BIGINT"}]'), recursive := true)
) AS asked USING ("index", task_uid)
WHERE requests.server IS NULL OR requests.server IS NOT DISTINCT FROM $server
QUALIFY row_number() OVER (PARTITION BY requests."index", requests.task_uid ORDER BY sent_at DESC) = 1
ORDER BY sent_at, reference, task_uid;
