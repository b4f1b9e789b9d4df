"""``reconcile_sync``: read everything, change nothing, store the report."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from datetime import timedelta
from functools import partial
from typing import Any, TypedDict, Unpack, overload

from scrypath.compare import read_job
from scrypath.compare.executor_reader import read_divided
from scrypath.compare.local_reader import read_here
from scrypath.config import Config, resolve
from scrypath.operator.report.collect import look
from scrypath.operator.report.fleet import Fleet
from scrypath.operator.report.model import Reconcile
from scrypath.operator.report.options import scope
from scrypath.operator.report.side_by_side import side_by_side
from scrypath.reach import one_call
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Verification


class _Options(TypedDict, total=False):
    documents: bool
    verify: str
    max_age: timedelta | None
    incremental: bool | None
    sample: int | None
    executor: Executor | None
    progress: bool
    config: Config | None


@overload
def reconcile_sync(schema: Any, /, **options: Unpack[_Options]) -> Reconcile: ...


@overload
def reconcile_sync(*schemas: Any, **options: Unpack[_Options]) -> Fleet: ...


@one_call()
def reconcile_sync(
    *schemas: Any,
    documents: bool = True,
    verify: str = Verification.FINGERPRINT,
    max_age: timedelta | None = None,
    incremental: bool | None = None,
    sample: int | None = None,
    executor: Executor | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> Reconcile | Fleet:
    """Compare a schema's database, index, server and queue, and say what does not agree.

    Nothing is changed on any of them. Each report is stored as a snapshot in DuckDB.

    Parameters
    ----------
    schemas
        Registered name, model or schema. Several, or none for all that are registered or configured, are checked
        side by side.
    documents
        False: do not compare documents; their numbers are null then, not zero.
    verify
        ``fingerprint``: compare the fingerprint each document carries. ``content``: compute it again from what
        the document holds, which also finds content that was changed behind the kit's back.
    max_age
        Take the documents from the last snapshot when it is not older, and say so.
    incremental
        Read only what was written since the last comparison on either side, and check that nothing else is gone.
        None: where that is exact, whoever wrote, because PostgreSQL's versions of rows show it; else everything is
        read. True: where they do not, trust the schema's ``updated_at``, which has to change whenever what is indexed
        of a row does. False: read everything. ``method``, ``basis`` and ``note`` of the report say what was done.
    sample
        Compare this many rows chosen at random, and estimate: ``estimate`` holds the interval, the counts are null.
    executor
        Where everything is read, its workers read: one schema in ranges of rows and of documents, several schemas one
        a worker. Any ``concurrent.futures.Executor``; it is left running. Its workers get the configuration, must
        reach the database and the server by the URLs in it, and must be able to import the schema.
    progress
        Show a progress bar: of rows and documents read, or of schemas.
    config
        Used instead of the configured one.

    Returns
    -------
    Reconcile or Fleet
        For one schema named, frames of its status, failed work, signals, documents and recommended actions. A part
        that could not be checked says so and does not keep the others from being shown: where the database or the
        server cannot be read, or stops answering half way, ``in_step`` is None, the note says why, and
        ``document_counts`` how many rows are ``unknown``. Otherwise a fleet of such reports, in which an error that
        one schema raises does not keep the others from being checked.

    Raises
    ------
    SchemaError, InvalidOptions
        For an unknown schema or option.
    ConfigError
        For one schema, when the database or the server is not configured.
    PartFailed
        For one schema, when a part of it was lost on the executor.
    StoreBusy
        For one schema, when another process held the DuckDB file too long.

    Examples
    --------
    >>> import scrypath
    >>> _ = scrypath.delete_document("Product", 3)
    >>> report = scrypath.reconcile_sync("Product")
    >>> report.headline()
    'Product: 2 of 3 rows in step; 1 missing.'
    >>> report.documents.select("document_id", "drift").rows()
    [('3', 'missing')]
    """
    asked = scope(
        documents=documents,
        verify=verify,
        max_age=max_age,
        incremental=incremental,
        sample=sample,
        executor=executor,
    )
    if executor is not None:
        read_job.check_executor(executor)
    resolved = resolve(config)
    found = list(dict.fromkeys(registry.find(schema) for schema in schemas))
    if len(schemas) == 1:
        reading = read_here if executor is None else partial(read_divided, executor=executor)
        return look(IndexRef.live(found[0], resolved), asked, reading=reading, progress=progress)
    lost: Mapping[str, Exception] = {}
    if not schemas:
        found, lost = registry.available(resolved)
    return side_by_side(found, resolved, asked, executor=executor, lost=lost, progress=progress)
