SELECT snapshot_id
FROM snapshots
QUALIFY row_number() OVER (PARTITION BY "schema" ORDER BY taken_at DESC, snapshot_id DESC) > $keep
    AND taken_at <= get_current_timestamp() - to_microseconds($older_than_us);
