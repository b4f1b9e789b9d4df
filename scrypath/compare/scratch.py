"""A DuckDB of its own for one comparison: both sides by id and fingerprint, and what differs between them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from scrypath.duck import computing
from scrypath.temporary_folder import temporary_folder

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

SIDES = """
CREATE TABLE rows_side (id VARCHAR, fingerprint VARCHAR, problem VARCHAR);
CREATE TABLE documents_side (id VARCHAR, fingerprint VARCHAR);
"""
# Documents that came twice, because pages shifted, are made one: the first of a pair is as good as the other.
SUSPECTS = """
SELECT coalesce(r.id, d.id) AS document_id, r.fingerprint AS row_fingerprint,
       d.fingerprint AS document_fingerprint, r.id IS NOT NULL AS has_row, d.id IS NOT NULL AS has_document
FROM rows_side r FULL JOIN documents_side d ON r.id = d.id
WHERE r.fingerprint IS DISTINCT FROM d.fingerprint OR r.id IS NULL OR d.id IS NULL OR r.problem IS NOT NULL
"""
WITHOUT_ID = "SELECT count(*) FROM rows_side WHERE id = ''"
TOTALS = "SELECT (SELECT count(*) FROM rows_side), (SELECT count(DISTINCT id) FROM documents_side)"
MEMORY = "128MB"  # for ids and fingerprints; what does not fit is spilled to the scratch folder


@dataclass(frozen=True, slots=True)
class Scanned:
    """Both sides read and joined.

    Parameters
    ----------
    suspects
        ``document_id``, ``row_fingerprint``, ``document_fingerprint``, ``has_row``, ``has_document`` of everything
        that did not look the same on both sides.
    rows, documents
        How many there are on each side.
    complete
        False: documents may have been overlooked, because others were deleted while they were read.
    without_id
        Rows that have no id; among the suspects they are one, whose id is empty.
    """

    suspects: pl.DataFrame
    rows: int
    documents: int
    complete: bool = True
    without_id: int = 0


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own for one comparison; nothing of it stays."""
    import duckdb

    with ExitStack() as opened:
        with computing():
            folder = opened.enter_context(temporary_folder())
            # In memory and spilled: a database file would be written completely, and its log too, for one comparison.
            connection = duckdb.connect(
                ":memory:",
                config={
                    "memory_limit": MEMORY,
                    "temp_directory": str(folder),
                    "threads": 2,
                    "preserve_insertion_order": False,
                },
            )
            opened.callback(connection.close)
            connection.execute(SIDES)
        yield connection


def insert(cursor: duckdb.DuckDBPyConnection, side: str, table: pa.Table) -> None:
    """Put a table into a side of a :func:`scratch`."""
    with computing():
        cursor.register("batch", table)
        cursor.execute(f"INSERT INTO {side} BY NAME FROM batch")
        cursor.unregister("batch")


def joined(connection: duckdb.DuckDBPyConnection, *, complete: bool) -> Scanned:
    """What the two sides of a :func:`scratch` say about each other."""
    without_id = 0
    with computing():
        suspects = connection.sql(SUSPECTS).pl().unique("document_id", keep="first").sort("document_id")
        [(row_count, document_count)] = connection.execute(TOTALS).fetchall()
        if "" in suspects["document_id"]:
            [(without_id,)] = connection.execute(WITHOUT_ID).fetchall()
    return Scanned(suspects, row_count, document_count, complete, without_id)
