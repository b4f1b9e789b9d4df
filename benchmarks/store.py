"""The memory of one machine, as ratios of one run: what an operation costs beside DuckDB alone, and as the file grows.

python benchmarks/store.py --writes 500 --documents 1000000
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from scrypath.config import Config
from scrypath.frames import DOCUMENTS
from scrypath.memory import ledger, publish, snapshots
from scrypath.memory.ledger import SentWork
from scrypath.vocabulary import Operation, SyncMode

DRIFT = DOCUMENTS.rows([{"document_id": str(number), "drift": "stale"} for number in range(5)])
BATCH = 5_000  # documents in one request
WRITER = """
import sys
sys.path.insert(0, sys.argv[1])
from pathlib import Path
from store import Config, save
for _ in range(int(sys.argv[3])):
    save(Config(store=Path(sys.argv[2]), store_timeout=120))
"""


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=100, help="the median of so many (default: %(default)s)"
    )
    parser.add_argument(
        "--writes", type=int, default=500, help="snapshots that each writer saves (default: %(default)s)"
    )
    parser.add_argument(
        "--documents", type=int, default=1_000_000, help="documents of a backfill (default: %(default)s)"
    )
    parser.add_argument(
        "--publications", type=int, default=200, help="files to read back (default: %(default)s)"
    )
    options = parser.parse_args()
    print(f"DuckDB {duckdb.__version__}, {os.cpu_count()} cores")
    with tempfile.TemporaryDirectory(prefix="scrypath-") as folder:
        config = Config(home=Path(folder, "one"))
        bench_operations(config, options.rounds)
        bench_growth(config, options.documents, options.rounds)
        bench_writers(Path(folder), options.writes)
        bench_publications(Path(folder), options.publications)


def bench_operations(config: Config, rounds: int) -> None:
    reference = send(config)
    raw_path = config.home / "raw.duckdb"
    with duckdb.connect(raw_path) as connection:
        connection.execute("CREATE TABLE t (id BIGINT, sent_at TIMESTAMPTZ)")

    def raw() -> None:
        with duckdb.connect(raw_path) as connection:
            connection.execute("INSERT INTO t VALUES (1, now())")

    alone, *times = interleaved(
        rounds,
        raw,
        lambda: save(config),
        lambda: snapshots.listing(config),
        lambda: send(config),
        lambda: ledger.acknowledge(config, reference, 7),
        lambda: ledger.lookup(config, [reference]),
    )
    print(f"one row into a file with DuckDB alone, opened and closed: {alone * 1000:.1f} ms")
    names = ("save a snapshot", "list snapshots", "record a request", "acknowledge it", "look it up")
    for name, took in zip(names, times, strict=True):
        print(f"  {name}: {took * 1000:.1f} ms, {took / alone:.2f} x that")


def bench_growth(config: Config, count: int, rounds: int) -> None:
    [before] = interleaved(rounds, lambda: send(config))
    began = time.perf_counter()
    for start in range(0, count, BATCH):
        send(config, [str(number * 7919) for number in range(start, start + BATCH)])
    each = (time.perf_counter() - began) / (count / BATCH)
    [after] = interleaved(rounds, lambda: send(config))
    print(f"a backfill of {count} documents in requests of {BATCH}: {each * 1000:.0f} ms to record each")
    print(f"  record a request afterwards: {after * 1000:.1f} ms, {after / before:.1f} x as long as before")


def bench_writers(folder: Path, count: int) -> None:
    alone, together = (
        running(folder / f"{name}.duckdb", writers, writes)
        for name, writers, writes in (("alone", 1, 2 * count), ("together", 2, count))
    )
    stored = snapshots.listing(Config(store=folder / "together.duckdb")).height
    print(f"two processes save {count} snapshots each: {together:.1f} s, {stored} stored")
    print(f"  {together / alone:.2f} x the time that one process takes for all of them")


def bench_publications(folder: Path, count: int) -> None:
    config, team = Config(home=folder / "one"), folder / "team"
    for _ in range(count):
        save(config)
        publish.publish(config, team)
    here = snapshots.listing(config)["snapshot_id"][0]
    times = interleaved(
        5,
        lambda: snapshots.listing(config),
        lambda: snapshots.listing(config, url=team),
        lambda: snapshots.documents(config, here, url=team),
        lambda: publish.publish(replace(config, store_timeout=60), team),
    )
    listed, *read = times
    print(
        f"{count} publications in a local folder, beside listing this machine's memory ({listed * 1000:.1f} ms)"
    )
    for name, took in zip(
        ("list all", "documents of one snapshot", "publish nothing new"), read, strict=True
    ):
        print(f"  {name}: {took * 1000:.0f} ms, {took / listed:.0f} x that")


def save(config: Config) -> str:
    record = snapshots.SnapshotRecord(
        schema="City", index="city", taken_at=datetime.now(UTC), documents_compared=True, stale=5
    )
    return snapshots.save(config, record, DRIFT)


def send(config: Config, ids: list[str] | None = None) -> str:
    carried = ids or ["1"]
    work = SentWork(
        reference=ledger.new_reference(),
        schema="City",
        index="city",
        operation=Operation.UPSERT,
        mode=SyncMode.INLINE,
        document_ids=carried,
        document_count=len(carried),
        sent_at=datetime.now(UTC),
    )
    ledger.record(config, [work])
    return work.reference


def running(path: Path, writers: int, count: int) -> float:
    """Seconds that so many processes take to save so many snapshots each, their starts included."""
    arguments = [sys.executable, "-c", WRITER, str(Path(__file__).parent), str(path), str(count)]
    began = time.perf_counter()
    for process in [subprocess.Popen(arguments) for _ in range(writers)]:
        if process.wait():
            raise SystemExit("A writer failed.")
    return time.perf_counter() - began


def interleaved(rounds: int, *runs: Callable[[], object]) -> list[float]:
    """The median time of each, taken in turns so that a busy minute hits all of them."""
    times: list[list[float]] = [[] for _ in runs]
    for _ in range(rounds):
        for took, run in zip(times, runs, strict=True):
            began = time.perf_counter()
            run()
            took.append(time.perf_counter() - began)
    return [statistics.median(took) for took in times]


if __name__ == "__main__":
    main()
