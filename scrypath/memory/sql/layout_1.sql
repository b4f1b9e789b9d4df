CREATE TABLE layout (
    version INTEGER NOT NULL,
    applied_at TIMESTAMPTZ NOT NULL DEFAULT now()
);
COMMENT ON TABLE layout IS 'One row per version of the layout that was applied to this file';
COMMENT ON COLUMN layout.version IS 'Number of the layout; the highest one holds';
COMMENT ON COLUMN layout.applied_at IS 'When it was applied, UTC';

CREATE TABLE ledger (
    reference VARCHAR NOT NULL,
    task_uid BIGINT,
    "schema" VARCHAR,
    "index" VARCHAR NOT NULL,
    operation VARCHAR NOT NULL,
    mode VARCHAR,
    document_ids VARCHAR[],
    document_count BIGINT,
    sent_at TIMESTAMPTZ NOT NULL,
    cause VARCHAR
);
COMMENT ON TABLE ledger IS 'One row per request sent to Meilisearch, in the order of sending';
COMMENT ON COLUMN ledger.reference IS 'Short reference, carried by the task as customMetadata';
COMMENT ON COLUMN ledger.task_uid IS 'Uid of the task, null until the server answered';
COMMENT ON COLUMN ledger."schema" IS 'Registered name of the search schema';
COMMENT ON COLUMN ledger."index" IS 'Index name on the server when it was sent';
COMMENT ON COLUMN ledger.operation IS 'upsert, delete, settings, index, fan_out or unknown';
COMMENT ON COLUMN ledger.mode IS 'Sync mode: inline, manual or oban';
COMMENT ON COLUMN ledger.document_ids IS 'Ids of the documents it carried, as text, null when there were none to name';
COMMENT ON COLUMN ledger.document_count IS 'How many documents it carried';
COMMENT ON COLUMN ledger.sent_at IS 'When it was sent, UTC';
COMMENT ON COLUMN ledger.cause IS 'What it was sent for: a work id, a plan, or null for an ordinary write';

CREATE TABLE failures (
    work_id VARCHAR NOT NULL,
    "schema" VARCHAR,
    "index" VARCHAR,
    mode VARCHAR,
    source VARCHAR,
    operation VARCHAR,
    state VARCHAR,
    retryable BOOLEAN,
    reason_class VARCHAR,
    reason VARCHAR,
    error_code VARCHAR,
    attempt BIGINT,
    max_attempts BIGINT,
    failed_at TIMESTAMPTZ,
    document_ids VARCHAR[],
    document_count BIGINT,
    superseded_by VARCHAR,
    healed BOOLEAN,
    first_seen TIMESTAMPTZ NOT NULL,
    last_seen TIMESTAMPTZ NOT NULL,
    times_seen BIGINT NOT NULL
);
COMMENT ON TABLE failures IS 'One row per unit of work and time of failure ever seen, as it was last seen';
COMMENT ON COLUMN failures.work_id IS 'meili:123 or oban:456';
COMMENT ON COLUMN failures."schema" IS 'Registered name of the search schema';
COMMENT ON COLUMN failures."index" IS 'Index name on the server';
COMMENT ON COLUMN failures.mode IS 'Sync mode: inline, manual or oban';
COMMENT ON COLUMN failures.source IS 'Who keeps the record: meilisearch or oban';
COMMENT ON COLUMN failures.operation IS 'What the work was to do';
COMMENT ON COLUMN failures.state IS 'failed, retrying or unknown';
COMMENT ON COLUMN failures.retryable IS 'True: it could be sent again';
COMMENT ON COLUMN failures.reason_class IS 'transport, validation, backend_rejected, queue_exhausted or unknown';
COMMENT ON COLUMN failures.reason IS 'Why, in one sentence, redacted';
COMMENT ON COLUMN failures.error_code IS 'Code of the structured error';
COMMENT ON COLUMN failures.attempt IS 'Attempts made';
COMMENT ON COLUMN failures.max_attempts IS 'Attempts allowed';
COMMENT ON COLUMN failures.failed_at IS 'When it failed, UTC';
COMMENT ON COLUMN failures.document_ids IS 'Ids of the documents it was to touch, as text';
COMMENT ON COLUMN failures.document_count IS 'How many documents it was to touch';
COMMENT ON COLUMN failures.superseded_by IS 'Work id of a later success on the same documents';
COMMENT ON COLUMN failures.healed IS 'True: superseded by a later success';
COMMENT ON COLUMN failures.first_seen IS 'When this file first saw it, UTC';
COMMENT ON COLUMN failures.last_seen IS 'When this file last saw it, UTC';
COMMENT ON COLUMN failures.times_seen IS 'How many reports saw it';

