SELECT DISTINCT work_id
FROM failures
WHERE source = 'oban'
    AND NOT coalesce(healed, false)
    AND "database" IS NOT DISTINCT FROM $database;
