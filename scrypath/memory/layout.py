"""The versions of the file's layout: making a file, and bringing an older one up to date."""

from __future__ import annotations

import glob
import os
from pathlib import Path

import duckdb

from scrypath.errors import StoreError
from scrypath.memory.engine import attached, unwritable
from scrypath.memory.lock import Patience
from scrypath.memory.sql import load

CURRENT = 5

# Any DuckDB from 1.4 on can read files of this version.
_STORAGE_VERSION = "v1.4.0"


def missing(path: Path) -> bool:
    """True when there is no file yet, or one without a byte."""
    try:
        return path.stat().st_size == 0
    except OSError:
        return True  # creating it then says what is wrong


def create(path: Path) -> None:
    """Make the file with the current layout, unless it is there.

    It is made beside its place and then renamed: a process that dies half way leaves nothing in the way.

    Raises
    ------
    StoreError
        When the file cannot be made.
    """
    drafts = f"{glob.escape(path.name)}.*.draft*"
    for left in path.parent.glob(drafts):  # of a process that was killed: the lock is ours now
        left.unlink(missing_ok=True)
    if not missing(path):
        return
    draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
    try:
        with attached(draft, Patience(draft, 0), storage_version=_STORAGE_VERSION) as connection:
            connection.execute("BEGIN TRANSACTION")
            migrate(connection, path, found=0)
            connection.commit()
            connection.execute("CHECKPOINT")  # nothing of it may be left in the log beside it
        # Where the operating system has no locks, another process may have been faster.
        if missing(path):
            draft.replace(path)
    except OSError as error:
        raise unwritable(str(path), path.parent, error) from error
    finally:
        for left in path.parent.glob(drafts):
            left.unlink(missing_ok=True)


def version(connection: duckdb.DuckDBPyConnection, path: Path) -> int:
    """The layout version of an open file; 0 for one without tables.

    Raises
    ------
    StoreError
        When the file holds tables and none of them is ours.
    """
    try:
        [(highest,)] = connection.execute("SELECT coalesce(max(version), 0) FROM layout").fetchall()
    except duckdb.CatalogException:
        tables = [name for (name,) in connection.execute(_TABLES).fetchall()]
    else:
        return int(highest)
    if tables:
        raise StoreError(
            f"{path} is a DuckDB file, but not Scrypath's memory: it holds {', '.join(tables[:5])}.",
            hint="Name another file with store= or SCRYPATH_STORE.",
        )
    return 0


_TABLES = "SELECT table_name FROM duckdb_tables() WHERE database_name = current_database() ORDER BY ALL"


def migrate(connection: duckdb.DuckDBPyConnection, path: Path, found: int) -> None:
    """Apply every layout that the file does not have yet, inside the caller's transaction.

    Parameters
    ----------
    connection
        To the open file.
    path
        Of the file, for the message.
    found
        Its :func:`version`.

    Raises
    ------
    StoreError
        When a newer Scrypath made the file.
    """
    if found > CURRENT:
        raise StoreError(
            f"{path} has layout {found}; this Scrypath knows layouts up to {CURRENT}.",
            hint="Upgrade scrypath, or name another file with store=.",
        )
    for number in range(found + 1, CURRENT + 1):
        connection.execute(load(f"layout_{number}"))
        connection.execute("INSERT INTO layout (version) VALUES (?)", [number])
