CREATE VIEW snapshots AS
SELECT DISTINCT ON (snapshot_id) * EXCLUDE (published_by, published_at)
FROM read_parquet($snapshot_files, union_by_name = true);

CREATE VIEW snapshot_documents AS
SELECT DISTINCT ON (snapshot_id, document_id) *
FROM read_parquet($document_files, union_by_name = true);
