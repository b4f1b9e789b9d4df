WITH executing AS MATERIALIZED (
    SELECT DISTINCT attempted_by[1] AS node
    FROM ${prefix}.oban_jobs
    WHERE state = 'executing' AND attempted_by[1] LIKE 'scrypath@%%' AND attempted_by[1] <> %(self)s
),
dead AS MATERIALIZED (
    -- A living worker holds the lock of its name in a session; PostgreSQL drops it with the process. A stopped one
    -- holds it as well, but no longer renews its line.
    SELECT node, lock_is_free
    FROM executing
    CROSS JOIN LATERAL (SELECT pg_try_advisory_xact_lock(hashtextextended(node, 0)) AS lock_is_free OFFSET 0) AS lock
    WHERE lock_is_free
       OR NOT EXISTS (
           SELECT
           FROM ${prefix}.oban_producers AS producer
           WHERE producer.node = executing.node
             AND producer.updated_at > timezone('UTC', now()) - make_interval(secs => %(silent)s)
       )
),
rescued AS (
    UPDATE ${prefix}.oban_jobs AS job
    SET state = CASE
            WHEN job.attempt >= job.max_attempts THEN 'discarded'::${prefix}.oban_job_state
            ELSE 'available'::${prefix}.oban_job_state
        END,
        discarded_at = CASE WHEN job.attempt >= job.max_attempts THEN timezone('UTC', now()) ELSE job.discarded_at END,
        meta = job.meta || jsonb_build_object('rescued', coalesce((job.meta ->> 'rescued')::integer, 0) + 1),
        errors = job.errors || jsonb_build_object(
            'attempt', job.attempt,
            'at', to_char(timezone('UTC', now()), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
            'error', CASE WHEN dead.lock_is_free
                THEN 'WorkerDied: the worker ' || dead.node || ' ended in the middle of attempt ' || job.attempt || '.'
                ELSE 'WorkerSilent: the worker ' || dead.node || ' has given no sign of life for '
                    || %(silent)s || ' s, in the middle of attempt ' || job.attempt || '.'
            END
        )
    FROM dead
    WHERE job.state = 'executing' AND job.attempted_by[1] = dead.node
    RETURNING job.id
),
forgotten AS (
    DELETE FROM ${prefix}.oban_producers WHERE node IN (SELECT node FROM dead)
)
SELECT count(*) FROM rescued
