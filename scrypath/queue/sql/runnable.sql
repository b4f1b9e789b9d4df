SELECT EXISTS (
    SELECT
    FROM ${prefix}.oban_jobs
    WHERE queue = %(queue)s
      AND (
          (state = 'available' AND attempt < max_attempts)
          OR (state IN ('scheduled', 'retryable') AND scheduled_at <= timezone('UTC', clock_timestamp()))
          OR (state = 'executing' AND attempted_by[1] = %(node)s)
      )
)
