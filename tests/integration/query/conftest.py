"""Two hundred articles in a database and in an index, for tests that only search."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine
from tests.conftest import own_database
from tests.support import articles

if TYPE_CHECKING:
    from scrypath.local.stack import Stack


@pytest.fixture(scope="package")
def rows() -> list[Mapping[str, Any]]:
    """The articles, as they are in the table."""
    chance = random.Random(14)
    return [articles.row(number, chance) for number in range(1, 201)]


@pytest.fixture(scope="package")
def filled(
    stack: Stack,
    database_url: str,
    rows: list[Mapping[str, Any]],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Config]:
    """Where the articles are: in the index of the plain schema and in that of the schema with tenants."""
    for url in own_database(database_url, "template1"):
        config = Config(
            database_url=url,
            meilisearch_url=stack.meilisearch_url,
            meilisearch_key=stack.meilisearch_key,
            index_prefix=f"t{uuid4().hex[:12]}",
            home=Path(tmp_path_factory.mktemp("home")),
        )
        articles.Base.metadata.create_all(engine(config))
        with engine(config).begin() as connection:
            connection.execute(sa.insert(articles.Author), {"id": 1, "name": "Ada"})
            connection.execute(sa.insert(articles.Article), rows)
        prefix = f"{config.index_prefix}_tenanted"
        for schema in (articles.articles(), articles.tenanted(index_prefix=prefix)):
            assert scrypath.backfill(schema, config=config).document_count == len(rows)
        yield config
        _remove(config)


@pytest.fixture(scope="package")
def article() -> scrypath.SearchSchema:
    """The plain schema."""
    return articles.articles()


@pytest.fixture(scope="package")
def tenant_article(filled: Config) -> scrypath.SearchSchema:
    """The schema with tenants."""
    return articles.tenanted(index_prefix=f"{filled.index_prefix}_tenanted")


def _remove(config: Config) -> None:
    from scrypath.meilisearch import indexes

    for index in (f"{config.index_prefix}_articles", f"{config.index_prefix}_tenanted_articles"):
        if indexes.get(config, index) is not None:
            indexes.delete(config, index)
