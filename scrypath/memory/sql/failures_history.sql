SELECT *
FROM failures
WHERE $schema IS NULL OR "schema" = $schema
ORDER BY failed_at DESC NULLS LAST, work_id;
