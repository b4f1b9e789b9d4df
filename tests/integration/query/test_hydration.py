"""The rows behind hits: one query, the order of the hits, and what is gone or says something else."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

import scrypath
from scrypath.config import Config
from scrypath.errors import DatabaseError, InvalidOptions
from scrypath.query.hydration import hydrate, hydrate_async
from scrypath.source.engine import engine
from tests.support.articles import Article
from tests.support.shop import Product

pytestmark = pytest.mark.integration


@contextmanager
def statements(config: Config) -> Iterator[list[str]]:
    """The statements that the database gets."""
    seen: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen.append(statement)

    sa.event.listen(engine(config), "before_cursor_execute", note)
    yield seen
    sa.event.remove(engine(config), "before_cursor_execute", note)


def test_records_come_in_one_query_in_the_order_of_the_hits(
    filled: Config, article: scrypath.SearchSchema
) -> None:
    with statements(filled) as seen, Session(engine(filled)) as session:
        found = scrypath.search(article, sort=["title:desc"], size=150, session=session, config=filled)
        assert [str(record.id) for record in found.records] == list(found.ids)
        assert len(seen) == 1
        assert all(document["id"] == record.id for document, record in found.pairs())
    assert found.missing_ids == ()


def test_loader_options_are_the_callers(filled: Config, article: scrypath.SearchSchema) -> None:
    with statements(filled) as seen, Session(engine(filled)) as session:
        found = scrypath.search(
            article, size=50, session=session, options=[selectinload(Article.author)], config=filled
        )
        assert {record.author.name for record in found.records} == {"Ada"}
    assert len(seen) == 2


def test_a_hit_without_a_row_is_shown_and_named(config: Config) -> None:
    with engine(config).begin() as connection:
        connection.execute(
            sa.insert(Product),
            [{"id": n, "name": f"Lamp {n}", "hidden": False, "stock": n} for n in range(1, 6)],
        )
    scrypath.backfill("Product", config=config)
    with engine(config).begin() as connection:
        connection.execute(sa.text("DELETE FROM products WHERE id = 2"))
        connection.execute(sa.text("UPDATE products SET hidden = true WHERE id = 3"))
        connection.execute(sa.text("UPDATE products SET stock = 40 WHERE id = 4"))
    with Session(engine(config)) as session:
        found = scrypath.search("Product", "lamp", session=session, check=True, config=config)
        assert [record.id for record in found.records] == [1, 4, 5]
    assert (found.missing_ids, found.stale_ids, found.unknown_ids) == (("2", "3"), ("4",), ())
    assert [None if record is None else record.id for _, record in found.pairs()] == [1, None, None, 4, 5]
    for shown in (repr(found), found._repr_html_()):
        assert "the row is gone: 2, 3" in shown
        assert "says something else: 4" in shown


def test_a_document_that_others_wrote_is_compared_by_its_content(
    config: Config, eventually: Callable[..., None]
) -> None:
    from scrypath.meilisearch import documents, tasks

    with engine(config).begin() as connection:
        connection.execute(sa.insert(Product), [{"id": n, "name": f"Lamp {n}"} for n in (1, 2)])
    scrypath.backfill("Product", config=config)
    index = f"{config.index_prefix}_products"
    plain = {"price": 1.0, "stock": 0, "brand_id": None}
    foreign = [{"id": 1, "name": "Lamp 1", **plain}, {"id": 2, "name": "Lamp two", **plain}]
    sent = documents.write(config, index, foreign)
    eventually(lambda: tasks.get(config, sent[0].uid).status == "succeeded")
    with Session(engine(config)) as session:
        found = scrypath.search("Product", "lamp", session=session, check=True, config=config)
    assert found.stale_ids == ("2",)


def test_an_asynchronous_session_hydrates_too(filled: Config, article: scrypath.SearchSchema) -> None:
    from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine

    found = scrypath.search(article, size=5, config=filled)

    async def read() -> scrypath.SearchResult:
        url = sa.make_url(str(filled.database_url)).set(drivername="postgresql+psycopg")
        away = create_async_engine(url)
        try:
            async with AsyncSession(away) as session:
                with pytest.raises(InvalidOptions, match="asynchronous session") as caught:
                    hydrate(found, session, config=filled)  # type: ignore[arg-type]
                assert "hydrate_async" in caught.value.hint
                return await hydrate_async(found, session, check=True, config=filled)
        finally:
            await away.dispose()

    read_back = asyncio.run(read())
    assert [str(record.id) for record in read_back.records] == list(found.ids)
    assert read_back.stale_ids == ()


def test_what_is_no_session_is_refused(filled: Config, article: scrypath.SearchSchema) -> None:
    with pytest.raises(InvalidOptions, match="session is a str"):
        scrypath.search(article, session="mine", config=filled)  # type: ignore[arg-type]
    with pytest.raises(InvalidOptions, match="check is about the hits' rows"):
        scrypath.search(article, check=True, config=filled)
    with Session(sa.create_engine("postgresql+psycopg://nobody@127.0.0.1:9/none")) as session:
        found = scrypath.search(article, size=1, config=filled)
        with pytest.raises(DatabaseError):
            hydrate(found, session, config=filled)
