"""Index names are unique as they are resolved under the configuration in force."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from scrypath.config import Config
from scrypath.errors import SchemaError
from scrypath.schema import SearchSchema, registry, search_schema
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.verbs import sync_record

pytestmark = pytest.mark.usefixtures("own_registry")

PRODUCTION = Config(index_prefix="production", meilisearch_url="http://localhost:1")
BOTH = r"Archived \(table archive\.stock\) and Stock \(table stock\) would share the index '{}'\."


def declared(table: str, name: str, schema: str | None = None, **options: Any) -> SearchSchema:
    made = sa.Table(table, sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), schema=schema)
    return search_schema(made, name=name, fields=["id"], **options)


USES: list[Callable[[SearchSchema, Config], Any]] = [
    lambda schema, config: IndexRef.find(schema.name, config),
    lambda schema, config: registry.by_index(config),
    lambda schema, config: sync_record(schema, {"id": 1}, config=config),
]


@pytest.mark.parametrize("use", USES)
def test_a_prefix_of_the_schema_and_the_same_of_the_configuration(use: Callable[[Any, Config], Any]) -> None:
    shared = declared("stock", "Stock", index_prefix="production")
    other = declared("stock", "Archived", "archive")
    for schema in (shared, other):
        with pytest.raises(SchemaError, match=BOTH.format("production_stock")) as refused:
            use(schema, PRODUCTION)
        assert "index_prefix=" in str(refused.value.hint)
    assert IndexRef.live(other, Config(index_prefix="staging")).uid == "staging_stock"


def test_two_schemas_of_a_database_with_one_name_are_refused_when_they_are_declared() -> None:
    declared("stock", "Stock")
    with pytest.raises(SchemaError, match=BOTH.format("stock")):
        declared("stock", "Archived", "archive")
    assert registry.names() == ("Stock",)
    assert declared("stock", "Archived", "archive", index_prefix="old").name == "Archived"


def test_a_prefix_that_ends_as_the_other_begins() -> None:
    first = declared("b_stock", "Archived", "archive", index_prefix="a")
    declared("stock", "Stock", index_prefix="a_b")
    with pytest.raises(SchemaError, match="would share the index 'a_b_stock'"):
        IndexRef.live(first, Config())


@pytest.mark.parametrize("suffix", ["__reindex", "__rollback"])
@pytest.mark.parametrize("first", ["stock", "suffixed"])
def test_an_index_of_a_rebuild_is_no_index_of_another_schema(suffix: str, first: str) -> None:
    said = (
        rf"Archived \(table stock{suffix}\) would share the index '\w*stock{suffix}' "
        r"with a rebuild of Stock \(table stock\)\."
    )
    tables = {"stock": ("stock", "Stock"), "suffixed": (f"stock{suffix}", "Archived")}
    second = next(name for name in tables if name != first)
    declared(*tables[first])
    with pytest.raises(SchemaError, match=said):
        declared(*tables[second])
    declared(*tables[second], index_prefix="production")
    for name in ("Stock", "Archived"):
        with pytest.raises(SchemaError, match=said):
            IndexRef.find(name, PRODUCTION)
    assert IndexRef.find("Stock", Config(index_prefix="staging")).uid.endswith("_stock")


def test_two_declarations_over_one_table_are_two_schemas() -> None:
    table = sa.Table("stock", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
    search_schema(table, name="Stock", fields=["id"])
    search_schema(table, name="Stock", fields=["id"])
    with pytest.raises(SchemaError, match="would share the index 'stock'"):
        search_schema(table, name="Other", fields=["id"])
