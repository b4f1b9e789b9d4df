-- How documents were compared is a column of its own: what was read then, what was taken from an earlier comparison, and
-- by what it is known that this had not changed. Reports that were stored before say nothing here.
ALTER TABLE snapshots ADD COLUMN method VARCHAR;
ALTER TABLE snapshots ADD COLUMN basis VARCHAR;
ALTER TABLE snapshots ADD COLUMN read_now BIGINT;
ALTER TABLE snapshots ADD COLUMN from_before BIGINT;
ALTER TABLE snapshots ADD COLUMN started_from VARCHAR;
COMMENT ON COLUMN snapshots.method IS 'full, incremental or sample; null when documents were not compared';
COMMENT ON COLUMN snapshots.basis IS 'What an incremental comparison knows the changes by: row_versions or updated_at';
COMMENT ON COLUMN snapshots.read_now IS 'Ids that an incremental comparison read in the database and in the index';
COMMENT ON COLUMN snapshots.from_before IS 'Documents and rows that an incremental comparison took from an earlier one';
COMMENT ON COLUMN snapshots.started_from IS 'Snapshot of that earlier comparison';

-- A view keeps the columns that its table had when it was made.
CREATE OR REPLACE VIEW latest_snapshots AS
SELECT *
FROM snapshots
QUALIFY row_number() OVER (PARTITION BY "schema" ORDER BY taken_at DESC, snapshot_id DESC) = 1;
COMMENT ON VIEW latest_snapshots IS 'The newest snapshot of each schema, with the columns of snapshots';
