"""The cities in a database and in an index, in step, and brought out of step again and again for the benchmarks.

Services of yours are used where they are named: SCRYPATH_TEST_MEILISEARCH_URL (SCRYPATH_TEST_MEILISEARCH_KEY its key)
and SCRYPATH_TEST_DATABASE_URL, a PostgreSQL whose user may create databases; else an embedded stack.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from itertools import batched
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.engine import make_url

from scrypath.compare.full import compare
from scrypath.config import Config
from scrypath.database import conninfo
from scrypath.local import stack as local
from scrypath.local.catalogue import City
from scrypath.local.catalogue.geonames import cities
from scrypath.local.catalogue.load import load
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.rebuild.backfill import backfill
from scrypath.redaction import Secret
from scrypath.schema import registry
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows as source
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from scrypath.sync import sending
from scrypath.vocabulary import SyncMode

SMALLEST = 500  # inhabitants of a city: the set with the most of them
STRANGERS = 5_000_000_000  # added to the ids of documents that no row has
CHANGED = "CREATE TABLE IF NOT EXISTS changed (id bigint)"  # which rows, for they do not say it themselves
YESTERDAY = "SET updated_at = now() - interval '1 day'"


@dataclass(frozen=True, slots=True)
class Side:
    """So many cities, in step until :func:`drift`."""

    rows: int
    config: Config

    @property
    def index(self) -> str:
        """The name of their index."""
        return registry.find(City).index_name(self.config)


@contextmanager
def services(home: Path | None) -> Iterator[Config]:
    """A configuration for the services that are named, or for a stack of this run's own.

    Parameters
    ----------
    home
        Folder that keeps the stack and what is loaded for the next run; None: nothing is kept.
    """
    key = os.environ.get("SCRYPATH_TEST_MEILISEARCH_KEY")
    given = Config(
        database_url=os.environ.get("SCRYPATH_TEST_DATABASE_URL"),
        meilisearch_url=os.environ.get("SCRYPATH_TEST_MEILISEARCH_URL"),
        meilisearch_key=Secret(key) if key else None,
    )
    folder = home or Path(tempfile.mkdtemp(prefix="scry-"))
    stack = local.up(given, home=folder, worker=False)
    try:
        yield stack.config(sync_mode="manual", task_timeout=3_600.0, request_timeout=300.0)
    finally:
        local.down(home=folder, purge=home is None)
        if home is None:
            shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def side(base: Config, rows: int, *, kept: bool) -> Iterator[Side]:
    """So many cities in a database and an index of their own, in step.

    Parameters
    ----------
    base
        From :func:`services`.
    rows
        How many; beyond the 234 908 that there are, they are copied under new ids.
    kept
        Whether both stay for the next run.
    """
    name = f"scry_bench_{rows}"
    with psycopg.connect(conninfo(base), autocommit=True) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        if found is None:
            connection.execute(f'CREATE DATABASE "{name}"')
    url = make_url(base.database_url).set(database=name).render_as_string(hide_password=False)
    made = Side(rows, replace(base, database_url=url, index_prefix=f"bench{rows}", home=base.home / name))
    try:
        if found is None or not _in_step(made):
            _fill(made)
        yield made
    finally:
        if not kept:
            engine(made.config).dispose()
            tasks.wait(base, indexes.delete(base, made.index))
            with psycopg.connect(conninfo(base), autocommit=True) as connection:
                connection.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def drift(made: Side) -> None:
    """One document in a hundred missing, one stale, and as many orphans, made behind the kit's back."""
    config = made.config
    missing, stale, orphan = (_chosen(made, place) for place in (1, 2, 3))
    sent = [task.uid for task in documents.delete(config, made.index, missing)]
    strangers = (
        document | {"id": int(document["id"]) + STRANGERS}
        for ids in batched(orphan, 1_000)
        for document in documents.get_many(config, made.index, ids)
    )
    sent += [task.uid for task in documents.write(config, made.index, strangers)]
    change(made, stale)
    tasks.wait_all(config, sent)


