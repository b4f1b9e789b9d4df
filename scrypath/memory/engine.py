"""The one DuckDB engine of this process, and attaching a file to it.

Attaching a file to an engine that already runs costs a tenth of starting an engine on the file.
"""

from __future__ import annotations

import errno
import itertools
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from scrypath.duck import Engine
from scrypath.errors import StoreError
from scrypath.memory.lock import Patience

NO_SPACE = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_FULL = re.compile(
    r"(?:file \"(?P<file>[^\"]+)\".*)?(?:" + "|".join(map(re.escape, map(os.strerror, NO_SPACE))) + ")"
)
_numbers = itertools.count(1)
# One thread: the statements are small, and handing them to other threads costs more than it saves.
ENGINE = Engine(autoinstall_known_extensions=False, python_enable_replacements=False, threads=1)


def quoted(text: Path | str) -> str:
    """A path or another text as a SQL literal."""
    return "'" + str(text).replace("'", "''") + "'"


@contextmanager
def attached(
    path: Path, patience: Patience, *, read_only: bool = False, storage_version: str | None = None
) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection whose current database is the file, for the block.

    Parameters
    ----------
    path
        The file; it is made when it is not there.
    patience
        How long to wait for other processes.
    read_only
        True: nothing can be written, and the file must be there.
    storage_version
        The oldest DuckDB that must be able to read a file that is made, as in ``v1.4.0``.

    Raises
    ------
    StoreBusy
        When another process held the file for longer than the patience.
    StoreError
        When the file is not one of DuckDB, or a statement of the block fails.
    """
    option = "READ_ONLY" if read_only else f"STORAGE_VERSION '{storage_version}'" if storage_version else ""
    connection, name = _attach(path, patience, option)
    try:
        if name:
            connection.execute(f"USE {name}")
        connection.execute("SET TimeZone = 'UTC'")
        yield connection
    except duckdb.Error as error:
        raise broken(path, error) from None
    finally:
        connection.close()
        if name:
            _detach(name)


def broken(path: Path, error: duckdb.Error) -> StoreError:
    """What DuckDB says about a file, as an error of ours."""
    if isinstance(error, duckdb.FatalException):
        ENGINE.drop()
    first_line = str(error).partition("\n")[0]
    if full := _FULL.search(first_line):
        return full_disk(Path(full["file"] or path).parent)
    if isinstance(error, duckdb.ProgrammingError | duckdb.DataError | duckdb.IntegrityError):
        return StoreError(
            f"{path} refused a statement: {first_line}",
            hint="The tables and their columns are described by: SELECT * FROM duckdb_columns()",
        )
    if "Permission denied" in first_line or "Operation not permitted" in first_line:
        return StoreError(
            f"{path} cannot be opened: {first_line}",
            hint="Nothing says that it is damaged: let this user read and write it, or name another with store=.",
        )
    return StoreError(
        f"{path} cannot be used: {first_line}",
        hint="If it is damaged or not Scrypath's, move it elsewhere (a new one is created) or name another: store=.",
    )


def unwritable(what: str, folder: Path, error: OSError) -> StoreError:
    """What the operating system says about a file or folder that is to be made, as an error of ours."""
    if error.errno in NO_SPACE:
        return full_disk(folder)
    return StoreError(
        f"{what} cannot be made: {error.strerror}.",
        hint="Name a file in a folder that you may write, with store= or SCRYPATH_STORE.",
    )


def full_disk(folder: Path) -> StoreError:
    """The error for a disk on which nothing more can be written: what is there is not damaged."""
    return StoreError(
        f"The disk of {folder} is full, or a quota is reached: nothing was written.",
        hint="Free some space; what is stored is not damaged. Or name a file on another disk with store=.",
    )


def _attach(path: Path, patience: Patience, option: str) -> tuple[duckdb.DuckDBPyConnection, str]:
    """A connection, and the name that the file has in it; no name when it is a connection beside the user's own."""
    while True:
        connection, name = ENGINE.cursor(), f"store_{next(_numbers)}"
        try:
            connection.execute(f"ATTACH {quoted(path)} AS {name} {f'({option})' if option else ''}")
        except duckdb.Error as error:
            connection.close()
            refusal = error
        else:
            return connection, name
        shared = _beside_user(path, option) if "file handle conflict" in str(refusal) else None
        if shared is not None:
            return shared, ""
        if not _is_busy(refusal):
            raise broken(path, refusal)
        patience.wait(_who(refusal))


def _detach(name: str) -> None:
    connection = ENGINE.cursor()
    try:
        connection.execute(f"DETACH {name}")
    except duckdb.Error:
        # Only an engine that is gone lets go of a file it will not detach.
        ENGINE.drop()
    finally:
        connection.close()


def _beside_user(path: Path, option: str) -> duckdb.DuckDBPyConnection | None:
    """A connection beside the one that the user keeps open in this process with ``duckdb.connect``."""
    for as_reader in (False, True) if option == "READ_ONLY" else (False,):
        try:
            return duckdb.connect(path, read_only=as_reader)
        except duckdb.Error:
            continue
    return None


def _is_busy(error: duckdb.Error) -> bool:
    text = str(error)
    return "Could not set lock" in text or "file handle conflict" in text


def _who(error: duckdb.Error) -> str:
    _, _, pid = str(error).partition("(PID ")
    return f"process {pid.partition(')')[0]}" if pid else "a connection of this process"
