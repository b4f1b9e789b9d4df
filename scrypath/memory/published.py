"""Reading what a team published: the Parquet files of all its machines as one history."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb
import polars as pl

from scrypath.errors import InvalidOptions, StoreError
from scrypath.memory import layout, place
from scrypath.memory.engine import quoted
from scrypath.memory.place import Place
from scrypath.memory.sql import load


def ids(target: Place) -> pl.DataFrame:
    """The ids of what was published completely, as one column ``snapshot_id``.

    Raises
    ------
    StoreError
        When the place cannot be read.
    """
    complete = set(target.files("documents"))
    found = [part for part in target.files("snapshots") if part in complete]
    if not found:
        return pl.DataFrame(schema={"snapshot_id": pl.String()})
    with _reading(target) as connection:
        files = _addresses(target, "snapshots", found)
        query = f"SELECT DISTINCT snapshot_id FROM read_parquet({files}, union_by_name = true)"
        frame: pl.DataFrame = connection.sql(query).pl()
    return frame


@contextmanager
def history(url: str | Path, detailed: Sequence[str] = ()) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection in which ``snapshots`` and ``snapshot_documents`` are what was published, for the block.

    Files of an older and of a newer Scrypath are read together, column by name. A snapshot that was published twice
    is there once.

    Parameters
    ----------
    url
        As it was given to publish.
    detailed
        Ids of the snapshots whose evidence and documents are read; those of others are not.

    Raises
    ------
    InvalidOptions
        When nothing was published there.
    StoreError
        When it cannot be read, or the documents of a detailed snapshot are not there.
    """
    source = place.find(url)
    parts = source.files("snapshots")
    if not parts:
        raise InvalidOptions(
            f"Nothing was published under {source.shown}.",
            hint="Check the URL, or publish to it with: scrypath snapshots publish <url>",
        )
    complete = set(source.files("documents"))
    with _reading(source) as connection:
        connection.execute("CREATE SCHEMA own")
        connection.execute("USE own")
        layout.migrate(connection, Path(source.root), found=0)
        connection.execute("USE main")
        connection.register(
            "complete", pl.DataFrame({"part": sorted(complete)}, schema={"part": pl.String()})
        )
        connection.execute(
            load("published_snapshots").replace("$files", _addresses(source, "snapshots", parts))
        )
        holding = _holding(connection, detailed)
        for part in holding:
            if part not in complete:
                raise StoreError(
                    f"{source.shown} cannot be read: documents/{part} is missing, "
                    f"but snapshots/{part} refers to it.",
                    hint="Publish again from the machine that holds the snapshot, or bring the file back.",
                )
        if holding:
            connection.execute(
                load("published_details")
                .replace("$snapshot_files", _addresses(source, "snapshots", holding))
                .replace("$document_files", _addresses(source, "documents", holding))
            )
        yield connection


def _holding(connection: duckdb.DuckDBPyConnection, detailed: Sequence[str]) -> list[str]:
    found = connection.execute(
        "SELECT DISTINCT part FROM chosen WHERE list_contains($1, snapshot_id) ORDER BY part",
        [list(detailed)],
    ).fetchall()
    return [part for (part,) in found]


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
            first_line = source.clean(str(error).partition("\n")[0])
            raise StoreError(
                f"{source.shown} cannot be read: {first_line}",
                hint="Move that file elsewhere; the machine that holds its snapshots publishes them again.",
            ) from None


def _addresses(source: Place, folder: str, parts: Sequence[str]) -> str:
    return f"[{', '.join(quoted(source.address(f'{folder}/{part}')) for part in parts)}]"
