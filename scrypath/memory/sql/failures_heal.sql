UPDATE failures
SET healed = true, retryable = false, superseded_by = work_id
WHERE source = 'oban'
    AND NOT coalesce(healed, false)
    AND "database" IS NOT DISTINCT FROM $database
    AND work_id IN (SELECT unnest(from_json($work_ids::JSON, '["VARCHAR"]')));
