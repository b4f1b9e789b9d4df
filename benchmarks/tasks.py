"""Reading tasks and documents and writing documents, as ratios of one run.

Against a server of yours where SCRYPATH_TEST_MEILISEARCH_URL names one (SCRYPATH_TEST_MEILISEARCH_KEY its key), else
against the embedded engine. Everything is written into one index, which is deleted at the end.

    python benchmarks/tasks.py --tasks 100000 --documents 1000000
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import polars as pl
import pyarrow as pa
from stage.raw import raw_requests

from scrypath.config import Config
from scrypath.meilisearch import client, documents, indexes, tasks, version
from scrypath.redaction import Secret

FIELDS = ["id", "_scrypath"]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--tasks", type=int, default=10_000, help="tasks to list (default: %(default)s)")
    parser.add_argument(
        "--documents", type=int, default=100_000, help="documents to read (default: %(default)s)"
    )
    parser.add_argument(
        "--written", type=int, default=20_000, help="documents to write (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=5, help="the best of so many counts (default: %(default)s)"
    )
    options = parser.parse_args()
    with server() as config:
        index = f"bench_{uuid4().hex[:8]}"
        print(f"Meilisearch {version.server_version(config).text}, {os.cpu_count()} cores")
        try:
            bench_tasks(config, index, options.tasks, options.rounds)
            bench_writes(config, index, options.written, options.rounds)
            bench_pages(config, index, options.documents, options.rounds)
        finally:
            tasks.wait(config, indexes.delete(config, index), timeout=600)


@contextmanager
def server() -> Iterator[Config]:
    """A configuration for the server that is named, or for an engine of this run's own."""
    key = os.environ.get("SCRYPATH_TEST_MEILISEARCH_KEY")
    options: dict[str, Any] = {"meilisearch_key": Secret(key) if key else None, "task_timeout": 1_800.0}
    if url := os.environ.get("SCRYPATH_TEST_MEILISEARCH_URL"):
        yield Config(meilisearch_url=url, **options)
        return
    with tempfile.TemporaryDirectory(prefix="scry-bench-") as folder:
        ready = Path(folder, "ready")
        command = [
            sys.executable,
            "-m",
            "scrypath.local.engine",
            "--data-dir",
            folder,
            "--ready-file",
            str(ready),
        ]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        try:
            while not ready.exists():
                if process.poll() is not None:
                    raise SystemExit("The embedded engine did not start.")
                time.sleep(0.05)
            yield Config(meilisearch_url=json.loads(ready.read_text())["url"], **options)
        finally:
            process.terminate()
            process.wait()


def bench_tasks(config: Config, index: str, count: int, rounds: int) -> None:
    def write(number: int) -> int:
        # Every fiftieth fails, as in a history that someone has reason to read.
        id_ = "not an id" if number % 50 == 0 else number % 500
        sent = documents.write(
            config, index, [{"id": id_, "n": number}], primary_key="id", reference=f"scry-{number:08x}"
        )
        return sent[0].uid

    with ThreadPoolExecutor(8) as threads:
        tasks.wait(config, max(threads.map(write, range(count))))
    official = client(config)

    def by_the_client() -> None:
        found: list[Any] = []
        cursor = None
        while len(found) < count:
            parameters = {"indexUids": [index], "limit": 1_000} | ({} if cursor is None else {"from": cursor})
            page = official.get_tasks(parameters)
            found += [
                task.__dict__ | {"details": json.dumps(task.details), "error": json.dumps(task.error)}
                for task in page.results
            ]
            cursor = page.next_
            if cursor is None:
                break
        pl.DataFrame(found, infer_schema_length=None)

    def by_the_kit() -> None:
        assert tasks.listing(config, index_uids=[index], limit=count).frame.height == count

    def raw() -> None:
        # The same pages in the same order, read and thrown away.
        ask, cursor, left = raw_requests(config), "", count
        while left > 0:
            page = ask("GET", f"/tasks?indexUids={index}&limit={min(tasks.PAGE, left)}{cursor}")
            left -= tasks.PAGE
            cursor = "&from=" + page[page.rindex(b'"next":') + 7 : page.rindex(b"}")].decode()

    client_time = best(by_the_client, 2)
    kit_time, raw_time = interleaved(rounds, by_the_kit, raw)
    print(f"tasks -> frame, {count} tasks: {count / kit_time:,.0f} tasks/s")
    print(f"  {client_time / kit_time:.1f} x as fast as a loop over the official client's get_tasks (aim: 5)")
    print(f"  {raw_time / kit_time:.0%} of the speed of fetching the same bytes raw (aim: 80 %)")


