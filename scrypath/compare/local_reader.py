"""Both sides of a comparison read at once, in this process."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

from scrypath.compare.fingerprint_tables import document_tables, row_query, unprojectable_table
from scrypath.compare.page_overlap import PageOverlap
from scrypath.compare.scratch import Scanned, insert, joined, scratch
from scrypath.compare.waiting import all_or_failure
from scrypath.errors import IndexNotFound
from scrypath.meilisearch import indexes
from scrypath.reach import submit
from scrypath.schema.documents import computed
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.ahead import ahead
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import duckdb

PASSES = 3  # readings of an index from which documents are being deleted, before it is called unreadable


type Reader = Callable[[IndexRef, Verification, bool], Scanned]
"""Reads both sides of a schema by fingerprint or content; the last argument says whether there is an index."""


def size(ref: IndexRef) -> int:
    """How many rows and documents there are to read."""
    try:
        documents = indexes.stats(ref.config, ref.uid).number_of_documents
    except IndexNotFound:
        documents = 0
    return rows.count(ref) + documents


def read_here(
    ref: IndexRef,
    verify: Verification,
    indexed: bool,
    *,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> Scanned:
    """Read both sides in this process, in parallel, and join them.

    Parameters
    ----------
    ref
        What is compared.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    indexed
        False: there is no index, and only rows are read.
    on_progress
        Called with the number of rows or documents just read.
    """
    with scratch() as connection:
        if indexed:
            complete = both_sides(connection, ref, verify=verify, on_progress=on_progress)
        else:
            _rows(connection.cursor(), ref, Event(), on_progress)
            complete = True
        return joined(connection, complete=complete)


def both_sides(
    connection: duckdb.DuckDBPyConnection,
    ref: IndexRef,
    *,
    verify: Verification,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> bool:
    """Fill the scratch tables from the database and from the index, in parallel; False: documents may be left out.

    Parameters
    ----------
    connection
        A :func:`scratch`.
    ref
        What is compared.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    on_progress
        Called with the number of rows or documents just read.
    """
    stop, one_at_a_time = Event(), Lock()

    def advance(count: int) -> None:
        with one_at_a_time:
            on_progress(count)

    with ThreadPoolExecutor(2, thread_name_prefix="scrypath-scan") as pool:
        left = submit(pool, _rows, connection.cursor(), ref, stop, advance)
        right = submit(
            pool, _documents, connection.cursor(), ref, verify=verify, stop=stop, on_progress=advance
        )
        sides: list[Future[Any]] = [left, right]
        try:
            all_or_failure(sides)
        finally:
            stop.set()  # after a failure or an interruption the other side ends early; otherwise both have ended
        left.result()
        return right.result()


def _rows(
    cursor: duckdb.DuckDBPyConnection,
    ref: IndexRef,
    stop: Event,
    on_progress: Callable[[int], Any],
) -> None:
    # What is being fetched ahead has come before the stream is closed.
    with (
        cursor,
        rows.stream_portions(ref) as portions,
        closing(ahead(portions)) as coming,
    ):
        for portion in coming:
            if stop.is_set():
                return
            insert(cursor, "rows_side", computed(row_query(ref.schema), portion.table))
            if portion.unprojectable:
                insert(cursor, "rows_side", unprojectable_table(portion.unprojectable))
            on_progress(portion.table.num_rows + len(portion.unprojectable))


def _documents(
    cursor: duckdb.DuckDBPyConnection,
    ref: IndexRef,
    *,
    verify: Verification,
    stop: Event,
    on_progress: Callable[[int], Any],
) -> bool:
    with cursor:
        for reading in range(PASSES):
            overlap = PageOverlap()
            for table in document_tables(ref, verify, overlap):
                if stop.is_set():
                    return False
                insert(cursor, "documents_side", table)
                if not reading:
                    on_progress(max(0, table.num_rows - (overlap.pages > 1)))
            if not overlap.gap:
                return True
        return False
