WITH pending AS MATERIALIZED (
    -- Why this cannot lose a write: the share lock keeps workers (FOR UPDATE SKIP LOCKED) off the job until the
    -- caller's transaction ends, so whoever performs it sees the caller's rows; SKIP LOCKED never collapses into a
    -- job that a worker is taking; under a stricter isolation level a lost race would abort the caller instead.
    SELECT id
    FROM ${prefix}.oban_jobs
    WHERE current_setting('transaction_isolation') = 'read committed'
      AND state IN ('available', 'scheduled')
      AND meta ->> 'scrypath_key' = CAST(:key AS text)
      AND queue = CAST(:queue AS text)
      AND worker = CAST(:worker AS text)
      AND attempt = 0
      AND scheduled_at <= timezone('UTC', clock_timestamp())
    ORDER BY id
    LIMIT 1
    FOR SHARE SKIP LOCKED
),
inserted AS (
    INSERT INTO ${prefix}.oban_jobs (args, max_attempts, meta, queue, worker)
    SELECT
        CAST(:args AS jsonb),
        CAST(:max_attempts AS integer),
        jsonb_build_object('scrypath_key', CAST(:key AS text)),
        CAST(:queue AS text),
        CAST(:worker AS text)
    WHERE NOT EXISTS (SELECT FROM pending)
    RETURNING id
),
job AS (
    SELECT id, true AS collapsed FROM pending
    UNION ALL
    SELECT id, false FROM inserted
)
-- A collapse notifies too: the worker may have passed over the job while this transaction held it.
SELECT
    id,
    collapsed,
    pg_notify('${prefix}.oban_insert', json_build_object('queue', CAST(:queue AS text))::text)
FROM job
