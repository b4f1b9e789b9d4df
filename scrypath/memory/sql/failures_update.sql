UPDATE failures
SET
    "schema" = seen."schema",
    "index" = seen."index",
    mode = seen.mode,
    source = seen.source,
    operation = seen.operation,
    state = seen.state,
    retryable = seen.retryable,
    reason_class = seen.reason_class,
    reason = seen.reason,
    error_code = seen.error_code,
    attempt = seen.attempt,
    max_attempts = seen.max_attempts,
    document_count = seen.document_count,
    superseded_by = seen.superseded_by,
    healed = seen.healed,
    "database" = coalesce(seen."database", failures."database"),
    server = coalesce(seen.server, failures.server),
    last_seen = seen.seen_at,
    times_seen = failures.times_seen + 1
FROM seen_failures AS seen
WHERE failures.work_id = seen.work_id
    AND failures.failed_at IS NOT DISTINCT FROM seen.failed_at
    AND coalesce(failures.server, seen.server) IS NOT DISTINCT FROM coalesce(seen.server, failures.server)
    AND coalesce(failures."database", seen."database") IS NOT DISTINCT FROM coalesce(seen."database", failures."database");

-- Apart, because a row whose list is set is rewritten, list and all, even where the list stays as it was.
UPDATE failures
SET document_ids = seen.document_ids
FROM seen_failures AS seen
WHERE failures.work_id = seen.work_id
    AND failures.failed_at IS NOT DISTINCT FROM seen.failed_at
    AND coalesce(failures.server, seen.server) IS NOT DISTINCT FROM coalesce(seen.server, failures.server)
    AND coalesce(failures."database", seen."database") IS NOT DISTINCT FROM coalesce(seen."database", failures."database")
    AND failures.document_ids IS DISTINCT FROM seen.document_ids;
