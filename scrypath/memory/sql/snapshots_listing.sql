SELECT * EXCLUDE (evidence), duration_us AS duration
FROM snapshots
WHERE $schema IS NULL OR "schema" = $schema
ORDER BY taken_at DESC, snapshot_id DESC;
