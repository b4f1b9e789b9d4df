CREATE TABLE documents (
  docid INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  doc TEXT NOT NULL
);

-- Numbers of deleted documents, the lowest of which the next new document takes.
CREATE TABLE free (
  docid INTEGER PRIMARY KEY
);

-- One JSON value for each field of `Facts`.
CREATE TABLE facts (
  name TEXT PRIMARY KEY,
  value TEXT
) WITHOUT ROWID
