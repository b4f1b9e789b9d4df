CREATE TABLE parts AS
SELECT * EXCLUDE (evidence, filename), parse_filename(filename) AS part
FROM read_parquet($files, union_by_name = true, filename = true);

CREATE TABLE chosen AS
SELECT DISTINCT ON (snapshot_id) snapshot_id, part
FROM parts
ORDER BY part IN (SELECT part FROM complete) DESC, part;

CREATE TABLE evidence (snapshot_id VARCHAR, evidence VARCHAR);

CREATE VIEW snapshots AS
SELECT * EXCLUDE (part, published_at)
FROM (
    SELECT * EXCLUDE (evidence) FROM own.snapshots
    UNION ALL BY NAME
    SELECT * FROM parts SEMI JOIN chosen USING (snapshot_id, part)
)
LEFT JOIN evidence USING (snapshot_id);

CREATE VIEW snapshot_documents AS
FROM own.snapshot_documents;
