"""An engine of the process's own: one for all its threads, none for its children."""

from __future__ import annotations

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import duckdb
import pytest

from scrypath.duck import Engine

FORKING = """
import os
from scrypath.duck import Engine

engine = Engine(threads=2)
query = "SELECT sum(range) FROM range(1000000)"
engine.cursor().execute(query).fetchall()
child = os.fork()
if not child:
    found = engine.cursor().execute(query).fetchall()
    os._exit(0 if found == [(499999500000,)] else 1)
_, status = os.waitpid(child, 0)
engine.cursor().execute(query).fetchall()
print(os.waitstatus_to_exitcode(status))
"""


def test_every_thread_has_a_connection_of_its_own_to_one_engine() -> None:
    engine = Engine(threads=1)
    engine.cursor().execute("CREATE TABLE numbers AS SELECT 42 AS number")

    def look(_: int) -> list[tuple[int]]:
        with engine.cursor() as cursor:
            return cursor.execute("FROM numbers").fetchall()

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(look, range(20))) == [[(42,)]] * 20
    engine.drop()


def test_after_a_drop_the_next_engine_is_a_new_one() -> None:
    engine = Engine(threads=1)
    engine.cursor().execute("CREATE TABLE numbers (number INTEGER)")
    engine.drop()
    engine.drop()
    with pytest.raises(duckdb.CatalogException):
        engine.cursor().execute("FROM numbers")
    engine.drop()


def test_a_forked_child_starts_an_engine_for_itself() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FORKING], capture_output=True, text=True, check=False, timeout=60
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
