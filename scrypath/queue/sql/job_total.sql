SELECT count(*)
FROM ${prefix}.oban_jobs
WHERE worker = ANY(%(workers)s::text[])
  AND (
      %(states)s::text[] IS NULL
      OR state::text = ANY(%(states)s::text[])
      OR 'unknown' = ANY(%(states)s::text[]) AND state::text <> ALL(%(known)s::text[])
  )
  AND (%(ids)s::bigint[] IS NULL OR id = ANY(%(ids)s::bigint[]))
  AND (%(indexes)s::text[] IS NULL OR args ->> 'index' = ANY(%(indexes)s::text[]))
  AND (%(completed_since)s::bigint IS NULL OR extract(epoch FROM completed_at) * 1000000 >= %(completed_since)s::bigint)
  AND (NOT %(unnamed)s OR jsonb_typeof(args -> 'index') IS DISTINCT FROM 'string' OR args ->> 'index' = '')
