SELECT 1
FROM requests
WHERE "index" = $index
    AND (server IS NULL OR server IS NOT DISTINCT FROM $server)
    AND sent_at >= $moment
LIMIT 1;