CREATE TABLE snapshots (
    snapshot_id VARCHAR PRIMARY KEY,
    "schema" VARCHAR NOT NULL,
    "index" VARCHAR NOT NULL,
    taken_at TIMESTAMPTZ NOT NULL,
    duration_us BIGINT,
    verify VARCHAR,
    documents_compared BOOLEAN NOT NULL,
    "rows" BIGINT,
    documents BIGINT,
    missing BIGINT,
    orphan BIGINT,
    stale BIGINT,
    in_flight BIGINT,
    "unknown" BIGINT,
    pending BIGINT,
    failed BIGINT,
    evidence VARCHAR NOT NULL
);
COMMENT ON TABLE snapshots IS 'One row per stored reconcile report';
COMMENT ON COLUMN snapshots.snapshot_id IS 'Id of the snapshot';
COMMENT ON COLUMN snapshots."schema" IS 'Registered name of the search schema';
COMMENT ON COLUMN snapshots."index" IS 'Index name on the server';
COMMENT ON COLUMN snapshots.taken_at IS 'When the comparison began, UTC';
COMMENT ON COLUMN snapshots.duration_us IS 'How long it took, in microseconds';
COMMENT ON COLUMN snapshots.verify IS 'What was compared: fingerprint or content; null when documents were not';
COMMENT ON COLUMN snapshots.documents_compared IS 'False: documents were not checked and their counts are null';
COMMENT ON COLUMN snapshots."rows" IS 'Rows of the schema';
COMMENT ON COLUMN snapshots.documents IS 'Documents in the index';
COMMENT ON COLUMN snapshots.missing IS 'Rows without a document';
COMMENT ON COLUMN snapshots.orphan IS 'Documents without a row';
COMMENT ON COLUMN snapshots.stale IS 'Documents with other content than their row';
COMMENT ON COLUMN snapshots.in_flight IS 'Documents that were changing: not drift';
COMMENT ON COLUMN snapshots."unknown" IS 'Documents that could not be compared';
COMMENT ON COLUMN snapshots.pending IS 'Pending units of work in the observed sources';
COMMENT ON COLUMN snapshots.failed IS 'Failed or retrying units of work that are not healed';
COMMENT ON COLUMN snapshots.evidence IS 'What else the report saw, as a JSON object, redacted';

CREATE TABLE snapshot_documents (
    snapshot_id VARCHAR NOT NULL,
    document_id VARCHAR NOT NULL,
    drift VARCHAR NOT NULL,
    row_fingerprint VARCHAR,
    document_fingerprint VARCHAR,
    detail VARCHAR
);
COMMENT ON TABLE snapshot_documents IS 'One row per document that was not in step in a snapshot';
COMMENT ON COLUMN snapshot_documents.snapshot_id IS 'Id of the snapshot';
COMMENT ON COLUMN snapshot_documents.document_id IS 'Document id as text';
COMMENT ON COLUMN snapshot_documents.drift IS 'missing, orphan, stale, in_flight or unknown';
COMMENT ON COLUMN snapshot_documents.row_fingerprint IS 'Fingerprint of the projected row, null without a row';
COMMENT ON COLUMN snapshot_documents.document_fingerprint IS 'Fingerprint of the document, null without one';
COMMENT ON COLUMN snapshot_documents.detail IS 'Why it is counted so, null where the drift says it all';

CREATE TABLE audit (
    audit_id VARCHAR NOT NULL,
    written_at TIMESTAMPTZ NOT NULL,
    phase VARCHAR NOT NULL,
    actor VARCHAR NOT NULL,
    "action" VARCHAR NOT NULL,
    "schema" VARCHAR,
    target VARCHAR,
    plan_hash VARCHAR,
    outcome VARCHAR,
    document_count BIGINT,
    detail VARCHAR NOT NULL
);
COMMENT ON TABLE audit IS 'One row before every action and one or more after it';
COMMENT ON COLUMN audit.audit_id IS 'The same in the row before and the rows after';
COMMENT ON COLUMN audit.written_at IS 'When the row was written, UTC';
COMMENT ON COLUMN audit.phase IS 'before or after';
COMMENT ON COLUMN audit.actor IS 'Who: the login name, or what the call gave';
COMMENT ON COLUMN audit."action" IS 'retry, repair, backfill and so on';
COMMENT ON COLUMN audit."schema" IS 'Registered name of the search schema';
COMMENT ON COLUMN audit.target IS 'Work id or index';
COMMENT ON COLUMN audit.plan_hash IS 'Hash of the plan, null without one';
COMMENT ON COLUMN audit.outcome IS 'What became of it: accepted, completed, failed, unknown or skipped; null before';
COMMENT ON COLUMN audit.document_count IS 'Documents it touches';
COMMENT ON COLUMN audit.detail IS 'In one sentence, redacted';