def bench_pages(config: Config, index: str, count: int, rounds: int) -> None:
    rows = (
        {"id": n, "name": f"name {n}", "_scrypath": f"{n * 0x9E3779B97F4A7C15 % 2**96:024x}"}
        for n in range(count)
    )
    sent = documents.write(config, index, rows, primary_key="id")
    tasks.wait_all(config, [task.uid for task in sent])

    def by_the_kit() -> None:
        read = [documents.columns(page, FIELDS) for page in documents.pages(config, index, fields=FIELDS)]
        assert pa.concat_tables(read).num_rows >= count

    def raw(ahead: int) -> Callable[[], None]:
        def fetch() -> None:
            # As many connections as the kit uses, each with every n-th page.
            def some(first: int) -> None:
                ask = raw_requests(config)
                for offset in range(first * config.page_size, count, ahead * config.page_size):
                    wanted = {"fields": FIELDS, "offset": offset, "limit": config.page_size}
                    ask("POST", f"/indexes/{index}/documents/fetch", orjson.dumps(wanted))

            with ThreadPoolExecutor(ahead) as threads:
                list(threads.map(some, range(ahead)))

        return fetch

    kit_time, one_time, two_time = interleaved(rounds, by_the_kit, raw(1), raw(2))
    print(f"ids and fingerprints -> Arrow, {count} documents: {count / kit_time:,.0f} documents/s")
    print(f"  {one_time / kit_time:.0%} of the speed of fetching the same bytes raw over one connection")
    print(f"  {two_time / kit_time:.0%} of the speed of fetching them raw over two")


def bench_writes(config: Config, index: str, count: int, rounds: int) -> None:
    rows = [{"id": n, "name": f"name {n}", "country": "CH", "population": n * 7} for n in range(count)]
    official = client(config).index(index)
    payloads = [payload for payload, _ in documents.batches(rows, config.batch_size, config.payload_limit)]

    def drained(send: Callable[[], object]) -> float:
        # Sending is measured, indexing is not: the queue is empty before each round.
        began = time.perf_counter()
        send()
        took = time.perf_counter() - began
        tasks.wait(config, int(tasks.listing(config, index_uids=[index], limit=1).frame.item(0, "uid")))
        return took

    def raw() -> None:
        ask = raw_requests(config)
        for payload in payloads:
            ask("POST", f"/indexes/{index}/documents?primaryKey=id", payload, "application/x-ndjson")

    kit_time, ready_time, raw_time, client_time = (
        min(times)
        for times in zip(
            *(
                (
                    drained(lambda: documents.write(config, index, rows, primary_key="id")),
                    drained(
                        lambda: [documents.write_payload(config, index, payload) for payload in payloads]
                    ),
                    drained(raw),
                    drained(lambda: official.add_documents_in_batches(rows, config.batch_size, "id")),
                )
                for _ in range(rounds)
            ),
            strict=True,
        )
    )
    print(
        f"writing, {count} documents in batches of {config.batch_size}: {count / kit_time:,.0f} documents/s"
    )
    print(f"  {raw_time / kit_time:.0%} of the speed of posting the same NDJSON raw, encoding included")
    print(f"  {raw_time / ready_time:.0%} of it with payloads that are ready (aim: 90 %)")
    print(
        f"  {client_time / kit_time:.1f} x as fast as the official client's add_documents_in_batches (aim: 2)"
    )


def best(run: Callable[[], object], rounds: int) -> float:
    return interleaved(rounds, run)[0]


def interleaved(rounds: int, *runs: Callable[[], object]) -> list[float]:
    """The best time of each, taken in turns so that a busy minute hits all of them."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for took, run in zip(times, runs, strict=True):
            began = time.perf_counter()
            run()
            took.append(time.perf_counter() - began)
    return [min(took) for took in times]


if __name__ == "__main__":
    main()
