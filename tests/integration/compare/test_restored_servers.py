"""A server that lost what it had said is noticed, and everything is read."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

import scrypath
from scrypath.config import Config
from scrypath.database import parameters
from scrypath.local import stack as local
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.serving import serving
from scrypath.source.engine import engine
from tests.support.notes import Base, Note
from tests.support.reports import drift_of

pytestmark = pytest.mark.integration
Sql = Callable[..., None]
FILL = "INSERT INTO notes SELECT n, 'Note ' || n, false, now() FROM generate_series(1, 30) AS n"


@contextmanager
def search_server(config: Config, folder: Path, port: int = 0) -> Iterator[Config]:
    """An engine whose files are in a folder of the test's own; restored, it answers where it did before."""
    with Engine(folder) as own, serving(own, port=port) as url:
        yield replace(config, meilisearch_url=url, meilisearch_key=None)


@pytest.mark.parametrize("moved_on", [False, True], ids=["just restored", "after it has moved on"])
def test_a_search_server_restored_from_an_older_copy_is_noticed(
    config: Config, sql: Sql, tmp_path: Path, *, moved_on: bool
) -> None:
    Base.metadata.create_all(engine(config))
    sql(FILL)
    home, copy = tmp_path / "server", tmp_path / "copy"
    with search_server(config, home) as first:
        scrypath.backfill(Note, config=first)
        port = urlsplit(str(first.meilisearch_url)).port or 0
    shutil.copytree(home, copy)
    with search_server(config, home, port) as second:
        sql("UPDATE notes SET body = 'Changed' WHERE id <= 10")
        scrypath.sync_records(Note, [{"id": n, "body": "Changed"} for n in range(1, 11)], config=second)
        assert scrypath.reconcile_sync(Note, config=second).in_step is True
        assert scrypath.reconcile_sync(Note, config=second).method == "incremental"
    shutil.rmtree(home)
    copy.rename(home)
    with search_server(config, home, port) as restored:
        if moved_on:
            for _ in range(5):
                scrypath.sync_records(Note, [{"id": 30, "body": "Note 30"}], config=restored)
        report = scrypath.reconcile_sync(Note, config=restored)
        assert report.method == "full"
        assert "The search server no longer has the task that was its newest" in str(report.note)
        assert drift_of(report) == {str(n): "stale" for n in range(1, 11)}
        assert scrypath.reconcile_sync(Note, config=restored).method == "incremental"


def test_a_database_that_crashed_is_noticed_although_its_postmaster_went_on(
    eventually: Callable[[Callable[[], bool]], None],
) -> None:
    home = Path(tempfile.mkdtemp(prefix="scry-"))
    try:
        config = local.up(Config(), home=home, worker=False).config(task_timeout=60.0)
        Base.metadata.create_all(engine(config))
        with psycopg.connect(**parameters(config)) as connection:
            connection.execute(FILL)
        scrypath.backfill(Note, config=config)
        assert scrypath.reconcile_sync(Note, config=config).in_step is True
        assert scrypath.reconcile_sync(Note, config=config).method == "incremental"
        started = _started(config)
        with psycopg.connect(**parameters(config)) as victim:
            os.kill(victim.info.backend_pid, signal.SIGKILL)
            with pytest.raises(psycopg.OperationalError):
                victim.execute("SELECT 1")
        eventually(lambda: _answers(config))
        assert _started(config) == started
        report = scrypath.reconcile_sync(Note, config=config)
        assert (report.method, report.in_step) == ("full", True)
        assert "The database was restarted, restored, promoted" in str(report.note)
    finally:
        local.down(home=home, purge=True)
        shutil.rmtree(home, ignore_errors=True)


def _started(config: Config) -> object:
    with psycopg.connect(**parameters(config)) as connection:
        return connection.execute("SELECT pg_postmaster_start_time()").fetchone()


def _answers(config: Config) -> bool:
    try:
        _started(config)
    except psycopg.OperationalError:
        return False
    return True
