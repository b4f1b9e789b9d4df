"""Search in the embedded engine: an index per field value and word, filters, ranking, facets."""
