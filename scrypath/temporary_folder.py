"""Folders that last as long as their process: what a killed one left behind, the next one removes."""

from __future__ import annotations

import os
import secrets
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

if sys.platform != "win32":
    import fcntl

PREFIX = "scrypath-"
_LOCK = ".lock"


@contextmanager
def temporary_folder() -> Iterator[Path]:
    """An empty folder for the block, open to its owner only.

    A lock file beside it is held until the block ends. The operating system frees the lock of a process that dies,
    whatever kills it: a folder whose lock is free belongs to nobody, and is removed here.

    Examples
    --------
    >>> with temporary_folder() as folder:
    ...     _ = (folder / "spilled").write_bytes(b"x")
    >>> folder.exists()
    False
    """
    parent = Path(tempfile.gettempdir())
    remove_left_behind(parent)
    name, lock = _locked(parent)
    folder = parent / name
    try:
        folder.mkdir(mode=0o700)
        yield folder
    finally:
        _remove(folder)
        os.close(lock)


def remove_left_behind(parent: Path) -> None:
    """Remove the folders in ``parent`` whose processes have ended."""
    if sys.platform == "win32":
        return
    for file in parent.glob(f"{PREFIX}*{_LOCK}"):
        with suppress(OSError):  # somebody else's, or removed by another process at this moment
            lock = os.open(file, os.O_RDWR | os.O_NOFOLLOW)
            try:
                if os.fstat(lock).st_uid == os.geteuid() and _taken(lock):
                    _remove(file.with_suffix(""))
            finally:
                os.close(lock)


def _locked(parent: Path) -> tuple[str, int]:
    """A name that nobody has, and the lock on it."""
    while True:
        name = f"{PREFIX}{secrets.token_hex(8)}"
        lock = os.open(parent / f"{name}{_LOCK}", os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600)
        # Between the two, another process may have taken the new file for one that was left behind.
        if sys.platform == "win32" or (_taken(lock) and os.fstat(lock).st_nlink):
            return name, lock
        os.close(lock)


def _remove(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.with_name(folder.name + _LOCK).unlink(missing_ok=True)


def _taken(lock: int) -> bool:
    if sys.platform == "win32":
        return True
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
