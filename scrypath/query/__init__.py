"""Searching on the common path: declared fields only, hydrated from the database on request."""
