"""A queue of one-row jobs performed by one worker, as jobs a second, beside posting the same documents without a queue.

    python benchmarks/jobs.py --jobs 10000 --home /var/tmp/bench

The worker is a process of its own. What stands beside it: the same documents posted one by one with the official
client, each waited for by the server only once, at the end; and the same documents as one NDJSON, posted raw.
Services of yours are used where they are named, see ``stage``.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import orjson
import psycopg
import stage
from stage import Side
from stage.raw import raw_requests

from scrypath.config import Config
from scrypath.database import conninfo
from scrypath.local.catalogue import City
from scrypath.meilisearch import client, tasks
from scrypath.queue.args import WORKER, JobArgs
from scrypath.queue.enqueue import enqueue_now
from scrypath.queue.install import install
from scrypath.redaction import Secret
from scrypath.schema import registry
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows as source
from scrypath.source.selection import Part
from scrypath.vocabulary import Operation

ONE_BY_ONE = 500  # documents posted one by one, at most: the rate is what is compared


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=10_000, help="one-row jobs (default: %(default)s)")
    parser.add_argument(
        "--rounds", type=int, default=3, help="the best of so many counts (default: %(default)s)"
    )
    parser.add_argument("--singles", type=int, default=50, help="jobs by themselves (default: %(default)s)")
    parser.add_argument("--home", type=Path, help="folder that keeps what was loaded for the next run")
    parser.add_argument("--worker", nargs=4, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker is not None:
        _work(*options.worker)
        return
    with (
        stage.services(options.home) as base,
        stage.side(base, options.jobs, kept=options.home is not None) as made,
    ):
        install(made.config)
        ids = [
            str(item)
            for item in source.random_ids(IndexRef.live(registry.find(City), made.config), made.rows)
        ]
        queue = max(_drained(made, ids) for _ in range(options.rounds))
        print(f"queue: {options.jobs:,} one-row jobs, {queue:,.0f} a second")
        single = _single(made, ids[: options.singles])
        print(f"one job by itself, from its commit to its acknowledgement: median {single * 1_000:.1f} ms")
        one = max(_one_by_one(made, ids[:ONE_BY_ONE]) for _ in range(options.rounds))
        print(
            f"posted one by one with the official client: {one:,.0f} a second; the queue is {queue / one:.1f} ×"
        )
        raw = max(_raw(made, ids) for _ in range(options.rounds))
        print(f"posted raw as one NDJSON: {raw:,.0f} a second; the queue is {queue / raw:.2f} ×")


def _drained(made: Side, ids: list[str]) -> float:
    """Jobs a second, from the worker's first fetch to its last acknowledgement."""
    with psycopg.connect(conninfo(made.config), autocommit=True) as connection:
        connection.execute("TRUNCATE oban_jobs")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO oban_jobs (args, max_attempts, queue, worker) VALUES (%s, 20, %s, %s)",
                [(_job(made, item).to_json(), made.config.oban_queue, WORKER) for item in ids],
            )
        connection.execute("VACUUM ANALYZE oban_jobs")
        with _worker(made.config) as process:
            _until(connection, "SELECT count(*) FROM oban_jobs WHERE state = 'completed'", len(ids), process)
        row = connection.execute(
            "SELECT extract(epoch FROM max(completed_at) - min(attempted_at))::float FROM oban_jobs"
        ).fetchone()
    assert row is not None, "an aggregate has a row"
    return len(ids) / float(row[0])


def _single(made: Side, ids: list[str]) -> float:
    """Seconds from the commit of a job to its acknowledgement, while nothing else is to do."""
    with (
        psycopg.connect(conninfo(made.config), autocommit=True) as connection,
        _worker(made.config) as process,
    ):
        connection.execute("TRUNCATE oban_jobs")
        _until(connection, "SELECT count(*) FROM oban_producers", 1, process)
        for number, item in enumerate(ids, start=1):
            enqueue_now(made.config, _job(made, item))
            _until(connection, "SELECT count(*) FROM oban_jobs WHERE state = 'completed'", number, process)
        taken = connection.execute(
            "SELECT extract(epoch FROM completed_at - inserted_at)::float FROM oban_jobs ORDER BY id"
        ).fetchall()
    return statistics.median(float(seconds) for (seconds,) in taken)


def _one_by_one(made: Side, ids: list[str]) -> float:
    documents = [orjson.loads(line) for line in _lines(made, ids)]
    index = client(made.config).index(made.index)
    began = time.perf_counter()
    sent = [index.add_documents([document]).task_uid for document in documents]
    tasks.wait_all(made.config, sent)
    return len(documents) / (time.perf_counter() - began)


def _raw(made: Side, ids: list[str]) -> float:
    body = "".join(f"{line}\n" for line in _lines(made, ids)).encode()
    ask = raw_requests(made.config)
    began = time.perf_counter()
    answer = orjson.loads(ask("POST", f"/indexes/{made.index}/documents", body, "application/x-ndjson"))
    tasks.wait(made.config, answer["taskUid"])
    return len(ids) / (time.perf_counter() - began)


def _lines(made: Side, ids: list[str]) -> list[str]:
    ref = IndexRef.live(registry.find(City), made.config)
    return project_columns(ref.schema, source.table(ref, Part(ids=ids))).lines


def _job(made: Side, item: str) -> JobArgs:
    return JobArgs(
        operation=Operation.UPSERT, schema=registry.find(City).name, index=made.index, document_ids=(item,)
    )


@contextmanager
def _worker(config: Config) -> Iterator[subprocess.Popen[bytes]]:
    key = config.meilisearch_key.reveal() if config.meilisearch_key is not None else ""
    where = [conninfo(config), config.need_meilisearch_url().base, config.index_prefix, str(config.home)]
    process = subprocess.Popen([sys.executable, __file__, "--worker", *where], stdin=subprocess.PIPE)
    assert process.stdin is not None, "it was asked for"
    process.stdin.write(key.encode())
    process.stdin.close()
    try:
        yield process
    finally:
        process.terminate()
        process.wait()


def _work(database_url: str, meilisearch_url: str, prefix: str, home: str) -> None:
    from scrypath.sync.jobs import run_worker

    key = sys.stdin.read()
    run_worker(
        Config(
            schemas=("scrypath.local.catalogue:City",),
            database_url=database_url,
            meilisearch_url=meilisearch_url,
            meilisearch_key=Secret(key) if key else None,
            index_prefix=prefix,
            home=Path(home),
        )
    )


def _until(
    connection: psycopg.Connection, question: str, least: int, process: subprocess.Popen[bytes]
) -> None:
    deadline = time.monotonic() + 600
    while (connection.execute(question).fetchone() or (0,))[0] < least:
        if process.poll() is not None or time.monotonic() > deadline:
            raise SystemExit("The worker ended, or did not get through.")
        time.sleep(0.005)


if __name__ == "__main__":
    main()
