"""Reading both sides of a comparison at once into a scratch DuckDB that spills to disk."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from tempfile import TemporaryDirectory
from threading import Event, Lock
from typing import TYPE_CHECKING, Any

import polars as pl

from scrypath.compare.fingerprints import document_fingerprints, id_of, unnamed
from scrypath.compare.page_overlap import Seam
from scrypath.compare.waiting import all_or_failure
from scrypath.config import Config
from scrypath.errors import IndexNotFound
from scrypath.meilisearch import documents as wire
from scrypath.meilisearch import indexes
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.columns import Misfit
from scrypath.schema.documents import computed, fingerprint_sql, id_sql, identifier
from scrypath.source import rows
from scrypath.source.ahead import ahead
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

    from scrypath.source.adbc import Connection

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
NAMELESS = "SELECT count(*) FROM rows_side WHERE id = ''"
TOTALS = "SELECT (SELECT count(*) FROM rows_side), (SELECT count(DISTINCT id) FROM documents_side)"
PASSES = 3  # readings of an index from which documents are being deleted, before it is called unreadable
MEMORY = "128MB"  # DuckDB's share; what does not fit is spilled to the scratch folder


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
    whole
        False: documents may have been overlooked, because others were deleted while they were read.
    nameless
        Rows that have no id; among the suspects they are one, whose id is empty.
    """

    suspects: pl.DataFrame
    rows: int
    documents: int
    whole: bool = True
    nameless: int = 0


type Reader = Callable[[SearchSchema, Config, Verification, bool], Scanned]
"""Reads both sides of a schema by fingerprint or content; the last argument says whether there is an index."""


def size(schema: SearchSchema, config: Config) -> int:
    """How many rows and documents there are to read."""
    try:
        documents = indexes.stats(config, schema.index_name(config)).number_of_documents
    except IndexNotFound:
        documents = 0
    return rows.count(schema, config) + documents


