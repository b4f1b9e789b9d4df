"""Opening the DuckDB file for one operation, and moving frames in and out of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from scrypath.config import Config
from scrypath.frame_schema import FrameSchema
from scrypath.memory import layout
from scrypath.memory.engine import attached, unwritable
from scrypath.memory.lock import Patience, held

type Parameters = Sequence[Any] | Mapping[str, Any]


@contextmanager
def connect(config: Config, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open the DuckDB file for the block, waiting for other processes and threads.

    A block that writes is one transaction: committed at its end, rolled back by any exception. The file is made, or
    migrated from an older layout, when that is needed. Blocks of one thread must not be nested.

    Parameters
    ----------
    config
        ``store_path`` names the file, ``store_timeout`` the longest wait in seconds.
    read_only
        True: together with other readers, and nothing can be written.

    Yields
    ------
    duckdb.DuckDBPyConnection
        Closed at the end of the block; results must be fetched before.

    Raises
    ------
    StoreBusy
        When the file was not free in time.
    StoreError
        When the file cannot be opened, is not Scrypath's, or a statement fails.
    """
    path = config.store_path.absolute()
    patience = Patience(path, config.store_timeout)
    if not read_only:
        with _writing(path, patience) as connection:
            yield connection
        return
    if not layout.missing(path):
        with _reading(path, patience) as connection:
            if layout.version(connection, path) == layout.CURRENT:
                yield connection
                return
    with _writing(path, patience):
        pass
    with _reading(path, patience) as connection:
        yield connection


def fetch(
    connection: duckdb.DuckDBPyConnection,
    schema: FrameSchema,
    query: str,
    parameters: Parameters | None = None,
) -> pl.DataFrame:
    """The rows of a query as a frame of the given schema."""
    return schema.conform(read(connection, query, parameters))


def read(
    connection: duckdb.DuckDBPyConnection, query: str, parameters: Parameters | None = None
) -> pl.DataFrame:
    """The rows of a query as a frame of DuckDB's own types."""
    return pl.DataFrame(_Stream(connection.sql(query, params=parameters)))


def append(connection: duckdb.DuckDBPyConnection, table: str, frame: pl.DataFrame) -> None:
    """Insert a frame into a table, column by name; columns that the frame lacks get their default."""
    with staged(connection, staged_rows=frame):
        connection.execute(f"INSERT INTO {table} BY NAME SELECT * FROM staged_rows")


@contextmanager
def staged(connection: duckdb.DuckDBPyConnection, **frames: pl.DataFrame) -> Iterator[None]:
    """Frames as tables of the given names, for the statements of the block."""
    for name, frame in frames.items():
        connection.register(name, frame)
    yield
    for name in frames:
        connection.unregister(name)


class _Stream:
    """Rows as an Arrow stream: by way of ``.pl()``, a small question would import pyarrow and numpy first.

    Polars remembers the types it was given, and DuckDB complains at exit about any of its own that are remembered.
    """

    def __init__(self, rows: duckdb.DuckDBPyRelation) -> None:
        self._rows = rows

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        return self._rows.__arrow_c_stream__(requested_schema)


@contextmanager
def _writing(path: Path, patience: Patience) -> Iterator[duckdb.DuckDBPyConnection]:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise unwritable(f"The folder of {path}", path.parent, error) from error
    with held(path, patience, shared=False):
        layout.create(path)
        with attached(path, patience, read_only=False) as connection:
            found = layout.version(connection, path)
            connection.execute("BEGIN TRANSACTION")
            try:
                layout.migrate(connection, path, found)
                yield connection
            except BaseException:
                with suppress(duckdb.Error):
                    connection.rollback()
                raise
            connection.commit()


@contextmanager
def _reading(path: Path, patience: Patience) -> Iterator[duckdb.DuckDBPyConnection]:
    with held(path, patience, shared=True), attached(path, patience, read_only=True) as connection:
        yield connection
