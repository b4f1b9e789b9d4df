INSERT INTO failures BY NAME
SELECT
    seen.* EXCLUDE (seen_at),
    seen_at AS first_seen,
    seen_at AS last_seen,
    1 AS times_seen
FROM seen_failures AS seen
ANTI JOIN failures
    ON failures.work_id = seen.work_id
    AND failures.failed_at IS NOT DISTINCT FROM seen.failed_at
    AND coalesce(failures.server, seen.server) IS NOT DISTINCT FROM coalesce(seen.server, failures.server)
    AND coalesce(failures."database", seen."database") IS NOT DISTINCT FROM coalesce(seen."database", failures."database");