def read_here(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    indexed: bool,
    *,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> Scanned:
    """Read both sides in this process, in parallel, and join them.

    Parameters
    ----------
    schema, config
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
            complete = both_sides(connection, schema, config, verify=verify, on_progress=on_progress)
        else:
            _rows(connection.cursor(), schema, config, Event(), on_progress)
            complete = True
        return joined(connection, whole=complete)


def joined(connection: duckdb.DuckDBPyConnection, *, whole: bool) -> Scanned:
    """What the two sides of a :func:`scratch` say about each other."""
    suspects = connection.sql(SUSPECTS).pl().unique("document_id", keep="first").sort("document_id")
    [(row_count, document_count)] = connection.execute(TOTALS).fetchall()
    nameless = 0
    if "" in suspects["document_id"]:
        [(nameless,)] = connection.execute(NAMELESS).fetchall()
    return Scanned(suspects, row_count, document_count, whole, nameless)


@contextmanager
def scratch() -> Iterator[duckdb.DuckDBPyConnection]:
    """A DuckDB of its own for one comparison; nothing of it stays."""
    import duckdb

    with TemporaryDirectory(prefix="scrypath-") as folder:
        # In memory and spilled: a database file would be written whole, and its log too, for one look.
        connection = duckdb.connect(
            ":memory:",
            config={
                "memory_limit": MEMORY,
                "temp_directory": folder,
                "threads": 2,
                "preserve_insertion_order": False,
            },
        )
        try:
            connection.execute(SIDES)
            yield connection
        finally:
            connection.close()


def both_sides(
    connection: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    config: Config,
    *,
    verify: Verification,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> bool:
    """Fill the scratch tables from the database and from the index, in parallel; False: documents may be left out.

    Parameters
    ----------
    connection
        A :func:`scratch`.
    schema, config
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
        left = pool.submit(_rows, connection.cursor(), schema, config, stop, advance)
        right = pool.submit(
            _documents, connection.cursor(), schema, config, verify=verify, stop=stop, on_progress=advance
        )
        sides: list[Future[Any]] = [left, right]
        try:
            all_or_failure(sides)
        finally:
            stop.set()  # after a failure or an interruption the other side ends early; otherwise both have ended
        left.result()
        return right.result()


def row_fingerprints(
    schema: SearchSchema, config: Config, part: Part, *, over: Connection | None = None
) -> pa.Table:
    """``id``, ``fingerprint`` and ``problem`` of some rows, as the scan sees them; ``over`` as for ``rows.stream``."""
    import pyarrow as pa

    misfits: list[Misfit] = []
    with rows.stream(schema, config, part, misfits=misfits, over=over) as tables:
        found = [computed(_row_query(schema), table) for table in tables]
    if misfits or not found:  # made of Python's values, it has pyarrow import pandas
        found.append(_misfit_table(misfits))
    return pa.concat_tables(found)


def document_tables(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    seam: Seam,
    *,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[pa.Table]:
    """``id`` and ``fingerprint`` of documents, page by page, as the scan sees them.

    Parameters
    ----------
    schema, config
        Whose documents.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    seam
        Learns whether the pages left nothing out.
    start, stop
        Positions, ``stop`` exclusive; default: the whole index.

    Raises
    ------
    BackendRejected
        When a document has no field of the schema's ``document_id``.
    """
    by_content = verify is Verification.CONTENT
    fields = (
        [field.name for field in schema.fields] if by_content else [schema.document_id, FINGERPRINT_FIELD]
    )
    for page in wire.pages(
        config, schema.index_name(config), fields=fields, start=start, stop=stop, overlap=1
    ):
        if by_content:
            documents = page.documents()
            ids = [id_of(schema, document) for document in documents[:1] + documents[-1:]]
            table = document_fingerprints(schema, documents)
        else:
            table = wire.columns(page, fields).rename_columns(["id", "fingerprint"])
            if table.column("id").null_count:
                raise unnamed(schema)
            ids = [table.column("id")[place].as_py() for place in (0, -1)] if page.count else []
        seam.follow(*(ids or (None, None)))
        yield table


def _rows(
    cursor: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    config: Config,
    stop: Event,
    on_progress: Callable[[int], Any],
) -> None:
    misfits: list[Misfit] = []
    # What is being fetched ahead has come before the stream is closed.
    with (
        cursor,
        rows.stream(schema, config, misfits=misfits) as tables,
        closing(ahead(tables)) as coming,
    ):
        for table in coming:
            if stop.is_set():
                return
            insert(cursor, "rows_side", table, _row_query(schema))
            on_progress(table.num_rows + _insert_misfits(cursor, misfits))
        on_progress(_insert_misfits(cursor, misfits))


def _insert_misfits(cursor: duckdb.DuckDBPyConnection, misfits: list[Misfit]) -> int:
    known = misfits[:]
    if known:
        del misfits[: len(known)]  # the next ones may be on their way in
        insert(cursor, "rows_side", _misfit_table(known))
    return len(known)


def _misfit_table(misfits: Sequence[Misfit]) -> pa.Table:
    import pyarrow as pa

    names = ("id", "fingerprint", "problem")
    said = [dict(zip(names, (shown, None, why), strict=True)) for shown, why in misfits]
    return pa.Table.from_pylist(said, schema=pa.schema([(name, pa.string()) for name in names]))


def insert(cursor: duckdb.DuckDBPyConnection, side: str, table: pa.Table, query: str = "FROM batch") -> None:
    """Put a table, or what a query makes of it as ``batch``, into a side of a :func:`scratch`."""
    cursor.register("batch", table)
    cursor.execute(f"INSERT INTO {side} BY NAME {query}")
    cursor.unregister("batch")


def _row_query(schema: SearchSchema) -> str:
    key, fingerprint = id_sql(schema), fingerprint_sql(schema)
    raw = identifier(schema.document_id)
    return f"""
        SELECT coalesce(key, raw, '') AS id, fingerprint,
               CASE WHEN key IS NULL THEN 'The id is one that Meilisearch refuses.'
                    WHEN fingerprint IS NULL THEN 'A number is not finite.' END AS problem
        FROM (SELECT {key} AS key, {raw}::VARCHAR AS raw, {fingerprint} AS fingerprint FROM batch)
    """


def _documents(
    cursor: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    config: Config,
    *,
    verify: Verification,
    stop: Event,
    on_progress: Callable[[int], Any],
) -> bool:
    with cursor:
        for reading in range(PASSES):
            seam = Seam()
            for table in document_tables(schema, config, verify, seam):
                if stop.is_set():
                    return False
                insert(cursor, "documents_side", table)
                if not reading:
                    on_progress(max(0, table.num_rows - (seam.pages > 1)))
            if not seam.torn:
                return True
        return False
