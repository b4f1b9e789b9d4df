"""Products in the database and in the index, ready to be brought out of step."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine
from scrypath.vocabulary import SyncMode
from tests.support.relay import Relay, relaying
from tests.support.shop import Product


@pytest.fixture
def oban(config: Config) -> Config:
    """The same configuration in oban mode: the queue is read."""
    return replace(config, sync_mode=SyncMode.OBAN)


@pytest.fixture
def sql(config: Config) -> Callable[..., None]:
    """Run a statement behind the kit's back."""

    def run(statement: str, **parameters: Any) -> None:
        with engine(config).begin() as connection:
            connection.execute(sa.text(statement), parameters)

    return run


@pytest.fixture
def relay(config: Config) -> Iterator[Relay]:
    """What stands between ``relayed`` and the search server."""
    assert config.meilisearch_url is not None
    with relaying(config.meilisearch_url) as relay:
        yield relay


@pytest.fixture
def relayed(config: Config, relay: Relay) -> Config:
    """The same configuration, with a relay before the search server."""
    return replace(config, meilisearch_url=relay.url)


@pytest.fixture
def products(config: Config, sql: Callable[..., None]) -> list[str]:
    """Ids of twenty products that are in step."""
    with engine(config).begin() as connection:
        connection.execute(
            sa.insert(Product),
            [{"id": n, "name": f"Product {n}", "stock": n} for n in range(1, 21)],
        )
    assert scrypath.backfill("Product", config=config).document_count == 20
    return [str(n) for n in range(1, 21)]
