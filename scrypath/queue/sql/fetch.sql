WITH chosen AS (
    SELECT id
    FROM ${prefix}.oban_jobs
    WHERE state = 'available'
      AND queue = %(queue)s
      AND attempt < max_attempts
      AND coalesce(args ->> 'index', '') <> ALL(%(full)s::text[])
    ORDER BY priority, scheduled_at, id
    LIMIT %(demand)s
    FOR UPDATE SKIP LOCKED
)
UPDATE ${prefix}.oban_jobs AS job
SET state = 'executing',
    attempt = job.attempt + 1,
    attempted_at = timezone('UTC', now()),
    attempted_by = %(attempted_by)s
FROM chosen
WHERE job.id = chosen.id
RETURNING
    job.id, job.state, job.queue, job.worker, job.attempt, job.max_attempts, job.priority, job.args, job.meta, job.errors,
    job.tags, job.attempted_by, job.inserted_at, job.attempted_at, job.cancelled_at, job.completed_at, job.discarded_at,
    job.scheduled_at
