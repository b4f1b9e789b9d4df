"""A definition is the same in every process, and another one where rows or documents are."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from scrypath.compare.read_job import definition
from scrypath.schema import SearchSchema
from scrypath.schema.validation import build

pages = sa.Table(
    "pages",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("tenant", sa.Text),
    sa.Column("published_at", sa.DateTime),
)
NOW = datetime(2026, 3, 1, 12, 0)


def declared(query: Callable[[Any], Any], fields: tuple[str, ...] = ("id", "title")) -> SearchSchema:
    return build(pages, {"name": "Page", "fields": list(fields), "query": query})


def published(moment: datetime) -> SearchSchema:
    return declared(lambda statement: statement.where(pages.c.published_at <= moment))


def of_tenants(*tenants: str) -> SearchSchema:
    return declared(lambda statement: statement.where(pages.c.tenant.in_(tenants)))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (published(NOW), published(NOW + timedelta(seconds=3))),
        (of_tenants("a", "b", "c"), of_tenants("c", "a", "b")),
    ],
    ids=["the moment of asking", "the order of a set"],
)
def test_what_differs_between_two_processes_alone_is_no_other_definition(
    one: SearchSchema, other: SearchSchema
) -> None:
    assert definition(one) == definition(other)


def test_other_rows_and_other_documents_are_another_definition() -> None:
    everything = declared(lambda statement: statement)
    others = [
        of_tenants("a"),
        of_tenants("b"),
        of_tenants("a", "b"),
        published(NOW),
        declared(lambda statement: statement, ("id", "title", "tenant")),
        declared(lambda statement: statement.where(pages.c.published_at >= NOW)),
    ]
    assert len({definition(schema) for schema in (everything, *others)}) == len(others) + 1
