SELECT *, duration_us AS duration
FROM read_parquet($1)
ORDER BY taken_at DESC, snapshot_id DESC;
