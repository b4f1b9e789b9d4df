CREATE INDEX IF NOT EXISTS oban_jobs_scrypath_pending_index
ON ${prefix}.oban_jobs ((meta ->> 'scrypath_key'))
WHERE state IN ('available', 'scheduled') AND meta ->> 'scrypath_key' IS NOT NULL;
