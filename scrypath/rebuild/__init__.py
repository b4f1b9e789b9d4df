"""Filling an index from the database."""
