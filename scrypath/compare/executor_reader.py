"""A schema read on an executor: in ranges of rows and of documents that are joined here, or completely."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future
from functools import partial
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any

from scrypath.compare import local_reader, scratch
from scrypath.compare.executor import ReadTask, run_all
from scrypath.compare.fingerprint_tables import document_tables, row_fingerprints
from scrypath.compare.page_overlap import PageOverlap, complete
from scrypath.compare.read_job import ReadJob, read_job, ref_of
from scrypath.compare.scratch import Scanned
from scrypath.meilisearch import indexes
from scrypath.schema import SearchSchema
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

PAGES = 2  # pages of the configured size in one part


def read_divided(
    ref: IndexRef,
    verify: Verification,
    indexed: bool,
    *,
    executor: Executor,
    on_progress: Callable[[int], Any] = lambda _: None,
) -> Scanned:
    """Read both sides in parts on an executor, and join them here.

    Parameters
    ----------
    ref
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
    job = read_job(ref, verify, executor)
    with scratch.scratch() as connection:
        to_read = _row_tasks(connection, ref.schema, job, on_progress)
        nothing_missed = True
        for reading in range(local_reader.PASSES if indexed else 0):
            overlaps: dict[int, PageOverlap] = {}
            documents = _document_tasks(
                connection, ref.schema, job.again(), overlaps, on_progress if reading == 0 else lambda _: None
            )
            run_all(executor, _alternating(to_read, documents))
            nothing_missed = complete(overlaps[start] for start in sorted(overlaps))
            if nothing_missed:
                break
        run_all(executor, to_read)  # where there is no index
        return scratch.joined(connection, complete=nothing_missed)


def read_elsewhere(
    ref: IndexRef,
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
    job = read_job(ref, verify, executor)
    found: list[Scanned] = []
    task = ReadTask(f"both sides of {ref.schema.name}", partial(scan_both_sides, job, indexed), found.append)
    run_all(executor, [task], stopped=stopped)
    on_progress(found[0].rows + found[0].documents)
    return found[0]


def scan_both_sides(job: ReadJob, indexed: bool) -> Scanned:
    """A schema read and joined: what a worker runs."""
    return local_reader.read_here(ref_of(job), job.verify, indexed)


def rows_part(job: ReadJob, part: Part) -> pa.Table:
    """``id``, ``fingerprint`` and ``problem`` of a range of rows: what a worker runs."""
    return row_fingerprints(ref_of(job), part)


def documents_part(job: ReadJob, start: int, stop: int | None) -> tuple[pa.Table, PageOverlap]:
    """``id`` and ``fingerprint`` of a range of documents, and how its pages joined: what a worker runs."""
    import pyarrow as pa

    overlap = PageOverlap()
    tables = document_tables(ref_of(job), job.verify, overlap, start=start, stop=stop)
    return pa.concat_tables(tables), overlap


def _row_tasks(
    connection: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    job: ReadJob,
    on_progress: Callable[[int], Any],
) -> Iterator[ReadTask]:
    def take(table: pa.Table) -> None:
        scratch.insert(connection, "rows_side", table)
        on_progress(table.num_rows)

    for part in rows.parts(IndexRef.live(schema, job.config), PAGES * job.config.page_size):
        after = "" if part.after is None else f" after id {part.after}"
        upto = "" if part.upto is None else f" up to id {part.upto}"
        yield ReadTask(f"the rows of {schema.name}{after}{upto}", partial(rows_part, job, part), take)


def _document_tasks(
    connection: duckdb.DuckDBPyConnection,
    schema: SearchSchema,
    job: ReadJob,
    overlaps: dict[int, PageOverlap],
    on_progress: Callable[[int], Any],
) -> Iterator[ReadTask]:
    def take(start: int, found: tuple[pa.Table, PageOverlap]) -> None:
        table, overlap = found
        scratch.insert(connection, "documents_side", table)
        overlaps[start] = overlap
        on_progress(
            max(0, table.num_rows - (overlap.pages - 1) - (start > 0))
        )  # each page but the first overlaps

    total = indexes.stats(job.config, schema.index_name(job.config)).number_of_documents
    size = PAGES * job.config.page_size
    # A range begins with the document that the one before ends with: so it can be seen whether they join.
    starts = range(0, max(1, total), max(1, size - 1))
    for start in starts:
        stop = None if start == starts[-1] else start + size  # the last one also takes what comes later
        name = f"the documents of {schema.name} from position {start}"
        yield ReadTask(name, partial(documents_part, job, start, stop), partial(take, start))


def _alternating(*sides: Iterator[ReadTask]) -> Iterator[ReadTask]:
    # Both servers are asked at the same time.
    return (task for task in chain.from_iterable(zip_longest(*sides)) if task is not None)
