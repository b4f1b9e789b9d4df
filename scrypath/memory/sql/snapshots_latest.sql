SELECT snapshot_id
FROM snapshots
WHERE "schema" = $schema AND ($documents_compared IS NULL OR documents_compared = $documents_compared)
    AND (
        NOT $here
        OR "database" IS NOT DISTINCT FROM $database AND server IS NOT DISTINCT FROM $server
    )
ORDER BY taken_at DESC, snapshot_id DESC
LIMIT 1;