def restore(made: Side) -> None:
    """Bring both back in step, as they were: rows that nobody has changed since yesterday."""
    schema, config = registry.find(City), made.config
    missing, stale, orphan = (_chosen(made, place) for place in (1, 2, 3))
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        with connection.transaction():
            connection.execute(CHANGED)
            connection.execute(
                f"UPDATE cities {YESTERDAY}, population = population - times"
                " FROM (SELECT id, count(*) AS times FROM changed GROUP BY id) AS changed WHERE cities.id = changed.id"
            )
            connection.execute("TRUNCATE changed")
        connection.execute("VACUUM ANALYZE cities")
    strangers = [str(int(text) + STRANGERS) for text in orphan]
    sent = [task.uid for task in documents.delete(config, made.index, strangers)]
    for ids in batched([*missing, *stale], config.batch_size):
        projected = project_columns(schema, source.table(IndexRef.live(schema, config), Part(ids=ids)))
        sent += [
            item.task_uid
            for item in sending.upsert(IndexRef.live(schema, config), projected, mode=SyncMode.MANUAL)
        ]
    tasks.wait_all(config, sent)


def change(made: Side, ids: Sequence[str]) -> None:
    """Write to these rows without telling the index, and leave their ``updated_at`` alone."""
    numbers = list(map(int, ids))
    with psycopg.connect(conninfo(made.config), autocommit=True) as connection:
        connection.execute(CHANGED)
        connection.execute("INSERT INTO changed SELECT unnest(%s::bigint[])", [numbers])
        connection.execute("UPDATE cities SET population = population + 1 WHERE id = ANY(%s)", [numbers])
        connection.execute("VACUUM ANALYZE cities")


def date(made: Side, ids: Sequence[str]) -> None:
    """Have these rows say that they changed now, for those who trust it."""
    with psycopg.connect(conninfo(made.config), autocommit=True) as connection:
        connection.execute(
            "UPDATE cities SET updated_at = clock_timestamp() WHERE id = ANY(%s)", [list(map(int, ids))]
        )
        connection.execute("VACUUM ANALYZE cities")


def emptied(made: Side) -> None:
    """A new index with the schema's settings and no document."""
    schema, config = registry.find(City), made.config
    if indexes.get(config, made.index) is not None:
        tasks.wait(config, indexes.delete(config, made.index))
    sending.ensure_index(IndexRef.live(schema, config).at(made.index))
    tasks.wait_all(config, tasks.listing(config, index_uids=[made.index], limit=2).frame["uid"].to_list())


def every(made: Side, step: int, place: int = 0) -> list[str]:
    """The id of one row in ``step``, in the order of the ids."""
    query = "SELECT id FROM (SELECT id, row_number() OVER (ORDER BY id) AS at FROM cities) s WHERE mod(at, %s) = %s"
    with psycopg.connect(conninfo(made.config)) as connection:
        return [str(id_) for (id_,) in connection.execute(query, [step, place])]


def _chosen(made: Side, place: int) -> list[str]:
    return every(made, 100, place)


def _in_step(made: Side) -> bool:
    if indexes.get(made.config, made.index) is None:
        return False
    found = compare(IndexRef.live(registry.find(City), made.config))
    return found.compared and found.rows == made.rows and found.drift.is_empty()


def _fill(made: Side) -> None:
    began = time.perf_counter()
    if indexes.get(made.config, made.index) is not None:
        tasks.wait(made.config, indexes.delete(made.config, made.index))
    load(made.config, minimum_population=SMALLEST, limit=1)  # makes the table
    with psycopg.connect(conninfo(made.config), autocommit=True) as connection:
        connection.execute(
            "ALTER TABLE cities ALTER updated_at SET DEFAULT now() - interval '1 day'"
        )  # nothing is new
    copies = -(-made.rows // cities(SMALLEST).height)
    load(made.config, minimum_population=SMALLEST, limit=made.rows, copies=copies)
    with psycopg.connect(conninfo(made.config), autocommit=True) as connection:
        connection.execute("VACUUM ANALYZE cities")
    backfill(City, config=made.config)
    took = time.perf_counter() - began
    print(f"[{made.rows:,} cities loaded and indexed in {took:.0f} s]", flush=True)


def environment(config: Config) -> dict[str, Any]:
    """What a process needs to be given to be configured likewise."""
    key = config.meilisearch_key
    return {
        "SCRYPATH_DATABASE_URL": config.database_url,
        "SCRYPATH_MEILISEARCH_URL": config.meilisearch_url,
        "SCRYPATH_MEILISEARCH_KEY": "" if key is None else key.reveal(),
        "SCRYPATH_INDEX_PREFIX": config.index_prefix,
        "SCRYPATH_HOME": str(config.home),
        "SCRYPATH_SYNC_MODE": "manual",
        "SCRYPATH_REQUEST_TIMEOUT": "300",
        "SCRYPATH_TASK_TIMEOUT": "3600",
    }
