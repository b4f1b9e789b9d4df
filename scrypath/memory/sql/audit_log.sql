SELECT * RENAME (written_at AS "at")
FROM audit
WHERE $schema IS NULL OR "schema" = $schema
ORDER BY written_at DESC, phase, audit_id;
