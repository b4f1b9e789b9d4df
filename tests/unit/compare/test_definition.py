"""A definition is the same in every process, and another one where rows or documents are."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from scrypath.compare.definition import definition
from scrypath.schema import SearchSchema
from tests.support.schemas import build

pages = sa.Table(
    "pages",
    sa.MetaData(),
    sa.Column("id", sa.Integer, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("tenant", sa.Text),
    sa.Column("words", sa.ARRAY(sa.Text)),
    sa.Column("published_at", sa.DateTime),
)
NOW = datetime(2026, 3, 1, 12, 0)


def declared(query: Callable[[Any], Any], fields: tuple[str, ...] = ("id", "title")) -> SearchSchema:
    return build(pages, {"name": "Page", "fields": list(fields), "query": query})


def published(moment: datetime) -> SearchSchema:
    return declared(lambda statement: statement.where(pages.c.published_at <= moment))


def of_tenants(*tenants: str) -> SearchSchema:
    return declared(lambda statement: statement.where(pages.c.tenant.in_(tenants)))


def test_the_order_of_a_set_is_no_other_definition() -> None:
    assert definition(of_tenants("a", "b", "c"), moments=True) == definition(
        of_tenants("c", "a", "b"), moments=True
    )


def test_another_moment_is_another_definition_only_where_moments_count() -> None:
    one, other = published(NOW), published(NOW + timedelta(seconds=3))
    assert definition(one, moments=False) == definition(other, moments=False)
    assert definition(one, moments=True) != definition(other, moments=True)


def test_the_order_of_a_list_that_is_one_value_is_another_definition() -> None:
    one, other = (
        declared(lambda statement, words=words: statement.where(pages.c.words == words))
        for words in (["a", "b"], ["b", "a"])
    )
    assert definition(one, moments=True) != definition(other, moments=True)


@pytest.mark.parametrize("moments", [True, False])
def test_other_rows_and_other_documents_are_another_definition(moments: bool) -> None:
    everything = declared(lambda statement: statement)
    others = [
        of_tenants("a"),
        of_tenants("b"),
        of_tenants("a", "b"),
        published(NOW),
        declared(lambda statement: statement, ("id", "title", "tenant")),
        declared(lambda statement: statement.where(pages.c.published_at >= NOW)),
    ]
    made = {definition(schema, moments=moments) for schema in (everything, *others)}
    assert len(made) == len(others) + 1


ANOTHER_PROCESS = """
import sqlalchemy as sa
from scrypath.compare.definition import definition
from tests.support.schemas import build

pages = sa.Table("pages", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("tenant", sa.Text))
tenants = {"ada", "bob", "cyd", "dan", "eve", "fay"}
query = lambda statement: statement.where(pages.c.tenant.in_(tenants), pages.c.tenant.not_in(frozenset(tenants)))
schema = build(pages, {"name": "Page", "fields": ["id"], "query": query})
print(*tenants)
print(definition(schema, moments=True), definition(schema, moments=False))
"""


def test_every_process_makes_the_same_definition_of_a_query_with_a_set() -> None:
    orders, made = zip(
        *(
            subprocess.run(
                [sys.executable, "-c", ANOTHER_PROCESS],
                env=os.environ | {"PYTHONHASHSEED": seed},
                check=True,
                capture_output=True,
                text=True,
            ).stdout.splitlines()
            for seed in ("1", "2", "3")
        ),
        strict=True,
    )
    assert len(set(orders)) == 3
    assert len(set(made)) == 1
