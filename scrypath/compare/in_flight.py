"""Which documents are being written, or were while a comparison read, so that they are not called drift."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import polars as pl

from scrypath.config import Config
from scrypath.errors import SchemaError
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema import FanOut, SearchSchema, registry
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.fan_out import targets
from scrypath.vocabulary import Operation, SyncMode, WorkState
from scrypath.work.frame import exploded, of_jobs, of_tasks
from scrypath.work.states import FAILED_TASKS, PENDING_TASKS, UNFINISHED_JOBS

DOCUMENT_TASKS = ("documentAdditionOrUpdate", "documentEdition", "documentDeletion", "indexDeletion")


@dataclass(frozen=True, slots=True)
class InFlight:
    """Documents that are being written, each with a sentence that says by what.

    Parameters
    ----------
    by_document
        Document id → the work that touches it.
    blanket
        Pending work that may touch any document, because which ones is not known here: others' writes.
    """

    by_document: dict[str, str] = field(default_factory=dict)
    blanket: str | None = None


def ended_up_to(config: Config, index: str) -> int:
    """Greatest uid of which, and of all before it, the index's tasks have ended; -1 when there is none."""
    # The newest first: a task that is accepted between the two questions is then after the mark.
    newest = tasks.listing(config, limit=1).frame["uid"].to_list()
    unfinished = (
        tasks.listing(config, index_uids=[index], statuses=PENDING_TASKS, reverse=True, limit=1)
        .frame["uid"]
        .to_list()
    )
    return int(min([newest[0] if newest else -1, *(uid - 1 for uid in unfinished)]))


def in_flight(ref: IndexRef, *, since: int) -> InFlight:
    """What is being written for a schema, or has been written since a comparison began.

    Parameters
    ----------
    ref
        Whose documents.
    since
        :func:`ended_up_to`, before the comparison read anything.
    """
    known: dict[str, str] = {}
    blankets: list[str] = []
    # Jobs first, then tasks, so that a job turning into a task is seen.
    if ref.config.sync_mode is SyncMode.OBAN:
        _jobs(ref, known, blankets)
    _tasks(ref, since, known, blankets)
    return InFlight(known, blankets[0] if blankets else None)


def _jobs(ref: IndexRef, known: dict[str, str], blankets: list[str]) -> None:
    index = ref.uid
    sources = _sources(ref.schema)
    page = jobs.listing(
        ref.config,
        states=UNFINISHED_JOBS,
        indexes=[index, *(source.index_name(ref.config) for source in sources if source is not ref.schema)],
    )
    if page.truncated:
        blankets.append(f"More than {ref.config.history_limit} jobs are pending, and only as many were read.")
    work = of_jobs(page.frame.filter(pl.col("malformed").is_null()), [ref.schema, *sources], ref.config)
    related = pl.col("operation") == str(Operation.FAN_OUT)
    for document_id, work_id in _each(work.filter(~related & (pl.col("index") == index))):
        known[document_id] = f"{work_id} is pending."
    # The ids of a fan-out are those of the records it starts from.
    for job in work.filter(related).iter_rows(named=True):
        source = next((found for found in sources if found.name == job["schema"]), None)
        if source is None or not _leads_to(ref.schema, source.fan_outs.get(job["fan_out"])):
            continue
        try:
            _, found = targets(IndexRef.live(source, ref.config), job["fan_out"], job["document_ids"])
        except Exception:  # a resolver is the user's own code: what it would touch is not known then
            blankets.append(f"{job['work_id']} is pending, and which documents it touches is not known.")
            continue
        known.update((document_id, f"{job['work_id']} is pending.") for document_id in found)


def _sources(schema: SearchSchema) -> list[SearchSchema]:
    """The schemas that have a fan-out to this one."""
    found = [registry.find(name) for name in registry.names()]
    return [
        source for source in found if any(_leads_to(schema, fan_out) for fan_out in source.fan_outs.values())
    ]


def _leads_to(schema: SearchSchema, fan_out: FanOut | None) -> bool:
    try:
        return fan_out is not None and registry.find(fan_out.target) is schema
    except SchemaError:  # of a target that this process does not know
        return False


def _tasks(ref: IndexRef, since: int, known: dict[str, str], blankets: list[str]) -> None:
    listed = tasks.listing(
        ref.config,
        index_uids=[ref.uid],
        types=list(DOCUMENT_TASKS),
        reverse=True,
        from_uid=since + 1,
    )
    if listed.truncated:
        blankets.append(
            f"More than {ref.config.history_limit} tasks wrote to the index meanwhile, and only as many were read."
        )
    effective = listed.frame.filter((pl.col("uid") > since) & ~pl.col("status").is_in(FAILED_TASKS))
    work = of_tasks(effective, [ref.schema], ref.config)
    ended = pl.col("state") == str(WorkState.COMPLETED)
    for document_id, work_id in _each(work.filter(ended)):
        known.setdefault(document_id, f"{work_id} wrote it while it was compared.")
    for document_id, work_id in _each(work.filter(~ended)):
        known[document_id] = f"{work_id} is pending."
    # What others have written shows when a suspect is read again; what they are about to write does not.
    unknown = work.filter(~ended & pl.col("document_ids").is_null())
    blankets.extend(f"{work_id} is pending." for work_id in unknown["work_id"])


def _each(work: pl.DataFrame) -> Iterable[tuple[str, str]]:
    return exploded(work.select("work_id", "document_ids")).select("document_id", "work_id").iter_rows()
