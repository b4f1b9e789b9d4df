CREATE TABLE IF NOT EXISTS tasks (
  uid INTEGER PRIMARY KEY,
  batch_uid INTEGER,
  index_uid TEXT,
  status TEXT NOT NULL,
  type TEXT NOT NULL,
  canceled_by INTEGER,
  details TEXT,
  error TEXT,
  enqueued_at INTEGER NOT NULL,
  started_at INTEGER,
  finished_at INTEGER,
  custom_metadata TEXT,
  content TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS tasks_by_status ON tasks (status, uid);
CREATE INDEX IF NOT EXISTS tasks_by_index ON tasks (index_uid, uid);
CREATE INDEX IF NOT EXISTS tasks_by_batch ON tasks (batch_uid) WHERE batch_uid IS NOT NULL;
CREATE INDEX IF NOT EXISTS tasks_by_cancelation ON tasks (canceled_by) WHERE canceled_by IS NOT NULL;

-- An index swap belongs to every index it names.
CREATE TABLE IF NOT EXISTS swap_members (
  index_uid TEXT NOT NULL,
  task_uid INTEGER NOT NULL REFERENCES tasks (uid) ON DELETE CASCADE,
  PRIMARY KEY (index_uid, task_uid)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS batches (
  uid INTEGER PRIMARY KEY,
  details TEXT NOT NULL,
  stats TEXT NOT NULL,
  strategy TEXT NOT NULL,
  -- Every index its tasks named, when they ran.
  indexes TEXT NOT NULL,
  oldest INTEGER NOT NULL,
  latest INTEGER NOT NULL,
  started_at INTEGER NOT NULL,
  finished_at INTEGER
);

CREATE TABLE IF NOT EXISTS indexes (
  uid TEXT PRIMARY KEY,
  uuid TEXT NOT NULL UNIQUE
);

CREATE TABLE IF NOT EXISTS keys (
  uid TEXT PRIMARY KEY,
  name TEXT,
  description TEXT,
  actions TEXT NOT NULL,
  indexes TEXT NOT NULL,
  expires_at INTEGER,
  created_at INTEGER NOT NULL,
  updated_at INTEGER NOT NULL
);

CREATE TABLE IF NOT EXISTS instance (
  name TEXT PRIMARY KEY,
  value TEXT
);
