"""One unit of work looked up by its id."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scrypath.config import Config
from scrypath.errors import NotRetryable, SchemaError, UnknownWork
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema import SearchSchema, registry
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Operation, ReasonClass, WorkSource
from scrypath.work.failures import classified
from scrypath.work.frame import of_jobs, of_tasks
from scrypath.work.ids import WorkId, parse
from scrypath.work.states import FAILED_JOBS, FAILED_TASKS


@dataclass(frozen=True, slots=True)
class Unit:
    """A failed unit of work and what can be done about it.

    Parameters
    ----------
    work_id
        Its id.
    ref
        The index whose documents it is about.
    operation
        What it was to do.
    document_ids
        What it was to touch.
    reason_class, reason
        Why it failed.
    refusal
        Why a retry is refused unless forced, None when it is not.
    fan_out
        Name of the fan-out, when it is one: the ids are those of the source records then.
    """

    work_id: WorkId
    ref: IndexRef
    operation: Operation
    document_ids: tuple[str, ...]
    reason_class: ReasonClass
    reason: str
    refusal: str | None
    fan_out: str | None = None


def find(given: object, config: Config) -> Unit:
    """The failed unit of work with this id.

    Raises
    ------
    InvalidOptions
        For something that is no work id.
    UnknownWork
        When neither the server nor the queue knows it.
    NotRetryable
        When it has not failed, or nobody knows which documents it was about.
    """
    work_id = parse(given)
    registry.every(config)
    work = _task(work_id, config) if work_id.source is WorkSource.MEILISEARCH else _job(work_id, config)
    row = work.row(0, named=True)
    if row["document_ids"] is None:
        raise NotRetryable(
            f"{work_id} failed, but it is not known which documents it was about: {row['error'] or row['malformed']}",
            hint="It was not sent by this kit, or its arguments are malformed. "
            "reconcile_sync() finds the documents that are not in step.",
        )
    ref = IndexRef.live(_schema(row, work_id), config)
    # Where later successes cannot be read it counts as open: a retry sends the rows as they are now, and harms nothing.
    seen, _ = classified(work, ref)
    if seen.is_empty():
        raise NotRetryable(
            f"{work_id} was retried already, and the retry succeeded.", hint="Nothing is left to do."
        )
    failed = seen.row(0, named=True)
    reason = ReasonClass(failed["reason_class"])
    refusal = None
    if failed["healed"]:
        refusal = f"{failed['superseded_by']} has written the same documents since."
    elif reason is ReasonClass.VALIDATION:
        refusal = f"It failed validation, and the same rows would fail again: {failed['reason']}"
    return Unit(
        work_id,
        ref,
        Operation(failed["operation"]),
        tuple(failed["document_ids"]),
        reason,
        failed["reason"],
        refusal,
        row["fan_out"],
    )


def _task(work_id: WorkId, config: Config) -> pl.DataFrame:
    listed = tasks.listing(config, uids=[work_id.number], limit=1).frame
    if listed.is_empty():
        raise UnknownWork(
            f"The server has no task {work_id.number}.",
            hint="It was deleted, or belongs to another server: look in failure_history().",
        )
    status = listed["status"][0]
    if status not in FAILED_TASKS:
        raise NotRetryable(f"{work_id} is {status}.", hint="Only failed and canceled tasks can be retried.")
    return of_tasks(listed, list(registry.by_index(config).values()), config)


def _job(work_id: WorkId, config: Config) -> pl.DataFrame:
    listed = jobs.listing(config, ids=[work_id.number], limit=1).frame
    if listed.is_empty():
        raise UnknownWork(
            f"No sync job has the id {work_id.number}.",
            hint="failed_sync_work() lists what can be retried; ended jobs are pruned after a day.",
        )
    state = listed["state"][0]
    if state not in FAILED_JOBS:
        raise NotRetryable(
            f"{work_id} is {state}.", hint=f"Only {', '.join(FAILED_JOBS)} jobs can be retried."
        )
    return of_jobs(listed, list(registry.by_index(config).values()), config)


def _schema(row: dict[str, object], work_id: WorkId) -> SearchSchema:
    try:
        return registry.find(row["schema"])
    except SchemaError as error:
        raise NotRetryable(
            f"{work_id} is about index {row['index']!r}, which no schema of this process has.",
            hint=error.hint,
        ) from error
