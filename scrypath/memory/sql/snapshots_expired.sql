-- The newest that compared every document stays: the next incremental comparison starts from it.
SELECT *, duration_us AS duration
FROM snapshots
WHERE $schema IS NULL OR "schema" = $schema
QUALIFY row_number() OVER (PARTITION BY "schema", "database", server ORDER BY taken_at DESC, snapshot_id DESC) > $keep
    AND taken_at <= get_current_timestamp() - to_microseconds($older_than_us)
    AND NOT (
        documents_compared
        AND row_number() OVER (
            PARTITION BY "schema", "database", server, documents_compared ORDER BY taken_at DESC, snapshot_id DESC
        ) = 1
    )
ORDER BY taken_at DESC, snapshot_id DESC;
