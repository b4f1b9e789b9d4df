SELECT
    CASE WHEN jsonb_typeof(args -> 'schema') = 'string' THEN args ->> 'schema' END AS schema,
    CASE WHEN jsonb_typeof(args -> 'index') = 'string' THEN args ->> 'index' END AS index,
    count(*) FILTER (WHERE state::text = 'available') AS available,
    count(*) FILTER (WHERE state::text = 'scheduled') AS scheduled,
    count(*) FILTER (WHERE state::text = 'suspended') AS suspended,
    count(*) FILTER (WHERE state::text = 'executing') AS executing,
    count(*) FILTER (WHERE state::text = 'retryable') AS retryable,
    count(*) FILTER (WHERE state::text = 'completed') AS completed,
    count(*) FILTER (WHERE state::text = 'discarded') AS discarded,
    count(*) FILTER (WHERE state::text = 'cancelled') AS cancelled,
    count(*) FILTER (WHERE state::text <> ALL(%(known)s::text[])) AS unknown,
    (extract(epoch FROM min(inserted_at) FILTER (
        WHERE state::text NOT IN ('retryable', 'completed', 'discarded', 'cancelled')
    )) * 1000000)::bigint AS oldest_pending_at,
    (max(ARRAY[(extract(epoch FROM completed_at) * 1000000)::bigint, id]) FILTER (
        WHERE state::text = 'completed' AND completed_at IS NOT NULL
    ))[2] AS last_completed_id,
    (extract(epoch FROM max(completed_at) FILTER (WHERE state::text = 'completed')) * 1000000)::bigint
        AS last_completed_at
FROM ${prefix}.oban_jobs
WHERE worker = ANY(%(workers)s::text[])
GROUP BY 1, 2
ORDER BY 1, 2
