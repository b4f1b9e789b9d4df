-- The ids that a request carried are one to a row: DuckDB rewrites the end of a table whenever rows are added to it,
-- and lists of thousands of ids made that end as large as everything that was ever sent.
CREATE TABLE requests (
    request BIGINT NOT NULL,
    reference VARCHAR NOT NULL,
    task_uid BIGINT,
    "schema" VARCHAR,
    "index" VARCHAR NOT NULL,
    operation VARCHAR NOT NULL,
    mode VARCHAR,
    document_count BIGINT,
    sent_at TIMESTAMPTZ NOT NULL,
    cause VARCHAR
);
COMMENT ON TABLE requests IS 'One row per request sent to Meilisearch, in the order of sending';
COMMENT ON COLUMN requests.request IS 'Number of the request in this file, counting up';
COMMENT ON COLUMN requests.reference IS 'Short reference, carried by the task as customMetadata';
COMMENT ON COLUMN requests.task_uid IS 'Uid of the task, null until the server answered';
COMMENT ON COLUMN requests."schema" IS 'Registered name of the search schema';
COMMENT ON COLUMN requests."index" IS 'Index name on the server when it was sent';
COMMENT ON COLUMN requests.operation IS 'upsert, delete, settings, index, fan_out or unknown';
COMMENT ON COLUMN requests.mode IS 'Sync mode: inline, manual or oban';
COMMENT ON COLUMN requests.document_count IS 'How many documents it carried';
COMMENT ON COLUMN requests.sent_at IS 'When it was sent, UTC';
COMMENT ON COLUMN requests.cause IS 'What it was sent for: a work id, a plan, or null for an ordinary write';

CREATE TABLE request_documents (
    request BIGINT NOT NULL,
    document_id VARCHAR NOT NULL
);
COMMENT ON TABLE request_documents IS 'One row per document that a request carried';
COMMENT ON COLUMN request_documents.request IS 'Number of the request';
COMMENT ON COLUMN request_documents.document_id IS 'Document id as text';

INSERT INTO requests BY NAME
SELECT * EXCLUDE (document_ids), rowid + 1 AS request
FROM ledger
ORDER BY rowid;

INSERT INTO request_documents
SELECT rowid + 1, unnest(document_ids)
FROM ledger
ORDER BY rowid;

DROP TABLE ledger;

CREATE VIEW ledger AS
SELECT
    reference,
    task_uid,
    "schema",
    "index",
    operation,
    mode,
    coalesce(document_ids, CASE WHEN document_count = 0 THEN []::VARCHAR[] END) AS document_ids,
    document_count,
    sent_at,
    cause
FROM requests
LEFT JOIN (
    SELECT request, list(document_id) AS document_ids
    FROM request_documents
    GROUP BY request
) AS carried USING (request);
COMMENT ON VIEW ledger IS 'One row per request sent to Meilisearch, with the list of ids that it carried';
