-- Which history of transactions this is, and where in it the snapshot of this transaction is. Statistics are reset when
-- a crashed server recovers without a new postmaster: what was committed asynchronously may be lost then.
SELECT
    CAST(CAST(pg_snapshot_xmin(pg_current_snapshot()) AS text) AS bigint) AS transaction,
    CAST(CAST(pg_snapshot_xmax(pg_current_snapshot()) AS text) AS bigint) AS next_transaction,
    concat_ws(
        ' ',
        (SELECT system_identifier FROM pg_control_system()),
        (SELECT timeline_id FROM pg_control_checkpoint()),
        extract(EPOCH FROM pg_postmaster_start_time()),
        (SELECT extract(EPOCH FROM stats_reset) FROM pg_stat_bgwriter),
        (SELECT oid FROM pg_database WHERE datname = current_database())
    ) AS history;
