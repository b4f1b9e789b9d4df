"""Shelves: a table without a model, whose ids are text."""

from __future__ import annotations

import sqlalchemy as sa

from scrypath.schema import search_schema

shelves = sa.Table(
    "shelves", sa.MetaData(), sa.Column("code", sa.Text, primary_key=True), sa.Column("said", sa.Text)
)
Shelf = search_schema(shelves, name="Shelf", fields=["code", "said"])
