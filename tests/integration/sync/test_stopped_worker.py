"""A worker whose process is stopped keeps nobody waiting, and writes nothing as if it still had its jobs."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
import sqlalchemy as sa

from scrypath.schema.index_ref import IndexRef
from scrypath.sync import convergence
from scrypath.sync.convergence import converge
from scrypath.sync.verbs import sync_records
from scrypath.vocabulary import SyncMode
from tests.integration.sync.conftest import Shop
from tests.support import crashing_worker
from tests.support.relay import Relay, relaying
from tests.support.scripted_server import Asked
from tests.support.shop import Product

pytestmark = pytest.mark.integration


@pytest.fixture
def relay(oban_shop: Shop) -> Iterator[Relay]:
    with relaying(oban_shop.config.need_meilisearch_url().base) as relay:
        yield relay


def test_a_stopped_worker_keeps_nobody_waiting_and_overwrites_nothing(
    oban_shop: Shop, relay: Relay, eventually: Callable[..., None]
) -> None:
    oban_shop.stock(12)
    sync_records("Product", [1], config=oban_shop.config)
    stopped = crashing_worker.start(replace(oban_shop.config, meilisearch_url=relay.url), silent_after=2.0)
    pid = stopped.pid
    assert pid is not None
    held: list[bool] = []

    def stop(asked: Asked) -> None:
        if asked.path.endswith("/documents") and not held:
            held.append(True)
            os.kill(pid, signal.SIGSTOP)

    relay.before = stop
    helper = None
    try:
        eventually(lambda: bool(held))
        # Its document is on its way: the row is another by now, and eleven more jobs wait.
        oban_shop.change(sa.update(Product).values(name="newer"))
        for number in range(2, 13):
            sync_records("Product", [number], config=oban_shop.config)
        helper = crashing_worker.start(oban_shop.config, silent_after=2.0)
        eventually(lambda: oban_shop.jobs("completed").height == 12, within=60.0)
        (first,) = [job for job in oban_shop.jobs().to_dicts() if job["document_ids"] == ["1"]]
        assert first["attempt"] == 2
        assert first["error_type"] == "WorkerSilent"
        os.kill(pid, signal.SIGCONT)
        sync_records("Product", [1], config=oban_shop.config)
        eventually(lambda: oban_shop.jobs("completed").height == 13, within=60.0)
        eventually(lambda: oban_shop.documents()["1"]["name"] == "newer")
        (again,) = [job for job in oban_shop.jobs().to_dicts() if job["job_id"] == first["job_id"]]
        assert (again["attempt"], again["completed_at"]) == (2, first["completed_at"])
    finally:
        for process in (stopped, helper):
            if process is not None:
                process.kill()
                process.join()
    oban_shop.assert_in_step()


def test_what_was_read_before_a_stop_is_read_again_before_it_is_sent(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    shop.stock(1)
    now = [100.0]
    monkeypatch.setattr(convergence, "monotonic", lambda: now[0])
    monkeypatch.setattr("scrypath.sync.fence.monotonic", lambda: now[0])
    prepare = convergence.sending.prepare
    stops: list[bool] = []

    def stopped_meanwhile(*given: object, **options: object) -> object:
        if not stops:
            stops.append(True)
            shop.change(sa.update(Product).values(name="newer"))
            now[0] += convergence.SUSPENDED + 1
        return prepare(*given, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(convergence.sending, "prepare", stopped_meanwhile)
    done = converge(IndexRef.live(shop.schema(Product), shop.config), ["1"], mode=SyncMode.MANUAL)
    assert (len(done.sent), done.in_flight) == (1, ())
    shop.assert_in_step()
