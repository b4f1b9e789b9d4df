"""What is to be remembered while somebody holds the DuckDB file open: kept in files beside it until it is taken in."""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

import polars as pl

from scrypath.memory.engine import unwritable

SUFFIX = ".ledger"


def folder(store: Path) -> Path:
    """Where the files of a store are."""
    return store.with_name(f"{store.name}.spool")


def put(store: Path, frame: pl.DataFrame) -> None:
    """Keep a frame, on disk when this returns: also a process that is killed then has lost nothing.

    Raises
    ------
    StoreError
        When the file cannot be written.
    """
    place = folder(store)
    name = f"{time.time_ns():020}-{os.getpid()}-{secrets.token_hex(4)}"
    draft, final = place / f"{name}.draft", place / f"{name}{SUFFIX}"
    body = BytesIO()
    frame.write_ipc(body)
    try:
        place.mkdir(parents=True, exist_ok=True)
        with draft.open("wb") as file:
            file.write(body.getvalue())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(final)
        _sync(place)
    except OSError as error:
        raise unwritable(f"{final}", place, error) from error


def waiting(store: Path) -> list[tuple[Path, pl.DataFrame]]:
    """The files that were not taken in yet, oldest first, and what they hold."""
    found = []
    for path in sorted(folder(store).glob(f"*{SUFFIX}")):
        try:
            found.append((path, pl.read_ipc(BytesIO(path.read_bytes()))))
        except FileNotFoundError:
            continue  # another process has just taken it in
    return found


def remove(paths: Sequence[Path]) -> None:
    """Forget files that were taken in."""
    for path in paths:
        path.unlink(missing_ok=True)


def _sync(place: Path) -> None:
    # A file whose name is not on disk either is lost with the power.
    descriptor = os.open(place, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
