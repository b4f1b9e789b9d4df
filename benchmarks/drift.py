"""Comparing, bringing up to date and filling an index of a million cities, as ratios of one run.

Every figure stands beside what it is measured against, taken in turns in the same run: the same streams fetched raw, a
plain script, the official client. Each contestant is a process of its own, and its greatest memory is the process's.

    python benchmarks/drift.py --rows 1000000 --home /var/tmp/bench

``--home`` keeps what was loaded for the next run. Services of yours are used where they are named, see ``stage``.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import stage
from stage import Side
from stage.raw import raw_requests

from scrypath.config import Config, resolve
from scrypath.database import conninfo
from scrypath.local.catalogue import City
from scrypath.meilisearch import client, indexes, tasks, version
from scrypath.schema import FINGERPRINT_FIELD, registry
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_versions, rows, selection
from scrypath.source.selection import Part

CITIES = 234_908
FIELDS = ["id", FINGERPRINT_FIELD]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to compare (default: %(default)s)")
    parser.add_argument(
        "--written", type=int, default=100_000, help="rows to backfill (default: %(default)s)"
    )
    parser.add_argument(
        "--rounds", type=int, default=3, help="the best of so many counts (default: %(default)s)"
    )
    parser.add_argument("--home", type=Path, help="folder that keeps what was loaded for the next run")
    parser.add_argument(
        "--only", choices=["compare", "backfill"], help="leave the other half out (default: neither)"
    )
    parser.add_argument("--contestant", choices=sorted(CONTESTANTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.contestant:
        serve(CONTESTANTS[options.contestant])
        return
    with stage.services(options.home) as base:
        print(f"Meilisearch {version.server_version(base).text}, {os.cpu_count()} cores", flush=True)
        if options.only != "backfill":
            bench_sizes(base, options.rows, options.rounds, kept=options.home is not None)
        if options.only != "compare":
            bench_backfill(base, options.written, options.rounds, kept=options.home is not None)


def bench_sizes(base: Config, most: int, rounds: int, *, kept: bool) -> None:
    sizes = sorted({max(100, most // 100), max(100, most // 10), min(CITIES, most), most})
    figures = []
    for size in sizes:
        with stage.side(base, size, kept=kept) as side:
            if size == most:
                bench_incremental(side, rounds)
            stage.drift(side)
            try:
                figures.append(bench_comparison(side, rounds, whole=size == most))
            finally:
                stage.restore(side)
    print("growth of the full comparison")
    for size, seconds, peak in zip(sizes, *zip(*figures, strict=True), strict=True):
        print(f"  {size:>9,} rows: {seconds:6.2f} s, {seconds / size * 1e6:5.1f} µs a row, peak {peak} MB")


def bench_comparison(side: Side, rounds: int, *, whole: bool) -> tuple[float, int]:
    with contestants(side, "kit", "raw") as (kit, raw):
        kits, raws = [], []
        for _ in range(rounds):
            kits.append(kit())
            raws.append(raw())
    best, raw_time = min(found["compared"] for found in kits), min(found["seconds"] for found in raws)
    peak = max(found["peak"] for found in kits)
    print(f"full comparison, {side.rows:,} rows, 1 % missing, stale and orphan each: {best:.2f} s")
    print(f"  {kits[0]['found']}")
    print(f"  {best / raw_time:.2f} x the time of fetching the same two streams raw (aim: 1.3)")
    print(f"  peak memory {peak} MB (aim: {'500' if side.rows > CITIES else '400'})")
    took = min(found["seconds"] for found in kits)
    print(f"  {took:.2f} s as a whole report, with status, failed work, contract and snapshot", flush=True)
    if whole:
        with contestants(side, "script") as (script,):
            plain = script()
        assert plain["found"] == kits[0]["found"], (plain, kits[0])
        print(
            f"  {plain['seconds'] / best:.1f} x as fast as a plain script with the official client and Python "
            f"sets, measured whole: {plain['seconds']:.1f} s, {plain['peak']} MB (aim: 10)",
            flush=True,
        )
    return best, peak


def bench_incremental(side: Side, rounds: int) -> None:
    with contestants(side, "kit", "incremental", "updated_at") as (kit, incremental, updated_at):
        full = [kit() for _ in range(rounds)]
        updated_at()  # whose memory is its own, and which has nothing to start from yet
        changed = stage.every(side, 1_000)
        stage.change(side, changed)
        exact = [incremental() for _ in range(rounds)]
        stage.date(side, changed)
        trusting = [updated_at() for _ in range(rounds)]
    stage.restore(side)
    whole = min(found["seconds"] for found in full)
    print(f"incremental, {len(changed):,} of {side.rows:,} rows changed by raw SQL; full: {whole:.3f} s")
    for name, found, aim in (("row_versions", exact, 10), ("updated_at", trusting, 20)):
        assert all(one["found"]["stale"] == len(changed) for one in found), found
        assert all(one["basis"] == name for one in found), found
        took = min(one["seconds"] for one in found)
        print(
            f"  by {name}: {took:.3f} s as a whole report, {whole / took:.1f} x as fast (aim: {aim})",
            flush=True,
        )


def bench_backfill(base: Config, count: int, rounds: int, *, kept: bool) -> None:
    with ExitStack() as stack:
        side = stack.enter_context(stage.side(base, count, kept=kept))
        target = Side(count, resolve(side.config, index_prefix=f"bench_{uuid4().hex[:8]}"))
        names = ("backfill", "post", "batches", "by_hand")
        posting = dict(zip(names, stack.enter_context(contestants(target, *names)), strict=True))
        sent, done = dict.fromkeys(names, float("inf")), dict.fromkeys(names, float("inf"))
        for _ in range(rounds):
            for name, contestant in posting.items():
                stage.emptied(target)  # the same work for each: documents that are there already cost less
                began = time.perf_counter()
                found = contestant()
                tasks.wait(base, newest(base, target.index))
                sent[name] = min(sent[name], found["seconds"])
                done[name] = min(done[name], found["seconds"] + time.perf_counter() - began - found["whole"])
        tasks.wait(base, indexes.delete(base, target.index))
    kit = sent["backfill"]
    print(f"backfill, {count:,} rows in batches of {base.batch_size:,}: {count / kit:,.0f} documents/s sent")
    print(
        f"  {sent['by_hand'] / kit:.1f} x as fast as a script that reads the rows as dictionaries and sends them with "
        f"add_documents_in_batches (aim: 2)"
    )
    print(
        f"  {sent['batches'] / kit:.1f} x as fast as add_documents_in_batches alone, of ready-made dictionaries"
    )
    print(f"  {sent['post'] / kit:.0%} of the speed of posting the same NDJSON raw, ready-made")
    kit = done["backfill"]
    print(
        f"  until everything is searchable, {kit:.1f} s: {done['post'] / kit:.0%} of the speed of raw (aim: 90 %), "
        f"{done['by_hand'] / kit:.2f} x as fast as the script"
    )


def newest(config: Config, index: str) -> int:
    return int(tasks.listing(config, index_uids=[index], limit=1).frame.item(0, "uid"))


# The contestants, each in a process of its own.


def contest_kit(config: Config) -> dict[str, Any]:
    return _reported(config, incremental=False)


def contest_incremental(config: Config) -> dict[str, Any]:
    return _reported(config)


def contest_updated_at(config: Config) -> dict[str, Any]:
    """As on a database whose versions of rows say nothing, with a memory of its own."""
    row_versions.observed = lambda *_: row_versions.Observed(problem="There are none.")
    return _reported(replace(config, store=config.home / "updated_at.duckdb"), incremental=True)


def _reported(config: Config, **how: bool) -> dict[str, Any]:
    from scrypath.operator.report.api import reconcile_sync

    report = reconcile_sync(City, config=config, **how)
    counts = dict(report.document_counts.iter_rows())
    return {
        "compared": report.duration.total_seconds(),
        "basis": report.basis,
        "found": {kind: counts[kind] for kind in ("missing", "orphan", "stale")},
    }


def contest_raw(config: Config) -> dict[str, Any]:
    """Both streams, in parallel and thrown away: rows as ADBC hands them over, pages over two connections."""
    from adbc_driver_postgresql import dbapi

    schema = registry.find(City)
    index = schema.index_name(config)
    total = indexes.stats(config, index).number_of_documents

    def table() -> int:
        with dbapi.connect(conninfo(config)) as connection, connection.cursor() as cursor:
            cursor.execute(selection.literal(selection.columns(schema, Part())))
            return sum(batch.num_rows for batch in cursor.fetch_record_batch())

    def pages(first: int) -> None:
        ask = raw_requests(config)
        for offset in range(first * config.page_size, total, 2 * config.page_size):
            wanted = {"fields": FIELDS, "offset": offset, "limit": config.page_size}
            ask("POST", f"/indexes/{index}/documents/fetch", orjson.dumps(wanted))

    with ThreadPoolExecutor(3) as threads:
        sides = [threads.submit(table), threads.submit(pages, 0), threads.submit(pages, 1)]
        for side in sides:
            side.result()
    return {}


def contest_script(config: Config) -> dict[str, Any]:
    """What one writes without the kit: every document through the official client, every row as a dictionary."""
    import psycopg

    names = [field.name for field in registry.find(City).fields]

    def said(document: dict[str, Any]) -> tuple[int, str]:
        document["alternate_names"] = sorted(document["alternate_names"])
        return document["id"], json.dumps(document, sort_keys=True)

    index = client(config).index(registry.find(City).index_name(config))
    documents: set[tuple[int, str]] = set()
    offset = 0
    while True:
        page = index.get_documents({"fields": names, "offset": offset, "limit": config.page_size})
        if not page.results:
            break
        documents.update(said({name: getattr(found, name) for name in names}) for found in page.results)
        offset += config.page_size
    with psycopg.connect(conninfo(config)) as connection:
        table = connection.execute(f"SELECT {', '.join(names)} FROM cities WHERE NOT hidden")
        wanted = {said(dict(zip(names, row, strict=True))) for row in table}
    row_ids, document_ids = {id_ for id_, _ in wanted}, {id_ for id_, _ in documents}
    stale = {id_ for id_, _ in wanted - documents} & {id_ for id_, _ in documents - wanted}
    return {
        "found": {
            "missing": len(row_ids - document_ids),
            "orphan": len(document_ids - row_ids),
            "stale": len(stale),
        }
    }


def contest_backfill(config: Config) -> dict[str, Any]:
    from scrypath.rebuild.backfill import backfill

    backfill(City, wait=False, config=config)
    return {}


def contest_post(config: Config) -> dict[str, Any]:
    ask, index = raw_requests(config), registry.find(City).index_name(config)
    bodies = _once("bodies", lambda: [payload for payload, _ in _payloads(config)])
    began = time.perf_counter()
    for body in bodies:
        ask("POST", f"/indexes/{index}/documents?primaryKey=id", body, "application/x-ndjson")
    return {"seconds": time.perf_counter() - began}


def contest_batches(config: Config) -> dict[str, Any]:
    index = client(config).index(registry.find(City).index_name(config))
    ready = _once("ready", lambda: [orjson.loads(line) for _, lines in _payloads(config) for line in lines])
    began = time.perf_counter()
    index.add_documents_in_batches(ready, config.batch_size, "id")
    return {"seconds": time.perf_counter() - began}


def contest_by_hand(config: Config) -> dict[str, Any]:
    """What one writes without the kit: every row a dictionary, and the official client."""
    import psycopg
    from psycopg.rows import dict_row

    schema = registry.find(City)
    names = ", ".join(field.name for field in schema.fields)
    with psycopg.connect(conninfo(config), row_factory=dict_row) as connection:
        documents = connection.execute(f"SELECT {names} FROM cities WHERE NOT hidden").fetchall()
    client(config).index(schema.index_name(config)).add_documents_in_batches(
        documents, config.batch_size, "id"
    )
    return {}


CONTESTANTS: dict[str, Callable[[Config], dict[str, Any]]] = {
    name.removeprefix("contest_"): run for name, run in list(globals().items()) if name.startswith("contest_")
}
_kept: dict[str, Any] = {}


def _once(name: str, make: Callable[[], Any]) -> Any:
    if name not in _kept:
        _kept[name] = make()
    return _kept[name]


def _payloads(config: Config) -> Iterator[tuple[bytes, list[str]]]:
    schema = registry.find(City)
    for table in rows.batches(IndexRef.live(schema, config), size=config.batch_size):
        projected = project_columns(schema, table)
        yield bytes(projected.ndjson), projected.lines


def serve(run: Callable[[Config], dict[str, Any]]) -> None:
    """Run once for every line that comes in, and answer with the time it took and the most memory so far.

    Where a contestant prepares something first, ``seconds`` leaves it out; ``whole`` never does.
    """
    config = resolve()
    for _ in sys.stdin:
        began = time.perf_counter()
        answer = run(config)
        took = time.perf_counter() - began
        answer = {"seconds": took, "whole": took} | answer | {"peak": peak_megabytes()}
        print(json.dumps(answer), flush=True)


@contextmanager
def contestants(side: Side, *names: str) -> Iterator[list[Callable[[], dict[str, Any]]]]:
    """Processes that wait for their turn; each call is one."""
    environment = os.environ | stage.environment(side.config)
    running = [
        subprocess.Popen(
            [sys.executable, __file__, "--contestant", name],
            env=environment,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for name in names
    ]

    def turn(process: subprocess.Popen[str]) -> Callable[[], dict[str, Any]]:
        def take() -> dict[str, Any]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("go\n")
            process.stdin.flush()
            line = process.stdout.readline()
            if not line:
                raise SystemExit(f"{process.args} ended with {process.wait()}.")
            answer: dict[str, Any] = json.loads(line)
            return answer

        return take

    try:
        yield [turn(process) for process in running]
    finally:
        for process in running:
            assert process.stdin is not None
            process.stdin.close()
            process.wait()


def peak_megabytes() -> int:
    status = Path("/proc/self/status").read_text(encoding="utf-8")
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


if __name__ == "__main__":
    main()
