INSERT INTO evidence
SELECT snapshot_id, evidence
FROM (
    SELECT snapshot_id, evidence, parse_filename(filename) AS part
    FROM read_parquet($snapshot_files, union_by_name = true, filename = true)
)
SEMI JOIN chosen USING (snapshot_id, part);

CREATE OR REPLACE VIEW snapshot_documents AS
FROM own.snapshot_documents
UNION ALL BY NAME
SELECT * EXCLUDE (part)
FROM (
    SELECT * EXCLUDE (filename), parse_filename(filename) AS part
    FROM read_parquet($document_files, union_by_name = true, filename = true)
)
SEMI JOIN chosen USING (snapshot_id, part);
