"""The most memory that each operation holds, whatever the rows are: many, long, huge or wide.

Each operation is a process of its own, and its greatest memory is what the operating system says of it; the servers are
not counted. It ends with 1 where one of them holds more than the limit.

    python benchmarks/memory.py --shape long --scale 0.1
    python benchmarks/memory.py --rows 60 --length 640000 --limit 400

``--home`` keeps the services for the next run. Services of yours are used where they are named, see ``stage``.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import sqlalchemy as sa
import stage

import scrypath
from scrypath.config import Config, resolve
from scrypath.database import conninfo
from scrypath.meilisearch import indexes, tasks
from scrypath.schema import SearchSchema, search_schema

LIMIT = 700  # megabytes
STALE = 20  # one row in so many is stale when documents are explained and repaired
EXPLAINED = 100  # documents at most


@dataclass(frozen=True, slots=True)
class Shape:
    """Rows of one kind.

    Parameters
    ----------
    rows
        How many.
    length
        Characters of the text in each.
    width
        Columns.
    """

    rows: int
    length: int = 20
    width: int = 3


SHAPES = {
    "small": Shape(1_000_000),
    "long": Shape(50_000, length=60_000),
    "huge": Shape(200, length=15_000_000),
    "wide": Shape(1_000, width=1_500),
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--shape", choices=SHAPES, action="append", help="only this one (default: all)")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the rows (default: %(default)s)")
    parser.add_argument("--rows", type=int, help="so many rows of a shape of one's own")
    parser.add_argument("--length", type=int, default=20, help="characters in each (default: %(default)s)")
    parser.add_argument("--width", type=int, default=3, help="columns in each (default: %(default)s)")
    parser.add_argument("--limit", type=int, default=LIMIT, help="megabytes (default: %(default)s)")
    parser.add_argument("--home", type=Path, help="folder that keeps the services for the next run")
    parser.add_argument("--act", choices=sorted(ACTS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    own = Shape(options.rows or 0, options.length, options.width)
    if options.act:
        act(own, options.act)
        return
    chosen = {name: SHAPES[name] for name in options.shape or SHAPES}
    shapes = {"own": own} if options.rows else chosen
    beyond = 0
    with stage.services(options.home) as base:
        for name, shape in shapes.items():
            scaled = replace(shape, rows=max(STALE, round(shape.rows * options.scale)))
            print(f"{name}: {scaled.rows:,} rows, {shape.length:,} characters, {shape.width:,} columns")
            for what, found in measured(base, scaled):
                peak, seconds = found["peak"], found["seconds"]
                print(
                    f"  {what:<9} {peak:>5} MB (limit: {options.limit}) {seconds:7.1f} s  {found['said']}",
                    flush=True,
                )
                beyond += peak > options.limit
    raise SystemExit(1 if beyond else 0)


def measured(base: Config, shape: Shape) -> Iterator[tuple[str, dict[str, Any]]]:
    """Fill a table and its index, and do everything with it, each in a process of its own."""
    config = replace(base, index_prefix=f"memory_{uuid4().hex[:8]}")
    load(config, shape)
    try:
        for what in ACTS:
            if what == "explain":
                change(config)
            yield what, run(config, shape, what)
    finally:
        tasks.wait(config, indexes.delete(config, declared(shape).index_name(config)))
        with psycopg.connect(conninfo(config), autocommit=True) as connection:
            connection.execute("DROP TABLE measured")


def run(config: Config, shape: Shape, what: str) -> dict[str, Any]:
    """One operation in a process of its own."""
    sizes = [part for name, value in asdict(shape).items() for part in (f"--{name}", str(value))]
    ended = subprocess.run(
        [sys.executable, __file__, *sizes, "--act", what],
        env=os.environ | stage.environment(config),
        stdout=subprocess.PIPE,
        text=True,
        check=False,
    )
    if ended.returncode:
        raise SystemExit(f"{what} ended with {ended.returncode}.")
    found: dict[str, Any] = json.loads(ended.stdout.splitlines()[-1])
    return found


def load(config: Config, shape: Shape) -> None:
    """The table, with its rows in it."""
    added = range(shape.width - 3)
    columns = "".join(f", c{place} {_type(place)}" for place in added)
    values = "".join(f", {'n' if _type(place) == 'integer' else repr('x')}" for place in added)
    text = f"left(repeat(md5(n::text), {-(-shape.length // 32)}), {shape.length})"
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        connection.execute("DROP TABLE IF EXISTS measured")
        connection.execute(f"CREATE TABLE measured (id bigint PRIMARY KEY, words text, stock int{columns})")
        connection.execute(
            f"INSERT INTO measured SELECT n, {text}, n{values} FROM generate_series(1, {shape.rows}) n"
        )
        connection.execute("VACUUM ANALYZE measured")


def change(config: Config) -> None:
    """Write to some of the rows without telling the index."""
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        connection.execute(f"UPDATE measured SET stock = stock + 1 WHERE id % {STALE} = 0")


def declared(shape: Shape) -> SearchSchema:
    """The schema of the table."""
    types = {"integer": sa.Integer, "text": sa.Text}
    table = sa.Table(
        "measured",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("words", sa.Text),
        sa.Column("stock", sa.Integer),
        *(sa.Column(f"c{place}", types[_type(place)]) for place in range(shape.width - 3)),
    )
    return search_schema(table, name="Measured", fields=[column.name for column in table.columns])


def _type(place: int) -> str:
    return "text" if place % 2 else "integer"


# The operations, each in a process of its own.


def act(shape: Shape, what: str) -> None:
    """Do it, and print what it found, how long it took and the most memory it held."""
    declared(shape)
    began = time.perf_counter()
    said = ACTS[what](resolve())
    took = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"said": said, "seconds": took, "peak": peak}))


def backfilled(config: Config) -> str:
    return f"{scrypath.backfill('Measured', config=config).document_count:,} documents"


def compared(config: Config, verify: str = "fingerprint") -> str:
    report = reported(config, verify)
    return f"{report.documents.height:,} of {report.rows:,} not in step"


def explained(config: Config) -> str:
    stale = reported(config).documents["document_id"].head(EXPLAINED).to_list()
    found = scrypath.explain("Measured", stale, config=config)
    assert set(found["field"]) == {"stock"}, found
    return f"{found.height:,} fields differ"


def repaired(config: Config) -> str:
    report = reported(config)
    outcome = scrypath.apply(scrypath.plan(report, "repair"))
    assert set(outcome["outcome"]) == {"completed"}, outcome
    assert reported(config).in_step, "repaired"
    return f"{report.documents.height:,} documents"


def reported(config: Config, verify: str = "fingerprint") -> scrypath.Reconcile:
    report = scrypath.reconcile_sync("Measured", verify=verify, incremental=False, config=config)
    if report.in_step is None:
        raise SystemExit(str(report.note))
    return report


ACTS: dict[str, Callable[[Config], str]] = {
    "backfill": backfilled,
    "compare": compared,
    "content": lambda config: compared(config, "content"),
    "explain": explained,
    "repair": repaired,
}

if __name__ == "__main__":
    main()
