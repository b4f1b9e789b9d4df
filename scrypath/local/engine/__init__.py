"""The embedded engine: Meilisearch 1.50's HTTP API on SQLite."""
