"""Jobs that wait together become one piece of work; each is acknowledged by its own outcome."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from typing import Any, Self

import psycopg
import pytest

from scrypath.config import Config
from scrypath.errors import TaskFailed, TransportError
from scrypath.queue import gathering, jobs, retry, worker
from scrypath.queue.args import JobArgs
from scrypath.queue.connection import conninfo
from scrypath.queue.enqueue import enqueue_now
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration
POISON = TaskFailed(
    "Document 'bad' is refused.", error_code="invalid_document_id", error_type="invalid_request"
)


def add(config: Config, *ids: str, index: str = "cities", operation: Operation = Operation.UPSERT) -> int:
    fan_out = "all" if operation is Operation.FAN_OUT else None
    args = JobArgs(operation=operation, schema="City", index=index, document_ids=ids, fan_out=fan_out)
    return enqueue_now(config, args).job_id


def table(config: Config) -> list[dict[str, Any]]:
    return jobs.listing(config).frame.sort("job_id").to_dicts()


class Calls:
    """What a worker was asked to do, and by whom it is kept waiting."""

    def __init__(self) -> None:
        self.alone: list[str] = []
        self.together: list[list[str]] = []
        self.gates: dict[str, threading.Event] = {}
        self.error: Exception | None = POISON

    def perform(self, args: JobArgs) -> None:
        self.alone.extend(args.document_ids)
        self._wait(args)
        if "bad" in args.document_ids and self.error is not None:
            raise self.error

    def perform_together(self, several: Sequence[JobArgs]) -> None:
        ids = [item for args in several for item in args.document_ids]
        self.together.append(ids)
        self._wait(several[0])
        if "bad" in ids and self.error is not None:
            raise self.error

    def _wait(self, args: JobArgs) -> None:
        if (gate := self.gates.get(args.index or "")) is not None:
            assert gate.wait(60)


class Background:
    """A worker in a thread of this process."""

    def __init__(self, config: Config, calls: Calls, **options: Any) -> None:
        self.stop = threading.Event()
        options |= {"stop": self.stop, "together": calls.perform_together, "poll": 0.1}
        self.thread = threading.Thread(target=worker.run, args=(config, calls.perform), kwargs=options)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()


def until(condition: Callable[[], object]) -> None:
    ends, pause = time.monotonic() + 60, threading.Event()
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        pause.wait(0.02)


def drain(config: Config, calls: Calls, **options: Any) -> None:
    worker.run(config, calls.perform, together=calls.perform_together, drain=True, **options)


def test_jobs_that_wait_together_are_one_piece_of_work(config: Config) -> None:
    for number in range(30):
        add(config, str(number))
    calls = Calls()
    drain(config, calls)
    assert (calls.alone, [sorted(piece, key=int) for piece in calls.together]) == (
        [],
        [[str(number) for number in range(30)]],
    )
    assert {(row["state"], row["attempt"]) for row in table(config)} == {("completed", 1)}


def test_a_piece_of_work_has_a_limit_of_documents(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(gathering, "TOGETHER", 10)
    for number in range(10):
        add(config, *(f"{number}-{part}" for part in range(3)))
    calls = Calls()
    drain(config, calls)
    assert [len(piece) for piece in calls.together] == [9, 9, 9]
    assert len(calls.alone) == 3


def test_one_job_with_poison_is_cancelled_by_name_and_the_others_lose_no_attempt(config: Config) -> None:
    for number in range(40):
        add(config, "bad" if number == 17 else str(number))
    calls = Calls()
    drain(config, calls)
    rows = table(config)
    assert {row["document_ids"][0]: row["state"] for row in rows if row["state"] != "completed"} == {
        "bad": "cancelled"
    }
    assert {row["attempt"] for row in rows} == {1}
    (poison,) = [row for row in rows if row["state"] == "cancelled"]
    assert (poison["error"], poison["error_code"]) == ("Document 'bad' is refused.", "invalid_document_id")
    assert len(calls.together) <= 12


def test_what_is_the_fault_of_no_job_is_not_looked_for_among_them(config: Config) -> None:
    for number in range(10):
        add(config, "bad" if number == 3 else str(number))
    calls = Calls()
    calls.error = TransportError("the server is down")
    drain(config, calls, backoff=worker.Backoff(first=3600))
    assert (len(calls.together), calls.alone) == (1, [])
    assert {(row["state"], row["attempt"]) for row in table(config)} == {("retryable", 1)}


def test_jobs_past_their_first_attempt_and_fan_outs_are_performed_by_themselves(config: Config) -> None:
    failed = [add(config, name) for name in ("bad", "worse")]
    calls = Calls()
    calls.error = TransportError("the server is down")
    drain(config, calls, backoff=worker.Backoff(first=3600))
    for job in failed:
        retry.retry(config, job)
    for number in range(3):
        add(config, str(number))
    add(config, "f1", operation=Operation.FAN_OUT)
    add(config, "f2", operation=Operation.FAN_OUT)
    calls = Calls()
    calls.error = None
    drain(config, calls)
    assert sorted(calls.alone) == ["bad", "f1", "f2", "worse"]
    assert [sorted(piece) for piece in calls.together] == [["0", "1", "2"]]
    assert {row["state"] for row in table(config)} == {"completed"}


def test_an_index_that_does_not_move_keeps_no_other_waiting(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.queue.fetching.HELD", 5)
    monkeypatch.setattr(gathering, "HELD", 5)
    monkeypatch.setattr(gathering, "TOGETHER", 3)
    for number in range(40):
        add(config, f"c{number}")
    add(config, "last", index="countries")
    calls = Calls()
    calls.gates["cities"] = threading.Event()
    with Background(config, calls, limit=2):
        until(lambda: "last" in calls.alone)
        until(lambda: table(config)[-1]["state"] == "completed")
        states = [row["state"] for row in table(config)]
        assert "completed" not in states[:-1]
        assert "available" in states, "it took more than it can begin with"
        calls.gates["cities"].set()
        until(lambda: {row["state"] for row in table(config)} == {"completed"})


def test_what_a_stopped_worker_has_not_begun_goes_back_without_an_attempt(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gathering, "TOGETHER", 2)
    for number in range(6):
        add(config, str(number))
    calls = Calls()
    calls.gates["cities"] = threading.Event()
    with Background(config, calls, limit=1) as running:
        until(lambda: calls.together)
        running.stop.set()
        with psycopg.connect(conninfo(config), autocommit=True) as connection:
            stopping = "SELECT 1 FROM oban_producers WHERE meta ? 'shutdown_started_at'"
            until(lambda: connection.execute(stopping).fetchone())
        calls.gates["cities"].set()
    rows = table(config)
    assert sum(row["state"] == "completed" for row in rows) == 2
    assert {row["attempt"] for row in rows if row["state"] != "completed"} == {0}
    assert all(row["error"] is None for row in rows)
    drain(config, calls)
    assert {(row["state"], row["attempt"]) for row in table(config)} == {("completed", 1)}


def test_another_oban_in_this_process_takes_its_jobs_as_before(config: Config) -> None:
    import asyncio

    from oban import Oban
    from oban.worker import register_worker
    from psycopg_pool import AsyncConnectionPool

    class Mail:
        async def process(self, job: Any) -> None:
            pass

    register_worker(Mail)
    name = f"{Mail.__module__}.{Mail.__qualname__}"
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("INSERT INTO oban_jobs (worker, queue) VALUES (%s, 'mail')", [name])

    async def run() -> None:
        pool = AsyncConnectionPool(conninfo(config), min_size=1, max_size=2, open=False)
        await pool.open()
        async with Oban(pool=pool, queues={"mail": 1}, leadership=False):
            with psycopg.connect(conninfo(config), autocommit=True) as connection:
                deadline = time.monotonic() + 30
                while not connection.execute("SELECT 1 FROM oban_jobs WHERE state = 'completed'").fetchone():
                    assert time.monotonic() < deadline
                    await asyncio.sleep(0.05)
        await pool.close()

    asyncio.run(run())
