DELETE FROM ${prefix}.oban_jobs
WHERE id IN (
    SELECT id
    FROM ${prefix}.oban_jobs
    WHERE worker = ANY(%(workers)s::text[])
      AND queue = %(queue)s
      AND (
          (state = 'completed' AND completed_at <= timezone('UTC', now()) - make_interval(secs => %(keep)s))
          OR (state = 'cancelled' AND cancelled_at <= timezone('UTC', now()) - make_interval(secs => %(keep)s))
          OR (state = 'discarded' AND discarded_at <= timezone('UTC', now()) - make_interval(secs => %(keep)s))
      )
    LIMIT 20000
)
