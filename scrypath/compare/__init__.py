"""Rows against documents: full, incremental, sampled, on an executor; what differs, confirmed by id."""
