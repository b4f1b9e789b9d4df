from __future__ import annotations

import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from scrypath.config import Config
from scrypath.errors import StoreBusy
from scrypath.memory import audit, snapshots, store

WRITER = Path(__file__).parents[2] / "support" / "snapshot_writer.py"

HOLDER = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1], read_only=sys.argv[2] == "read_only")
print("open", flush=True)
sys.stdin.read()
connection.close()
"""


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path / "home", store_timeout=60)


def start(config: Config, schema: str, count: int) -> subprocess.Popen[str]:
    arguments = [sys.executable, str(WRITER), str(config.store_path), schema, str(count)]
    return subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)


def finish(process: subprocess.Popen[str]) -> list[str]:
    output, _ = process.communicate(timeout=200)
    assert process.returncode == 0
    return output.split()


@contextmanager
def another_program_has_it_open(config: Config, mode: str) -> Iterator[int]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(config.store_path), mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == "open\n"
        yield process.pid
    finally:
        process.communicate(timeout=20)


def stored_documents(config: Config) -> int:
    with store.connect(config, read_only=True) as connection:
        [(documents,)] = connection.execute("SELECT count(*) FROM snapshot_documents").fetchall()
    return int(documents)


@pytest.mark.slow
def test_four_processes_write_a_hundred_snapshots_each(config: Config) -> None:
    writers = [start(config, schema, 100) for schema in ("City", "Country") * 2]
    seen = 0
    while any(writer.poll() is None for writer in writers):
        now = snapshots.listing(config).height  # a third process reads meanwhile
        assert now >= seen
        seen = now
        with suppress(subprocess.TimeoutExpired):
            writers[0].wait(0.5)
    ids = [snapshot_id for writer in writers for snapshot_id in finish(writer)]
    listed = snapshots.listing(config)
    assert set(listed["snapshot_id"]) == set(ids)
    assert len(set(ids)) == 400
    assert listed["schema"].value_counts(sort=True)["count"].to_list() == [200, 200]
    assert stored_documents(config) == 2_000


def test_many_processes_may_make_the_file_at_once(config: Config) -> None:
    writers = [start(config, "City", 2) for _ in range(6)]
    ids = {snapshot_id for writer in writers for snapshot_id in finish(writer)}
    assert set(snapshots.listing(config)["snapshot_id"]) == ids
    assert len(ids) == 12


def test_a_killed_writer_loses_nothing_it_said_was_stored_and_holds_nobody_up(config: Config) -> None:
    chance = random.Random(5)
    stored: list[str] = []
    for _ in range(6):
        process = start(config, "City", 10_000)
        assert process.stdout is not None
        stored += [process.stdout.readline().strip() for _ in range(chance.randrange(1, 5))]
        time.sleep(chance.random() * 0.02)  # the moment of death is what is varied
        process.kill()
        stored += process.communicate(timeout=20)[0].split()
        began = time.monotonic()
        listed = snapshots.listing(config)
        assert time.monotonic() - began < 5
        assert set(stored) <= set(listed["snapshot_id"])
        assert stored_documents(config) == 5 * listed.height
    assert audit.before(config, action="repair", schema="City", target="shop")


@pytest.mark.parametrize("mode", ["read_write", "read_only"])
def test_a_program_that_keeps_the_file_open_is_named(config: Config, mode: str) -> None:
    audit.before(config, action="repair", schema="City", target="shop")
    with another_program_has_it_open(config, mode) as pid:
        began = time.monotonic()
        with pytest.raises(
            StoreBusy, match=rf"memory\.duckdb was held by process {pid} for longer than 0\.2 s"
        ) as caught:
            audit.before(replace(config, store_timeout=0.2), action="repair", schema="City", target="shop")
        assert 0.2 <= time.monotonic() - began < 5
        assert caught.value.hint
        if mode == "read_only":
            assert audit.log(config).height == 1
    assert audit.log(config).height == 1
    assert audit.before(config, action="repair", schema="City", target="shop")


def test_a_writer_waits_until_the_other_program_closes_the_file(config: Config) -> None:
    audit.before(config, action="repair", schema="City", target="shop")
    with another_program_has_it_open(config, "read_write"):
        writer = start(config, "City", 1)
        with pytest.raises(subprocess.TimeoutExpired):
            writer.wait(0.5)
    assert finish(writer) == snapshots.listing(config)["snapshot_id"].to_list()


def test_any_duckdb_client_may_query_the_file(config: Config) -> None:
    finish(start(config, "City", 2))
    with duckdb.connect(config.store_path, read_only=True) as client:
        assert client.execute("SELECT schema, stale FROM latest_snapshots").fetchall() == [("City", 5)]
        assert client.execute("SELECT count(*) FROM drifted_documents").fetchall() == [(10,)]


def test_a_forked_child_opens_the_file_for_itself(config: Config) -> None:
    # Statements only: frames of polars do not survive a fork, whoever uses them.
    program = """
import os, sys
from pathlib import Path
from scrypath.config import Config
from scrypath.memory import store

config = Config(store=Path(sys.argv[1]))
def write():
    with store.connect(config) as connection:
        connection.execute(
            "INSERT INTO audit BY NAME SELECT 'a' AS audit_id, now() AS written_at, 'before' AS phase,"
            " 'ada' AS actor, 'x' AS action, '' AS detail"
        )
write()
child = os.fork()
write()
if child:
    assert os.waitpid(child, 0)[1] == 0
"""
    ended = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", program, str(config.store_path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    assert audit.log(config).height == 3
