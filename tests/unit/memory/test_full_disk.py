"""A disk without space is called that: nothing is damaged, and nothing half-made stays."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

# A limit on the size of a file, which ends a write in the same place as a full disk does, and which needs no disk.
SCRIPT = """
import resource, sys
from pathlib import Path
from scrypath.config import Config
from scrypath.errors import StoreError
from scrypath.memory import store

config = Config(home=Path(sys.argv[1]))

def limit(size):
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))

def count():
    with store.connect(config, read_only=True) as connection:
        return connection.execute("SELECT count(*) FROM duckdb_tables() WHERE table_name = 'kept'").fetchall()

if sys.argv[3] == "filled":
    with store.connect(config) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 1 AS one")
limit(int(sys.argv[2]))
try:
    with store.connect(config) as connection:
        connection.execute("CREATE TABLE filler AS SELECT md5(range::VARCHAR) AS text FROM range(200000)")
except StoreError as error:
    print(error.message, "|", error.hint)
print(sorted(path.name for path in config.home.iterdir() if "draft" in path.name))
limit(resource.RLIM_INFINITY)
with store.connect(config) as connection:
    connection.execute("CREATE TABLE again AS SELECT 1 AS one")
print(count())
"""


@pytest.mark.parametrize(("size", "state"), [(8_000, "new"), (300_000, "new"), (1_000_000, "filled")])
def test_a_full_disk_is_no_damaged_file(tmp_path: Path, size: int, state: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(tmp_path / "home"), str(size), state],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    said, drafts, kept = done.stdout.splitlines()
    assert said.startswith(f"The disk of {tmp_path / 'home'} is full")
    assert "not damaged" in said
    assert "move it elsewhere" not in said
    assert drafts == "[]"
    assert kept == f"[({int(state == 'filled')},)]"


def test_what_a_killed_process_left_half_made_is_removed_by_the_next(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir()
    for name in ("memory.duckdb.99999.draft", "memory.duckdb.99999.draft.wal"):
        (home / name).write_bytes(b"half")
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT, str(home), str(50_000_000), "new"],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[0] == "[]"
