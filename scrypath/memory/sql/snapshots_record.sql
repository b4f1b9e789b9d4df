SELECT *, duration_us AS duration
FROM snapshots
WHERE snapshot_id = $snapshot_id;
