"""kill -9 of the worker in the middle of a job, and of the server in the middle of a task: nothing is lost."""

from __future__ import annotations

import os
import random
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import sqlalchemy as sa

from scrypath.config import Config
from scrypath.errors import TransportError
from scrypath.local import server
from scrypath.local.state import Kept
from scrypath.meilisearch import tasks
from scrypath.sync.verbs import delete_documents, sync_records
from scrypath.vocabulary import SyncMode
from tests.integration.sync.conftest import Shop
from tests.support import crashing_worker
from tests.support.shop import Product

pytestmark = [pytest.mark.integration, pytest.mark.slow]
ROUNDS = 20


@dataclass
class Server:
    """A search server of this test's own, on one port for all its lives."""

    home: Path
    kept: Kept = field(init=False)

    def __post_init__(self) -> None:
        (self.home / "logs").mkdir(parents=True)
        self.kept = server.start(self.home)
        server.wait(self.home, self.kept)

    def kill(self) -> None:
        assert self.kept.process is not None
        os.kill(self.kept.process.pid, signal.SIGKILL)
        deadline = time.monotonic() + 10
        while self.kept.alive:
            assert time.monotonic() < deadline
            time.sleep(0.01)

    def start_again(self) -> None:
        before = self.kept
        self.kept = server.start(self.home, before)
        server.wait(self.home, self.kept)
        assert self.kept.url == before.url


@pytest.fixture
def own_server() -> Iterator[Server]:
    home = Path(tempfile.mkdtemp(prefix="scry-"))
    made = Server(home)
    yield made
    if made.kept.process is not None:
        server.stop(made.kept.process)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def crash_shop(config: Config, own_server: Server) -> Shop:
    return Shop(
        replace(
            config,
            meilisearch_url=own_server.kept.url,
            meilisearch_key=server.key(own_server.home),
            sync_mode=SyncMode.OBAN,
            oban_max_attempts=10_000,
            connect_timeout=2.0,
            batch_size=40,
        )
    )


def disturb(shop: Shop, rng: random.Random) -> None:
    """Change, delete and insert rows, with jobs in the same transactions."""
    for _ in range(6):
        ids = rng.sample(range(1, 301), rng.randint(5, 60))
        with shop.session() as session:
            match rng.choice(["change", "delete", "insert"]):
                case "change":
                    session.execute(
                        sa.update(Product).where(Product.id.in_(ids)).values(stock=rng.randint(1, 10**6))
                    )
                    sync_records("Product", ids, session=session, config=shop.config)
                case "delete":
                    session.execute(sa.delete(Product).where(Product.id.in_(ids)))
                    delete_documents("Product", ids, session=session, config=shop.config)
                case "insert":
                    for number in ids:
                        session.merge(Product(id=number, name=f"Product {rng.random()}"))
                    session.flush()
                    sync_records("Product", ids, session=session, config=shop.config)


def in_the_middle(condition: Callable[[], bool], rng: random.Random) -> bool:
    """Wait for the moment, or for it to have passed; then a moment more, another one in every round."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.002)
    time.sleep(rng.uniform(0, 0.04))
    return True


def executing(shop: Shop) -> bool:
    states = shop.jobs()["state"].to_list()
    return "executing" in states or "available" not in states


def processing(shop: Shop) -> bool:
    if not tasks.listing(shop.config, statuses=["enqueued", "processing"], limit=1).frame.is_empty():
        return True
    return "available" not in shop.jobs()["state"].to_list()


def finish(shop: Shop) -> None:
    """Drain until every job has ended: one that a dead worker held comes back first."""
    deadline = time.monotonic() + 60
    while set(shop.jobs()["state"]) - {"completed"}:
        assert time.monotonic() < deadline, shop.jobs()
        shop.drain()


@pytest.mark.timeout(900)
@pytest.mark.parametrize("victim", ["worker", "server"])
def test_after_every_crash_the_index_equals_the_database(
    crash_shop: Shop, own_server: Server, victim: str
) -> None:
    caught = 0
    for seed in range(ROUNDS):
        rng = random.Random(f"{victim} {seed}")
        disturb(crash_shop, rng)
        worker = crashing_worker.start(crash_shop.config)
        try:
            if victim == "worker":
                in_the_middle(lambda: executing(crash_shop), rng)
                worker.kill()
            else:
                in_the_middle(lambda: processing(crash_shop), rng)
                own_server.kill()
                with pytest.raises(TransportError):
                    tasks.listing(crash_shop.config, limit=1)
                own_server.start_again()
        finally:
            worker.kill()
            worker.join(10)
            worker.close()
        caught += bool(set(crash_shop.jobs()["state"]) - {"completed"})
        finish(crash_shop)
        crash_shop.assert_in_step()
    assert caught >= ROUNDS // 2, f"only {caught} of {ROUNDS} crashes hit unfinished work"
