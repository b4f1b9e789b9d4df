"""No search leaves its tenant, however it is put together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, SchemaError
from scrypath.source.engine import engine
from tests.support import articles

pytestmark = pytest.mark.integration
NEEDS = "needs a filter by its tenant field 'tenant'"

WITHOUT: list[Mapping[str, Any] | None] = [
    None,
    {},
    {"stars": 1},
    {"tenant": None},
    {"tenant": ""},
    {"tenant": {"ne": "bolt"}},
    {"tenant": {"gte": ""}} and {"tenant": {"gte": "a"}},
    {"tenant": {"exists": True}},
    {"tenant": {"is_null": False}},
    {"tenant": {"in_": ["acme", None]}},
    {"or_": [{"tenant": "acme"}, {"stars": 1}]},
    {"or_": [{"tenant": "acme"}]},
    {"not_": {"tenant": "bolt"}},
    {"and_": [{"or_": [{"tenant": "acme"}]}]},
]


@pytest.mark.parametrize("given", WITHOUT, ids=str)
def test_a_search_without_a_tenant_is_refused(
    given: Mapping[str, Any] | None, filled: Config, tenant_article: scrypath.SearchSchema
) -> None:
    with pytest.raises(InvalidOptions, match=NEEDS) as caught:
        scrypath.search(tenant_article, filter=given, config=filled)
    assert "eq and in_" in caught.value.hint
    with pytest.raises(InvalidOptions, match=NEEDS):
        scrypath.search_facet_values(tenant_article, "tags", filter=given, config=filled)
    with pytest.raises(InvalidOptions, match=NEEDS):
        scrypath.search_within_facet(tenant_article, "", ("tags", "new"), filter=given, config=filled)


@pytest.mark.parametrize("given", [{"tenant": []}, {"tenant": {"in_": []}}], ids=str)
def test_an_empty_list_is_no_tenant(
    given: Mapping[str, Any], filled: Config, tenant_article: scrypath.SearchSchema
) -> None:
    with pytest.raises(InvalidOptions):
        scrypath.search(tenant_article, filter=given, config=filled)


@pytest.mark.parametrize(
    "given",
    [
        {"tenant": "acme"},
        {"tenant": {"in_": ["acme"]}},
        {"and_": [{"tenant": "acme"}, {"stars": {"gte": 1}}]},
    ],
)
def test_a_search_sees_its_tenant_only(
    given: Mapping[str, Any],
    filled: Config,
    tenant_article: scrypath.SearchSchema,
    rows: list[Mapping[str, Any]],
) -> None:
    found = scrypath.search(
        tenant_article,
        filter=given,
        facet_filter={"published": True},
        facets=["published"],
        size=500,
        config=filled,
    )
    assert {document["tenant"] for document in found.documents} == {"acme"}
    least = 1 if "and_" in given else None
    of_acme = [
        row for row in rows if row["tenant"] == "acme" and (least is None or (row["stars"] or 0) >= least)
    ]
    assert found.facets["count"].sum() == len(of_acme)  # also where the facet's own filter is left out
    counted = scrypath.search_facet_values(tenant_article, "tags", filter=given, config=filled).frame
    rare = counted.filter(pl.col("value") == "rare")["count"].item()
    assert rare == sum("rare" in row["tags"] for row in of_acme)


def test_tenants_that_the_server_cannot_tell_apart_are_not_mixed(
    filled: Config, tenant_article: scrypath.SearchSchema
) -> None:
    with engine(filled).begin() as connection:
        connection.execute(
            sa.insert(articles.Article), {"id": 9_001, "title": "x", "tenant": "ACME", "hidden": False}
        )
    try:
        with engine(filled).connect() as connection:
            row = connection.execute(sa.text("SELECT id FROM articles WHERE id = 9001")).scalar_one()
        from sqlalchemy.orm import Session

        with Session(engine(filled)) as session:
            scrypath.sync_record(tenant_article, session.get(articles.Article, row), config=filled)
        with pytest.raises(SchemaError, match="differs from the one asked for by case"):
            scrypath.search(tenant_article, filter={"tenant": "acme"}, size=500, config=filled)
    finally:
        scrypath.delete_document(tenant_article, 9_001, config=filled)
        with engine(filled).begin() as connection:
            connection.execute(sa.text("DELETE FROM articles WHERE id = 9001"))
