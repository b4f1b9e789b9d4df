INSERT INTO audit BY NAME
SELECT
    audit_id,
    get_current_timestamp() AS written_at,
    'after' AS phase,
    actor,
    "action",
    "schema",
    target,
    plan_hash,
    $outcome AS outcome,
    coalesce($document_count, document_count) AS document_count,
    $detail AS detail,
    "database",
    server
FROM audit
WHERE audit_id = $audit_id AND phase = 'before';
