"""Which documents are being written right now, so that they are not called drift."""

from __future__ import annotations

from dataclasses import dataclass, field

import polars as pl

from scrypath.config import Config
from scrypath.meilisearch import tasks
from scrypath.operator.work import exploded, of_jobs, of_tasks
from scrypath.queue import jobs
from scrypath.schema import SearchSchema
from scrypath.vocabulary import SyncMode

PENDING_JOBS = ("available", "scheduled", "executing", "retryable")
DOCUMENT_TASKS = ("documentAdditionOrUpdate", "documentEdition", "documentDeletion", "indexDeletion")


@dataclass(frozen=True, slots=True)
class InFlight:
    """Documents with work pending.

    Parameters
    ----------
    by_document
        Document id → the pending work that touches it.
    blanket
        Pending work that may touch any document, because nobody recorded which: others' writes.
    """

    by_document: dict[str, str] = field(default_factory=dict)
    blanket: str | None = None


def in_flight(schema: SearchSchema, config: Config) -> InFlight:
    """What is pending for a schema: jobs first, then tasks, so that a job turning into a task is seen."""
    index = schema.index_name(config)
    found = []
    if config.sync_mode is SyncMode.OBAN:
        page = jobs.listing(config, states=PENDING_JOBS, indexes=[index])
        found.append(of_jobs(page.frame.filter(pl.col("malformed").is_null()), [schema], config))
    listed = tasks.listing(
        config, index_uids=[index], statuses=["enqueued", "processing"], types=list(DOCUMENT_TASKS)
    )
    found.append(of_tasks(listed.frame, [schema], config))
    work = pl.concat(found)
    known = exploded(work.select("work_id", "document_ids"))
    unknown = work.filter(pl.col("document_ids").is_null())
    return InFlight(
        dict(zip(known["document_id"], known["work_id"], strict=True)),
        unknown["work_id"][0] if unknown.height else None,
    )
