"""One comparison divided: ranges of rows and of documents, read on any executor and joined here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from functools import partial
from hashlib import md5
from itertools import chain, zip_longest
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from scrypath.config import Config
from scrypath.errors import InvalidOptions, PartFailed, SchemaError, ScrypathError
from scrypath.meilisearch import indexes
from scrypath.operator import scan
from scrypath.operator.scan import Scanned
from scrypath.operator.seam import Seam, whole
from scrypath.redaction import redact
from scrypath.schema import SearchSchema, registry
from scrypath.schema.documents import fingerprint_sql
from scrypath.source import rows, selection
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import pyarrow as pa

PAGES = 2  # pages of the configured size in one part
IN_FLIGHT = 16  # parts handed to the executor and not taken back yet: what bounds the memory here


@dataclass(frozen=True, slots=True)
class Order:
    """What every part of one comparison needs to know; it travels to the worker as it is.

    Parameters
    ----------
    run
        Of this comparison alone: an executor that remembers results must not answer from another one.
    schema
        Import string; the schema itself for an executor that stays in this process.
    definition
        How the rows and their fingerprint are defined here, to be the same where the part is read.
    config
        Names the database and the server.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    """

    run: str
    schema: str | SearchSchema
    definition: str
    config: Config
    verify: Verification


@dataclass(frozen=True, slots=True)
class _Task:
    """A part to be read: what it is called in messages, what reads it, and what takes its result."""

    name: str
    read: Callable[[], Any]
    take: Callable[[Any], None]


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
    order = _order(schema, config, verify, executor)
    with scan.scratch() as connection:

        def take_rows(table: pa.Table) -> None:
            scan.insert(connection, "rows_side", table)
            on_progress(table.num_rows)

        row_tasks = (
            _Task(_row_name(part), partial(rows_part, order, part), take_rows)
            for part in rows.parts(schema, config, PAGES * config.page_size)
        )
        complete = True
        for reading in range(scan.PASSES if indexed else 0):
            seams: dict[int, Seam] = {}

            def take_documents(
                start: int, found: tuple[pa.Table, Seam], seams: dict[int, Seam] = seams, again: int = reading
            ) -> None:
                table, seams[start] = found
                scan.insert(connection, "documents_side", table)
                if not again:
                    on_progress(table.num_rows)

            document_tasks = (
                _Task(
                    f"the documents from position {start}",
                    partial(documents_part, order, start, stop),
                    partial(take_documents, start),
                )
                for start, stop in _ranges(schema, config)
            )
            _carry_out(executor, schema, _alternating(row_tasks, document_tasks))
            complete = whole(seams[start] for start in sorted(seams))
            if complete:
                break
        else:
            _carry_out(executor, schema, row_tasks)
        return scan.joined(connection, whole=complete)


def rows_part(order: Order, part: Part) -> pa.Table:
    """``id``, ``fingerprint`` and ``problem`` of a range of rows: what a worker runs."""
    return scan.row_fingerprints(_schema(order), order.config, part)


def documents_part(order: Order, start: int, stop: int | None) -> tuple[pa.Table, Seam]:
    """``id`` and ``fingerprint`` of a range of documents, and how its pages joined: what a worker runs.

    The document before the range is read with it, so that it can be seen whether the ranges join.
    """
    import pyarrow as pa

    seam = Seam()
    tables = scan.document_tables(
        _schema(order), order.config, order.verify, seam, start=max(0, start - 1), stop=stop
    )
    return pa.concat_tables(tables), seam


def definition(schema: SearchSchema) -> str:
    """A hash of what a schema's rows are and of what their fingerprint is made of."""
    said = f"{selection.ids(schema, Part())}\n{fingerprint_sql(schema)}"
    return md5(said.encode(), usedforsecurity=False).hexdigest()


def _order(schema: SearchSchema, config: Config, verify: Verification, executor: Executor) -> Order:
    if not callable(getattr(executor, "submit", None)):
        raise InvalidOptions(
            f"executor cannot be {executor!r}.",
            hint="Give a concurrent.futures.Executor, such as ThreadPoolExecutor() or Dask's client.get_executor().",
        )
    here = isinstance(executor, ThreadPoolExecutor)
    return Order(uuid4().hex, schema if here else _import_string(schema), definition(schema), config, verify)


def _import_string(schema: SearchSchema) -> str:
    module, _, name = schema.import_string.partition(":")
    try:
        found = None if module == "__main__" or not name else registry.load(schema.import_string)
    except SchemaError:
        found = None
    if found is not schema:
        raise SchemaError(
            f"{schema.name} cannot be imported by the workers of another process: it was declared as "
            f"{schema.import_string!r}.",
            hint="Declare it in a module of your project and import it from there, or give a ThreadPoolExecutor.",
        )
    return schema.import_string


def _schema(order: Order) -> SearchSchema:
    found = registry.find(order.schema)
    if definition(found) != order.definition:
        raise SchemaError(
            f"{found.name} is declared otherwise where the executor's workers run.",
            hint="Bring your project and scrypath to the same version there, and start the workers anew.",
        )
    return found


def _ranges(schema: SearchSchema, config: Config) -> Iterator[tuple[int, int | None]]:
    total = indexes.stats(config, schema.index_name(config)).number_of_documents
    starts = range(0, max(1, total), PAGES * config.page_size)
    return zip(starts, [*starts[1:], None], strict=True)  # the last one also takes what comes later


def _row_name(part: Part) -> str:
    after = "" if part.after is None else f" after id {part.after}"
    upto = "" if part.upto is None else f" up to id {part.upto}"
    return f"the rows{after}{upto}"


def _alternating(*sides: Iterator[_Task]) -> Iterator[_Task]:
    # Both servers are asked at the same time.
    return (task for task in chain.from_iterable(zip_longest(*sides)) if task is not None)


def _carry_out(executor: Executor, schema: SearchSchema, tasks: Iterator[_Task]) -> None:
    flying: dict[Future[Any], _Task] = {}
    try:
        for task in tasks:
            while len(flying) >= IN_FLIGHT:
                _land(schema, executor, flying)
            flying[_handed(schema, executor, task)] = task
        while flying:
            _land(schema, executor, flying)
    finally:
        for future in flying:
            future.cancel()


def _handed(schema: SearchSchema, executor: Executor, task: _Task) -> Future[Any]:
    try:
        return executor.submit(task.read)
    except Exception as error:
        raise _lost(schema, executor, task, error) from error


def _land(schema: SearchSchema, executor: Executor, flying: dict[Future[Any], _Task]) -> None:
    for future in wait(flying, return_when=FIRST_COMPLETED).done:
        task = flying.pop(future)
        try:
            found = future.result()
        except ScrypathError as error:
            error.add_note(f"It was met while reading {task.name} of {schema.name}.")
            raise
        except Exception as error:
            raise _lost(schema, executor, task, error) from error
        task.take(found)


def _lost(schema: SearchSchema, executor: Executor, task: _Task, error: Exception) -> PartFailed:
    said = redact(str(error)).strip().partition("\n")[0]
    return PartFailed(
        f"{schema.name}: {task.name} could not be read on {type(executor).__name__}: "
        f"{type(error).__name__}{f': {said}' if said else ''}",
        hint="Look at the executor's workers and their logs, or compare without executor=.",
    )
