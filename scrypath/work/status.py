"""The pending, retrying and failed work of each schema, on the server and in the queue."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import cache, partial
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import ScrypathError, TransportError
from scrypath.frames import STATUS
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.version import probed as server_probed
from scrypath.queue import jobs
from scrypath.reach import one_call
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import probed as database_probed
from scrypath.vocabulary import SyncMode, WorkSource, WorkState
from scrypath.work.failures import Failures, failures_of
from scrypath.work.states import FAILED_JOBS, PENDING_TASKS, QUEUED_JOBS

NOT_OBAN = "The queue is read in oban mode only."


@one_call()
def sync_status(*schemas: Any, config: Config | None = None) -> pl.DataFrame:
    """How many units of work are pending, retrying and failed, per schema and source.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered, and jobs whose arguments name no index.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.STATUS``. A source that was not checked has ``observed`` false, null numbers and a note.
        ``failed`` leaves out what a later success healed. Where ``history_limit`` cuts the failures, the newest are
        counted and the note says so; it also says where later successes could not be read to their end, and that an
        index is gone. A configured schema that cannot be imported is there with the reason, and does not keep the
        others from being seen.

    Raises
    ------
    SchemaError
        For an unknown schema, or when none is registered.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.sync_status("Product").select("source", "observed", "pending", "failed").rows()
    [('meilisearch', True, 0, 0), ('oban', False, None, None)]
    """
    resolved = resolve(config)
    asked, lost = (
        ([registry.find(schema) for schema in schemas], {}) if schemas else registry.available(resolved)
    )
    queue = cache(partial(_queue_counts, resolved))  # one read of the queue serves every schema
    rows = []
    with ExitStack() as probes:
        if resolved.sync_mode is SyncMode.OBAN:
            probes.enter_context(database_probed(resolved))
            probes.enter_context(server_probed(resolved))
        for ref in (IndexRef.live(schema, resolved) for schema in asked):
            failures = cache(partial(_failures, ref, queue))
            rows += _of_index(ref, queue, failures)
    if not schemas and resolved.sync_mode is SyncMode.OBAN:
        rows += _without_index(queue())
    rows += [
        {"schema": name, "source": str(source), "observed": False, "note": error.message}
        for name, error in lost.items()
        for source in WorkSource
    ]
    return STATUS.rows(rows)


def status_of(ref: IndexRef, failures: Failures) -> pl.DataFrame:
    """``frames.STATUS`` of one schema whose failed work was read already."""
    return STATUS.rows(_of_index(ref, cache(partial(_queue_counts, ref.config)), lambda: failures))


def _of_index(
    ref: IndexRef,
    queue: Callable[[], pl.DataFrame | ScrypathError],
    failures: Callable[[], Failures],
) -> list[dict[str, Any]]:
    rows = []
    for source in WorkSource:
        row: dict[str, Any] = {
            "schema": ref.schema.name,
            "index": ref.uid,
            "source": str(source),
        }
        try:
            seen = (
                _server(ref, failures()) if source is WorkSource.MEILISEARCH else _queue(ref, queue, failures)
            )
            rows.append(row | seen)
        except ScrypathError as error:
            rows.append(row | {"observed": False, "note": error.message})
    return rows


def _queue_counts(config: Config) -> pl.DataFrame | ScrypathError:
    try:
        return jobs.counts(config)
    except ScrypathError as error:
        return error  # each schema says so, without asking again


def _failures(ref: IndexRef, queue: Callable[[], pl.DataFrame | ScrypathError]) -> Failures:
    """The failures of the sources that have any, as far as a cheap count can tell."""
    sources = [WorkSource.MEILISEARCH]
    if ref.config.sync_mode is SyncMode.OBAN and _some_failed(ref, queue()):
        sources.append(WorkSource.OBAN)
    return failures_of(ref, sources=sources)


def _some_failed(ref: IndexRef, counted: pl.DataFrame | ScrypathError) -> bool:
    if isinstance(counted, ScrypathError):
        return False
    own = counted.filter(pl.col("index") == ref.uid)
    return bool(own.select(pl.sum_horizontal(*FAILED_JOBS)).sum().item())


def _server(ref: IndexRef, failures: Failures) -> dict[str, Any]:
    index, exists = [ref.uid], _index_exists(ref)
    oldest = tasks.listing(ref.config, index_uids=index, statuses=PENDING_TASKS, limit=1, reverse=True)
    succeeded = tasks.listing(ref.config, index_uids=index, statuses=["succeeded"], limit=1).frame
    return {
        "observed": True,
        "pending": oldest.total,
        "retrying": 0,
        "failed": failures.of(WorkSource.MEILISEARCH).filter(~pl.col("healed")).height,
        "last_succeeded_id": f"meili:{succeeded['uid'][0]}" if succeeded.height else None,
        "last_succeeded_at": succeeded["finished_at"][0] if succeeded.height else None,
        "oldest_pending_at": oldest.frame["enqueued_at"][0] if oldest.frame.height else None,
        "index_exists": exists,
        "note": " ".join(
            filter(None, (indexes.GONE if exists is False else None, failures.note(WorkSource.MEILISEARCH)))
        )
        or None,
    }


def _index_exists(ref: IndexRef) -> bool | None:
    try:
        return indexes.get(ref.config, ref.uid) is not None
    except TransportError:  # as for a key that may read tasks and no index
        return None


def _queue(
    ref: IndexRef,
    queue: Callable[[], pl.DataFrame | ScrypathError],
    failures: Callable[[], Failures],
) -> dict[str, Any]:
    if ref.config.sync_mode is not SyncMode.OBAN:
        return {"observed": False, "note": NOT_OBAN}
    counted = queue()
    if isinstance(counted, ScrypathError):
        raise counted
    counted = counted.filter(pl.col("index") == ref.uid)
    still_open = failures().of(WorkSource.OBAN).filter(~pl.col("healed"))
    latest = counted.sort("last_completed_at", nulls_last=False).tail(1)
    last = latest["last_completed_id"][0] if latest.height else None
    return {
        "observed": True,
        "pending": _pending(counted),
        "retrying": still_open.filter(pl.col("state") == str(WorkState.RETRYING)).height,
        "failed": still_open.filter(pl.col("state") == str(WorkState.FAILED)).height,
        "last_succeeded_id": None if last is None else f"oban:{last}",
        "last_succeeded_at": latest["last_completed_at"][0] if latest.height else None,
        "oldest_pending_at": counted["oldest_pending_at"].min(),
        "note": failures().note(WorkSource.OBAN),
    }


def _without_index(counted: pl.DataFrame | ScrypathError) -> list[dict[str, Any]]:
    """One row for the jobs whose arguments name no index; none without such jobs."""
    if isinstance(counted, ScrypathError):
        return []  # the row of every schema says that the queue was not checked
    counted = counted.filter(pl.col("index").fill_null("") == "")
    if counted.is_empty():
        return []
    return [
        {
            "source": str(WorkSource.OBAN),
            "observed": True,
            "pending": _pending(counted),
            "retrying": counted["retryable"].sum(),
            "failed": counted.select(pl.sum_horizontal("discarded", "cancelled")).sum().item(),
            "oldest_pending_at": counted["oldest_pending_at"].min(),
            "note": "Jobs whose arguments name no index.",
        }
    ]


def _pending(counted: pl.DataFrame) -> int:
    return int(counted.select(pl.sum_horizontal(*QUEUED_JOBS)).sum().item())
