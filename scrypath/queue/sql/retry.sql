WITH job AS (
    SELECT id, state::text AS state, attempt, max_attempts, queue
    FROM ${prefix}.oban_jobs
    WHERE id = %(id)s AND worker = ANY(%(workers)s::text[])
    FOR UPDATE
),
retried AS (
    UPDATE ${prefix}.oban_jobs AS target
    SET state = 'available',
        max_attempts = greatest(target.max_attempts, target.attempt + 1),
        scheduled_at = timezone('UTC', now()),
        completed_at = NULL,
        cancelled_at = NULL,
        discarded_at = NULL,
        -- The bitmap of Oban Pro's unique jobs, where there is one, as Oban's own retry leaves it.
        meta = CASE WHEN target.meta ? 'uniq_bmp' THEN jsonb_set(target.meta, '{uniq_bmp}', '[]') ELSE target.meta END
    FROM job
    WHERE target.id = job.id AND job.state = ANY(%(retryable)s::text[])
    RETURNING target.id, target.max_attempts
)
SELECT
    job.state,
    job.attempt,
    coalesce(retried.max_attempts, job.max_attempts),
    retried.id IS NOT NULL,
    CASE WHEN retried.id IS NOT NULL
        THEN pg_notify('${prefix}.oban_insert', json_build_object('queue', job.queue)::text)
    END
FROM job
LEFT JOIN retried USING (id)
