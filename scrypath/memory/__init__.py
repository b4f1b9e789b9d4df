"""What one machine remembers, in one DuckDB file: snapshots, failed work, sent work, and the audit of actions.

The file is opened for each operation and closed after it, so that kernels, workers and the command line share it.

===================== ==========================================================================
table                 one row per
===================== ==========================================================================
``layout``            version of the layout that was applied to the file
``requests``          request that Scrypath sent to Meilisearch
``request_documents`` document that a request carried
``failures``          failed unit of work ever seen; the server forgets them, this table does not
``snapshots``         stored reconcile report
``snapshot_documents`` document that was not in step in a snapshot
``audit``             action, once before it and once after it
===================== ==========================================================================

The tables, and the views over them, may be queried with any DuckDB client; every table and column carries a comment
(``SELECT * FROM duckdb_columns()``). A newer Scrypath migrates the file of an older one when it first opens it.
"""
