SELECT
    snapshots.*,
    $publisher AS published_by,
    get_current_timestamp() AS published_at
FROM snapshots
WHERE snapshot_id NOT IN (SELECT snapshot_id FROM published)
ORDER BY taken_at, snapshot_id;
