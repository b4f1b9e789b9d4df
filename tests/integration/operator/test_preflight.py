"""Before the first question: what can be reached is told apart from what cannot, each with a next step."""

from __future__ import annotations

from dataclasses import replace

import pytest

import scrypath
from scrypath.config import Config
from scrypath.frames import CHECKS
from scrypath.meilisearch.indexes import GONE
from scrypath.schema.registry import SearchSchema
from scrypath.vocabulary import SyncMode

pytestmark = pytest.mark.integration


def checks(config: Config, *schemas: str) -> dict[str, tuple[bool | None, str, str | None]]:
    frame = CHECKS.check(scrypath.preflight(*schemas, config=config))
    return {name: (ok, detail, hint) for name, ok, detail, hint in frame.iter_rows()}


@pytest.mark.usefixtures("products")
def test_everything_can_be_reached(config: Config) -> None:
    found = checks(replace(config, sync_mode=SyncMode.OBAN), "Product")
    assert all(ok is True for ok, _, _ in found.values()), found
    assert found["server"][1].startswith("Meilisearch ")
    assert found["database: products"][1].endswith(" rows")
    index = next(name for name in found if name.startswith("index: "))
    assert found[index][1].endswith(" documents")


def test_an_index_that_is_not_there_says_how_to_make_it(config: Config) -> None:
    found = checks(config, "Brand")
    assert found["queue"][0] is None  # not checked is not fine
    index = next(name for name in found if name.startswith("index: "))
    assert found[index] == (False, GONE, "backfill('Brand') creates and fills it.")


def test_one_service_that_is_not_there_does_not_hide_the_others(config: Config) -> None:
    found = checks(replace(config, database_url="postgresql://nobody@127.0.0.1:1/none"), "Product")
    assert found["server"][0] is True
    assert found["database: products"][0] is False
    assert found["database: products"][2]


def test_without_a_schema_the_services_are_checked_all_the_same(
    config: Config, own_registry: dict[str, SearchSchema]
) -> None:
    found = checks(replace(config, schemas=()))
    assert found["server"][0] is True
    assert found["schemas"][:2] == (False, "No schema is known.")
    assert "SCRYPATH_SCHEMAS" in (found["schemas"][2] or "")
