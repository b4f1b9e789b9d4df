from __future__ import annotations

import asyncio
import json
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import psycopg
import pytest

from scrypath.config import Config
from scrypath.errors import BackendRejected, InvalidOptions, NotRetryable, TaskFailed, TransportError
from scrypath.queue import jobs, retry, worker
from scrypath.queue.args import ANCESTORS, JobArgs
from scrypath.queue.connection import conninfo
from scrypath.queue.enqueue import enqueue_now
from scrypath.redaction import Secret
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration

SCRIPT = Path(__file__).parents[2] / "support" / "slow_worker.py"


def add(config: Config, *ids: str) -> int:
    args = JobArgs(operation=Operation.UPSERT, schema="City", index="cities", document_ids=ids)
    return enqueue_now(config, args).job_id


def until(condition: Callable[[], object], seconds: float = 30) -> None:
    ends, pause = time.monotonic() + seconds, threading.Event()
    while not condition():
        assert time.monotonic() < ends, "waited too long"
        pause.wait(0.02)


def states(config: Config) -> list[str]:
    return jobs.listing(config).frame.sort("job_id")["state"].to_list()


class Processes:
    """Worker processes of one test, and the notes they leave."""

    def __init__(self, config: Config, folder: Path) -> None:
        self.url, self.folder = str(config.database_url), folder
        self.running: list[subprocess.Popen[bytes]] = []

    def start(self, **options: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-X", "dev", "-W", "error", str(SCRIPT), self.url, str(self.folder)]
        process = subprocess.Popen([*command, json.dumps(options)])
        self.running.append(process)
        return process

    def notes(self, kind: str) -> list[str]:
        return sorted(note.name.split(".")[1] for note in self.folder.glob(f"{kind}.*"))

    def open_gate(self) -> None:
        (self.folder / "gate").touch()


@pytest.fixture
def processes(config: Config, tmp_path: Path) -> Iterator[Processes]:
    found = Processes(config, tmp_path)
    yield found
    for process in found.running:
        process.kill()
        process.wait()


class Background:
    """A worker in a thread of this process."""

    def __init__(self, config: Config, perform: Callable[[JobArgs], None], **options: Any) -> None:
        self.stop, self.failures = threading.Event(), list[BaseException]()

        def body() -> None:
            try:
                worker.run(config, perform, stop=self.stop, **options)
            except BaseException as error:
                self.failures.append(error)

        self.thread = threading.Thread(target=body)

    def __enter__(self) -> Self:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self.thread.join()
        assert self.failures == []


def test_draining_performs_everything_and_returns(config: Config) -> None:
    for number in range(20):
        add(config, str(number))
    done: list[str] = []
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert sorted(done, key=int) == [str(number) for number in range(20)]
    assert set(states(config)) == {"completed"}
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert len(done) == 20


def test_a_job_that_is_committed_while_the_worker_waits_is_performed_at_once(config: Config) -> None:
    done = threading.Event()
    with (
        Background(config, lambda _: done.set(), poll=60),
        psycopg.connect(conninfo(config), autocommit=True) as connection,
    ):
        listening = (
            "SELECT 1 FROM pg_stat_activity WHERE query LIKE 'LISTEN%' AND datname = current_database()"
        )
        until(lambda: connection.execute(listening).fetchone())
        until(lambda: connection.execute("SELECT 1 FROM oban_producers").fetchone())
        add(config, "1")
        assert done.wait(10)
    assert states(config) == ["completed"]


def test_jobs_run_side_by_side_up_to_the_limit(config: Config) -> None:
    for number in range(4):
        add(config, str(number))
    both = threading.Barrier(2, timeout=20)
    worker.run(config, lambda _: both.wait() and None, limit=2, drain=True)
    assert set(states(config)) == {"completed"}


def test_a_failure_is_retried_after_its_backoff_and_then_discarded(config: Config) -> None:
    config = replace(config, oban_max_attempts=3)
    add(config, "1")
    calls: list[str] = []

    def perform(args: JobArgs) -> None:
        calls.append(args.schema)
        raise TransportError("the server is down")

    worker.run(config, perform, drain=True, backoff=worker.Backoff(first=3600))
    row = jobs.listing(config).frame.row(0, named=True)
    assert (row["state"], row["attempt"], len(calls)) == ("retryable", 1, 1)
    assert 3590 < (row["scheduled_at"] - row["failed_at"]).total_seconds() < 3600 * 1.2
    retry.retry(config, row["job_id"])
    worker.run(config, perform, drain=True, backoff=worker.Backoff(first=0))
    until(lambda: worker.run(config, perform, drain=True) or states(config) == ["discarded"])
    row = jobs.listing(config).frame.row(0, named=True)
    assert (row["attempt"], row["error_type"], row["error"]) == (3, "TransportError", "the server is down")
    assert len(calls) == 3


@pytest.mark.parametrize("error", [NotRetryable("the row is invalid"), InvalidOptions("the row is invalid")])
def test_what_can_never_work_is_cancelled_at_once(config: Config, error: Exception) -> None:
    add(config, "1")

    def perform(_: JobArgs) -> None:
        raise error

    worker.run(config, perform, drain=True)
    row = jobs.listing(config).frame.row(0, named=True)
    assert (row["state"], row["error_type"], row["error"]) == (
        "cancelled",
        type(error).__name__,
        "the row is invalid",
    )


def test_malformed_args_are_cancelled_with_their_reason(config: Config) -> None:
    job = add(config, "1")
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("""UPDATE oban_jobs SET args = args - 'schema'""")
    worker.run(config, lambda _: pytest.fail("performed"), drain=True)
    row = jobs.listing(config, ids=[job]).frame.row(0, named=True)
    assert (row["state"], row["error_type"], row["error"], row["malformed"]) == (
        "cancelled",
        "MalformedArgs",
        "schema is missing",
        "schema is missing",
    )


@pytest.mark.parametrize("kind", [TaskFailed, BackendRejected])
@pytest.mark.parametrize(
    ("code", "error_type", "state"),
    [
        ("invalid_document_id", "invalid_request", "cancelled"),
        ("index_not_found", "invalid_request", "retryable"),
        ("vector_embedding_error", "invalid_request", "retryable"),
        ("internal", "internal", "retryable"),
        ("invalid_api_key", "auth", "retryable"),
        ("code_of_tomorrow", "type_of_tomorrow", "retryable"),
    ],
)
def test_the_code_of_a_meilisearch_error_survives_the_job_and_decides_on_another_attempt(
    config: Config, kind: type[TaskFailed], code: str, error_type: str, state: str
) -> None:
    add(config, "1")

    def perform(_: JobArgs) -> None:
        raise kind("bad id.\n1:2 x", error_code=code, error_type=error_type)

    worker.run(config, perform, drain=True)
    row = jobs.listing(config).frame.row(0, named=True)
    names = ("state", "attempt", "error_type", "error", "error_code", "backend_error_type")
    assert [row[name] for name in names] == [state, 1, kind.__name__, "bad id.\n1:2 x", code, error_type]


def test_no_secret_of_an_error_reaches_the_table(config: Config) -> None:
    config = replace(config, meilisearch_key=Secret("masterKey9"))
    add(config, "1")

    def perform(_: JobArgs) -> None:
        try:
            raise ValueError("postgresql://shop:hunter2@db/shop")
        except ValueError as error:
            raise RuntimeError("sent masterKey9") from error

    worker.run(config, perform, drain=True)
    with psycopg.connect(conninfo(config)) as connection:
        (kept,) = connection.execute("SELECT errors::text || args || meta FROM oban_jobs").fetchone() or ("",)
    assert "RuntimeError: sent ********" in kept
    assert "hunter2" not in kept
    assert "masterKey9" not in kept


def test_a_job_that_wants_to_exit_is_a_failed_job(config: Config) -> None:
    add(config, "1")
    worker.run(config, lambda _: sys.exit("enough"), drain=True)
    assert jobs.listing(config).frame["error"].to_list() == ["the job raised SystemExit: enough"]


def test_an_elixir_deployments_jobs_are_performed(config: Config) -> None:
    for name in ANCESTORS:
        job = add(config, name)
        with psycopg.connect(conninfo(config)) as connection:
            connection.execute("UPDATE oban_jobs SET worker = %s WHERE id = %s", [name, job])
    done: list[str] = []
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert sorted(done) == sorted(ANCESTORS)


def test_a_notebooks_running_loop_is_no_obstacle(config: Config) -> None:
    add(config, "1")
    done: list[str] = []

    async def cell() -> None:
        worker.run(config, lambda args: done.extend(args.document_ids), drain=True)

    asyncio.run(cell())
    assert done == ["1"]


def test_ended_sync_jobs_are_pruned_and_nobody_elses(config: Config) -> None:
    add(config, "old")
    worker.run(config, lambda _: None, drain=True)
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("UPDATE oban_jobs SET completed_at = completed_at - interval '25 hours'")
        connection.execute(
            "INSERT INTO oban_jobs (worker, queue, state, completed_at)"
            " VALUES ('shop.Mail', 'scrypath', 'completed', '2020-01-01')"
        )
    add(config, "new")
    worker.run(config, lambda _: None, drain=True, keep=None)
    assert len(states(config)) == 2
    worker.run(config, lambda _: None, drain=True)
    assert jobs.listing(config).frame["document_ids"].to_list() == [["new"]]
    with psycopg.connect(conninfo(config)) as connection:
        assert connection.execute("SELECT count(*) FROM oban_jobs").fetchall() == [(2,)]


def test_another_hosts_long_job_is_not_taken_for_an_orphan(config: Config) -> None:
    add(config, "1")
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute(
            "UPDATE oban_jobs SET state = 'executing', attempted_by = ARRAY['web-1.77', 'some-uuid'],"
            " attempt = 1, attempted_at = now() - interval '1 day'"
        )
    worker.run(config, lambda _: None, drain=True)
    assert states(config) == ["executing"]


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_the_running_job_end_and_takes_no_other(
    config: Config, processes: Processes, number: signal.Signals
) -> None:
    process = processes.start(limit=1)
    add(config, "1")
    until(lambda: processes.notes("started") == ["1"])
    add(config, "2")
    process.send_signal(number)
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        stopping = "SELECT 1 FROM oban_producers WHERE meta ? 'shutdown_started_at'"
        until(lambda: connection.execute(stopping).fetchone())
    processes.open_gate()
    assert process.wait(30) == 0
    assert states(config) == ["completed", "available"]
    assert processes.notes("down")


def test_a_job_that_outlasts_the_grace_period_goes_back_to_the_queue(
    config: Config, processes: Processes
) -> None:
    process = processes.start(grace=0.2)
    add(config, "1")
    until(lambda: processes.notes("started") == ["1"])
    process.terminate()
    assert process.wait(30) == 0
    assert states(config) == ["available"]
    assert processes.notes("ended") == []


def test_a_worker_killed_in_the_middle_of_a_job_leaves_it_to_the_next_start(
    config: Config, processes: Processes
) -> None:
    dice = random.Random(5)
    for round_ in range(5):
        process = processes.start(limit=50)
        expected = [str(round_ * 10 + number) for number in range(dice.randint(1, 3))]
        for name in expected:
            add(config, name)
        until(lambda names=expected: set(names) <= set(processes.notes("started")))
        process.kill()
        process.wait()
    assert "executing" in states(config)
    done: list[str] = []
    began = time.monotonic()
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert time.monotonic() - began < 10
    assert set(states(config)) == {"completed"}
    assert set(done) == set(processes.notes("started"))
    with psycopg.connect(conninfo(config)) as connection:
        assert connection.execute("SELECT count(*) FROM oban_producers").fetchall() == [(0,)]
        rescued = connection.execute("SELECT errors ->> 0 FROM oban_jobs WHERE meta ? 'rescued'").fetchall()
    assert rescued
    assert all("WorkerDied: the worker scrypath@" in text for (text,) in rescued)


def test_a_living_worker_takes_over_from_one_that_was_killed(config: Config, processes: Processes) -> None:
    first = processes.start(limit=1)
    add(config, "1")
    until(lambda: processes.notes("started") == ["1"])
    processes.start(rescue_every=0.2)
    until(lambda: len(processes.notes("up")) == 2)
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        until(lambda: connection.execute("SELECT count(*) FROM oban_producers").fetchall() == [(2,)])
    assert len(list(processes.folder.glob("started.1.*"))) == 1, "the first worker lives: its job is its own"
    first.kill()
    until(lambda: len(list(processes.folder.glob("started.1.*"))) == 2)
    processes.open_gate()
    until(lambda: states(config) == ["completed"])


def test_a_job_that_kills_its_worker_every_time_is_discarded_with_the_reason(
    config: Config, processes: Processes
) -> None:
    config = replace(config, oban_max_attempts=1)
    add(config, "1")
    process = processes.start()
    until(lambda: processes.notes("started") == ["1"])
    process.kill()
    process.wait()
    worker.run(config, lambda _: pytest.fail("performed"), drain=True)
    row = jobs.listing(config).frame.row(0, named=True)
    assert (row["state"], row["error_type"]) == ("discarded", "WorkerDied")
    assert "ended in the middle of attempt 1" in row["error"]


def test_a_worker_survives_the_loss_of_all_its_connections(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    done: list[str] = []
    locked = (
        "SELECT pid FROM pg_locks JOIN pg_database ON pg_database.oid = database"
        " WHERE locktype = 'advisory' AND datname = current_database()"
    )
    with (
        Background(config, lambda args: done.extend(args.document_ids), poll=0.1, rescue_every=0.1),
        psycopg.connect(conninfo(config), autocommit=True) as connection,
    ):
        add(config, "1")
        until(lambda: done == ["1"])
        before = connection.execute(locked).fetchall()
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        until(lambda: connection.execute(locked).fetchall() not in ([], before))
        add(config, "2")
        until(lambda: done == ["1", "2"])
        until(lambda: set(states(config)) == {"completed"})
    assert "no running event loop" not in caplog.text
