CREATE VIEW latest_snapshots AS
SELECT *
FROM snapshots
QUALIFY row_number() OVER (PARTITION BY "schema" ORDER BY taken_at DESC, snapshot_id DESC) = 1;
COMMENT ON VIEW latest_snapshots IS 'The newest snapshot of each schema, with the columns of snapshots';

CREATE VIEW drifted_documents AS
SELECT
    snapshot_id,
    snapshots."schema" AS "schema",
    snapshots.taken_at AS taken_at,
    document_id,
    drift,
    row_fingerprint,
    document_fingerprint,
    detail
FROM snapshot_documents
JOIN snapshots USING (snapshot_id)
WHERE drift <> 'in_flight';
COMMENT ON VIEW drifted_documents IS 'Every document that was out of step, with the schema and time of its snapshot';

CREATE VIEW actions AS
SELECT
    begun.audit_id AS audit_id,
    begun.written_at AS begun_at,
    ended.written_at AS ended_at,
    begun.actor AS actor,
    begun."action" AS "action",
    begun."schema" AS "schema",
    begun.target AS target,
    begun.plan_hash AS plan_hash,
    ended.outcome AS outcome,
    coalesce(ended.document_count, begun.document_count) AS document_count,
    coalesce(ended.detail, begun.detail) AS detail
FROM audit AS begun
LEFT JOIN (
    FROM audit
    WHERE phase = 'after'
    QUALIFY row_number() OVER (PARTITION BY audit_id ORDER BY written_at DESC) = 1
) AS ended USING (audit_id)
WHERE begun.phase = 'before';
COMMENT ON VIEW actions IS 'One row per action: what was announced and what became of it; without an end when it was cut short';
