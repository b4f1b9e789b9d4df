CREATE TABLE IF NOT EXISTS search_fields (
    fid INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
);

-- One row per document and searchable field: rowid = docid << 16 | fid.
-- `body` holds the words already tokenised, one space between them.
CREATE VIRTUAL TABLE IF NOT EXISTS search_text USING fts5 (
    body,
    columnsize = 0,
    tokenize = "ascii tokenchars '!""#$%&''()*+,-./:;<=>?@[\]^_`{|}~'"
);

CREATE VIRTUAL TABLE IF NOT EXISTS search_vocabulary USING fts5vocab (search_text, row);

CREATE TABLE IF NOT EXISTS facet_numbers (
    fid INTEGER NOT NULL,
    value REAL NOT NULL,
    docid INTEGER NOT NULL,
    PRIMARY KEY (fid, value, docid)
) WITHOUT ROWID;

CREATE TABLE IF NOT EXISTS facet_strings (
    fid INTEGER NOT NULL,
    value TEXT NOT NULL,
    docid INTEGER NOT NULL,
    original TEXT NOT NULL,
    PRIMARY KEY (fid, value, docid)
) WITHOUT ROWID;

-- What a field without a value is: 0 present (an object or a list of objects), 1 null, 2 empty; 3 an empty text.
CREATE TABLE IF NOT EXISTS facet_marks (
    fid INTEGER NOT NULL,
    mark INTEGER NOT NULL,
    docid INTEGER NOT NULL,
    PRIMARY KEY (fid, mark, docid)
) WITHOUT ROWID;

-- `version` changes whenever words come or go.
CREATE TABLE IF NOT EXISTS search_state (
    name TEXT PRIMARY KEY,
    value TEXT NOT NULL
) WITHOUT ROWID;
