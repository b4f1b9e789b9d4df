"""One history for a team: the snapshots of every machine, as Parquet files in a place that all of them reach.

``<place>/documents/`` and ``<place>/snapshots/`` hold one file each per call that published something, with the columns
of the tables ``snapshot_documents`` and ``snapshots``, and who published them when. A file is never changed. The file
of the documents comes first: what a reader finds in ``snapshots`` is complete.
"""

from __future__ import annotations

import getpass
import secrets
import socket
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions, StoreError
from scrypath.memory import place, store
from scrypath.memory.engine import quoted
from scrypath.memory.place import Place
from scrypath.memory.sql import load
from scrypath.redaction import redact


def publish(config: Config, url: str | Path) -> int:
    """Write the snapshots of this machine that are not there yet.

    Parameters
    ----------
    config
        Names the file to publish from.
    url
        A local path, or any URL that fsspec knows.

    Returns
    -------
    int
        How many snapshots were published; 0 when all were there.

    Raises
    ------
    ConfigError
        When fsspec is needed and not installed.
    StoreBusy, StoreError
        When the file cannot be read, or the place not written.
    """
    target = place.find(url)
    part = f"{datetime.now(UTC):%Y%m%dT%H%M%S}-{secrets.token_hex(4)}.parquet"
    with tempfile.TemporaryDirectory(prefix="scrypath-") as folder:
        files = {table: Path(folder, f"{table}.parquet") for table in ("documents", "snapshots")}
        published = _export(config, files, _published_ids(target))
        if published:
            for table, file in files.items():
                target.put(file, f"{table}/{part}")
    return published


@contextmanager
def history(url: str | Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which ``snapshots`` and ``snapshot_documents`` are what was published, for the block.

    Parameters
    ----------
    url
        As it was given to :func:`publish`.

    Raises
    ------
    InvalidOptions
        When nothing was published there.
    StoreError
        When it cannot be read.
    """
    source = place.find(url)
    found = source.files("snapshots")
    if not found:
        raise InvalidOptions(
            f"Nothing was published under {source.shown}.",
            hint="Check the URL, or publish to it with: scrypath snapshots publish <url>",
        )
    with _reading(source) as connection:
        connection.execute(
            load("published_history")
            .replace("$snapshot_files", _names(found))
            .replace("$document_files", _names(source.files("documents")))
        )
        yield connection


def _export(config: Config, files: dict[str, Path], published: pl.DataFrame) -> int:
    with (
        store.connect(config, read_only=True) as connection,
        store.staged(connection, published=published),
    ):
        for table, file in files.items():
            query = load(f"publish_{table}").rstrip().removesuffix(";").replace("$publisher", _publisher())
            connection.execute(f"COPY ({query}) TO {quoted(file)} (FORMAT parquet, COMPRESSION zstd)")
        [(count,)] = connection.execute(
            f"SELECT count(*) FROM read_parquet({quoted(files['snapshots'])})"
        ).fetchall()
    return int(count)


def _published_ids(target: Place) -> pl.DataFrame:
    found = target.files("snapshots")
    if not found:
        return pl.DataFrame(schema={"snapshot_id": pl.String()})
    with _reading(target) as connection:
        published: pl.DataFrame = connection.sql(
            f"SELECT DISTINCT snapshot_id FROM read_parquet({_names(found)})"
        ).pl()
    return published


@contextmanager
def _reading(source: Place) -> Iterator[duckdb.DuckDBPyConnection]:
    # An engine of its own: the file system stays registered for as long as an engine lives.
    settings: dict[str, str | bool | int | float | list[str]] = {
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
    }
    with duckdb.connect(":memory:", config=settings) as connection:
        try:
            if source.filesystem is not None:
                connection.register_filesystem(source.filesystem)
            connection.execute("SET TimeZone = 'UTC'")
            yield connection
        except duckdb.Error as error:
            first_line = redact(str(error).partition("\n")[0])
            raise StoreError(
                f"{source.shown} cannot be read: {first_line}",
                hint="Move the file it names away; what is in the memory of its machine is published again.",
            ) from None


def _names(files: list[str]) -> str:
    return f"[{', '.join(quoted(name) for name in files)}]"


def _publisher() -> str:
    try:
        login = getpass.getuser()
    except (OSError, KeyError):
        login = "unknown"
    return quoted(f"{login}@{socket.gethostname()}")
