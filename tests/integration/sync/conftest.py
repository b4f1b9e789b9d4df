from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import polars as pl
import pytest
from sqlalchemy.orm import Session

from scrypath.config import Config
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.wire import connect
from scrypath.queue import jobs, worker
from scrypath.queue.worker import Backoff
from scrypath.schema import SearchSchema, registry
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.sync.jobs import perform
from scrypath.vocabulary import SyncMode
from tests.support.shop import Product


@dataclass(frozen=True)
class Shop:
    """Both sides of one test, and what stands between them."""

    config: Config

    @contextmanager
    def session(self) -> Iterator[Session]:
        """A transaction that commits at its end."""
        with Session(engine(self.config), expire_on_commit=False) as session, session.begin():
            yield session

    def stock(self, count: int, *, start: int = 1, **values: Any) -> list[Product]:
        """New rows of products."""
        made = [
            Product(**({"id": number, "name": f"Product {number}"} | values))
            for number in range(start, start + count)
        ]
        with self.session() as session:
            session.add_all(made)
        return made

    def change(self, statement: Any) -> None:
        """Change rows, and tell nobody."""
        with self.session() as session:
            session.execute(statement)

    def documents(self, model: Any = Product) -> dict[str, dict[str, Any]]:
        """What the index holds, by id, once every task has ended."""
        index = self.schema(model).index_name(self.config)
        self.settle(index)
        if indexes.get(self.config, index) is None:
            return {}
        reply = connect(self.config).request(
            "GET", f"/indexes/{index}/documents", params={"limit": 1_000_000}
        )
        return {str(document["id"]): document for document in reply.json()["results"]}

    def settle(self, index: str) -> None:
        """Wait until no task of the index is unfinished."""
        found = tasks.listing(self.config, index_uids=[index], statuses=["enqueued", "processing"])
        tasks.wait_all(self.config, found.frame["uid"].to_list(), timeout=60)

    def assert_in_step(self, model: Any = Product) -> None:
        """The index holds exactly the rows, each with the row's own fingerprint."""
        schema = self.schema(model)
        projected = project_columns(schema, rows.table(IndexRef.live(schema, self.config)))
        wanted = dict(zip(projected.ids, projected.fingerprints, strict=True))
        found = {key: document["_scrypath"] for key, document in self.documents(model).items()}
        assert found == wanted

    def drain(self, performing: Callable[[Any, Config], None] = perform, **options: Any) -> None:
        """Perform jobs until none is runnable; a failed one is runnable again at once."""
        worker.run(
            self.config,
            lambda args: performing(args, self.config),
            drain=True,
            backoff=Backoff(first=0, ceiling=0),
            **options,
        )

    def jobs(self, *states: str) -> pl.DataFrame:
        """The queue's jobs, oldest first."""
        return jobs.listing(self.config, states=states or None).frame.reverse()

    def tasks(self, model: Any = Product) -> pl.DataFrame:
        """The tasks that wrote documents, oldest first."""
        index = self.schema(model).index_name(self.config)
        self.settle(index)
        types = ["documentAdditionOrUpdate", "documentDeletion"]
        return tasks.listing(self.config, index_uids=[index], types=types).frame.reverse()

    def schema(self, model: Any) -> SearchSchema:
        return registry.find(model)

    def with_options(self, **options: Any) -> Shop:
        return Shop(replace(self.config, **options))


@pytest.fixture
def shop(config: Config) -> Shop:
    return Shop(config)


@pytest.fixture
def oban_shop(shop: Shop) -> Shop:
    return shop.with_options(sync_mode=SyncMode.OBAN)
