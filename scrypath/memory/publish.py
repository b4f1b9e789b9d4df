"""One history for a team: the snapshots of every machine, as Parquet files in a place that all of them reach.

``<place>/documents/`` and ``<place>/snapshots/`` hold one file each per call that published something, with the columns
of the tables ``snapshot_documents`` and ``snapshots``, and who published them when. A file is never changed. The file
of the documents comes first: what a reader finds in ``snapshots`` is complete.
"""

from __future__ import annotations

import getpass
import secrets
import socket
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import polars as pl

from scrypath.config import Config
from scrypath.frames import SNAPSHOTS
from scrypath.memory import place, published, store
from scrypath.memory.engine import quoted
from scrypath.memory.place import SUFFIX
from scrypath.memory.sql import load
from scrypath.temporary_folder import temporary_folder


@dataclass(frozen=True, slots=True)
class Publication:
    """What one call published.

    Parameters
    ----------
    url
        Where, without secrets.
    snapshots
        ``frames.SNAPSHOTS``: what was not there before, newest first.
    already_there
        How many of this machine's snapshots were there before.
    """

    url: str
    snapshots: pl.DataFrame
    already_there: int

    @property
    def count(self) -> int:
        """How many snapshots were published now."""
        return self.snapshots.height


def publish(config: Config, url: str | Path) -> Publication:
    """Write the snapshots of this machine that are not there yet.

    Parameters
    ----------
    config
        Names the file to publish from.
    url
        A local path, or any URL that fsspec knows.

    Raises
    ------
    ConfigError
        When the URL names no place, or fsspec is needed and not installed.
    StoreBusy, StoreError
        When the file cannot be read, or the place not read or written.
    """
    target = place.find(url)
    part = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}{SUFFIX}"
    with temporary_folder() as folder:
        files = {table: Path(folder, f"{table}{SUFFIX}") for table in ("documents", "snapshots")}
        snapshots, already_there = _export(config, files, published.ids(target))
        if not snapshots.is_empty():
            for table, file in files.items():
                target.put(file, f"{table}/{part}")
    return Publication(target.shown, snapshots, already_there)


def _export(config: Config, files: dict[str, Path], there: pl.DataFrame) -> tuple[pl.DataFrame, int]:
    with store.connect(config, read_only=True) as connection, store.staged(connection, published=there):
        for table, file in files.items():
            query = load(f"publish_{table}").rstrip().removesuffix(";").replace("$publisher", _publisher())
            connection.execute(f"COPY ({query}) TO {quoted(file)} (FORMAT parquet, COMPRESSION zstd)")
        exported = store.fetch(connection, SNAPSHOTS, load("publish_exported"), [str(files["snapshots"])])
        [(all_of_them,)] = connection.execute("SELECT count(*) FROM snapshots").fetchall()
    return exported, int(all_of_them) - exported.height


def _publisher() -> str:
    try:
        login = getpass.getuser()
    except (OSError, KeyError):
        login = "unknown"
    return quoted(f"{login}@{socket.gethostname()}")
