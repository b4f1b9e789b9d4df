-- Which database and which server a row is about: one file may remember several environments, and none of them answers
-- for another. Rows that were stored before say nothing here.
ALTER TABLE snapshots ADD COLUMN "database" VARCHAR;
ALTER TABLE snapshots ADD COLUMN server VARCHAR;
COMMENT ON COLUMN snapshots."database" IS 'Which database it is about: host, port and name, without user and password';
COMMENT ON COLUMN snapshots.server IS 'Which search server it is about: host and port';

ALTER TABLE requests ADD COLUMN "database" VARCHAR;
ALTER TABLE requests ADD COLUMN server VARCHAR;
COMMENT ON COLUMN requests."database" IS 'Which database it is about: host, port and name, without user and password';
COMMENT ON COLUMN requests.server IS 'Which search server it went to: host and port';

ALTER TABLE failures ADD COLUMN "database" VARCHAR;
ALTER TABLE failures ADD COLUMN server VARCHAR;
COMMENT ON COLUMN failures."database" IS 'Which database it is about: host, port and name, without user and password';
COMMENT ON COLUMN failures.server IS 'Which search server it is about: host and port';

ALTER TABLE audit ADD COLUMN "database" VARCHAR;
ALTER TABLE audit ADD COLUMN server VARCHAR;
COMMENT ON COLUMN audit."database" IS 'Which database it is about: host, port and name, without user and password';
COMMENT ON COLUMN audit.server IS 'Which search server it is about: host and port';

-- A view keeps the columns that its table had when it was made.
CREATE OR REPLACE VIEW latest_snapshots AS
SELECT *
FROM snapshots
QUALIFY row_number() OVER (
    PARTITION BY "schema", "database", server ORDER BY taken_at DESC, snapshot_id DESC
) = 1;
COMMENT ON VIEW latest_snapshots IS 'The newest snapshot of each schema in each environment, with the columns of snapshots';

CREATE OR REPLACE VIEW ledger AS
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
    cause,
    "database",
    server
FROM requests
LEFT JOIN (
    SELECT request, list(document_id) AS document_ids
    FROM request_documents
    GROUP BY request
) AS carried USING (request);
COMMENT ON VIEW ledger IS 'One row per request sent to Meilisearch, with the list of ids that it carried';
