"""A schema read on an executor: in ranges of rows and of documents that are joined here, or whole."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from scrypath.compare import local_reader
from scrypath.compare.executor import Task, carry_out
from scrypath.compare.local_reader import Scanned
from scrypath.compare.page_overlap import Seam, whole
from scrypath.compare.read_job import Order, order, schema_of
from scrypath.config import Config
from scrypath.meilisearch import indexes
from scrypath.schema import SearchSchema
from scrypath.source import rows
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

PAGES = 2  # pages of the configured size in one part


def read_divided(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    indexed: bool,
    *,
    executor: Executor,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> Scanned:
    """Read both sides in parts on an executor, and join them here.

    Parameters
    ----------
    schema, config
        What is compared.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    indexed
        False: there is no index, and only rows are read.
    executor
        Where the parts are read; it is left running.
    on_progress
        Called with the number of rows or documents just read.

    Raises
    ------
    SchemaError
        When the executor's workers could not find the schema, or have it in another form.
    PartFailed
        When a part was lost, by a worker that died, say. An error that a part itself met is raised as it is.
    """
    told = order(schema, config, verify, executor)
    with local_reader.scratch() as connection:
        to_read = _row_tasks(connection, schema, told, on_progress)
        complete = True
        for reading in range(local_reader.PASSES if indexed else 0):
            seams: dict[int, Seam] = {}
            documents = _document_tasks(
                connection, schema, told.again(), seams, on_progress if reading == 0 else lambda _: None
            )
            carry_out(executor, _alternating(to_read, documents))
            complete = whole(seams[start] for start in sorted(seams))
            if complete:
                break
        carry_out(executor, to_read)  # where there is no index
        return local_reader.joined(connection, whole=complete)


def read_elsewhere(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    indexed: bool,
    *,
    executor: Executor,
    stopped: Future[None] | None = None,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> Scanned:
    """Have one worker of an executor read and join both sides; parameters and errors as of :func:`read_divided`.

    Parameters
    ----------
    stopped
        Done: nobody waits for the result any more.
    """
    told = order(schema, config, verify, executor)
    found: list[Scanned] = []
    task = Task(f"both sides of {schema.name}", partial(both_sides, told, indexed), found.append)
    carry_out(executor, [task], stopped=stopped)
    on_progress(found[0].rows + found[0].documents)
    return found[0]


def both_sides(order: Order, indexed: bool) -> Scanned:
    """A schema read and joined: what a worker runs."""
    return local_reader.read_here(schema_of(order), order.config, order.verify, indexed)


def rows_part(order: Order, part: Part) -> pa.Table:
    """``id``, ``fingerprint`` and ``problem`` of a range of rows: what a worker runs."""
    return local_reader.row_fingerprints(schema_of(order), order.config, part)


def documents_part(order: Order, start: int, stop: int | None) -> tuple[pa.Table, Seam]:
    """``id`` and ``fingerprint`` of a range of documents, and how its pages joined: what a worker runs."""
    import pyarrow as pa

    seam = Seam()
    tables = local_reader.document_tables(
        schema_of(order), order.config, order.verify, seam, start=start, stop=stop
    )
    return pa.concat_tables(tables), seam


def _row_tasks(
    connection: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    told: Order,
    on_progress: Callable[[int], Any],
) -> Iterator[Task]:
    def take(table: pa.Table) -> None:
        local_reader.insert(connection, "rows_side", table)
        on_progress(table.num_rows)

    for part in rows.parts(schema, told.config, PAGES * told.config.page_size):
        after = "" if part.after is None else f" after id {part.after}"
        upto = "" if part.upto is None else f" up to id {part.upto}"
        yield Task(f"the rows of {schema.name}{after}{upto}", partial(rows_part, told, part), take)


def _document_tasks(
    connection: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    told: Order,
    seams: dict[int, Seam],
    on_progress: Callable[[int], Any],
) -> Iterator[Task]:
    def take(start: int, found: tuple[pa.Table, Seam]) -> None:
        table, seam = found
        local_reader.insert(connection, "documents_side", table)
        seams[start] = seam
        on_progress(
            max(0, table.num_rows - (seam.pages - 1) - (start > 0))
        )  # each page but the first overlaps

    total = indexes.stats(told.config, schema.index_name(told.config)).number_of_documents
    size = PAGES * told.config.page_size
    # A range begins with the document that the one before ends with: so it can be seen whether they join.
    starts = range(0, max(1, total), max(1, size - 1))
    for start in starts:
        stop = None if start == starts[-1] else start + size  # the last one also takes what comes later
        name = f"the documents of {schema.name} from position {start}"
        yield Task(name, partial(documents_part, told, start, stop), partial(take, start))


def _alternating(*sides: Iterator[Task]) -> Iterator[Task]:
    # Both servers are asked at the same time.
    return (task for task in chain.from_iterable(zip_longest(*sides)) if task is not None)
