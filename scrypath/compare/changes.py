"""Which documents tasks wrote since a baseline, or why that is not known."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scrypath.compare.checkpoint import Baseline, newest_task
from scrypath.meilisearch import tasks
from scrypath.schema.index_ref import IndexRef
from scrypath.work.frame import exploded, of_tasks
from scrypath.work.states import FAILED_TASKS

WRITING = ("documentAdditionOrUpdate", "documentEdition", "documentDeletion")
REPLACING = ("indexDeletion", "indexSwap", "indexUpdate")


@dataclass(frozen=True, slots=True)
class Written:
    """What tasks wrote.

    Parameters
    ----------
    ids
        Ids of documents.
    tasks
        The tasks, each with its status: as long as they are the same, no document has changed meanwhile.
    unclear
        Why these are not all, None when they are.
    """

    ids: frozenset[str] = frozenset()
    tasks: tuple[tuple[int, str], ...] = ()
    unclear: str | None = None


def written(ref: IndexRef, since: Baseline) -> Written:
    """Ids of the documents that tasks wrote, or may be writing.

    Parameters
    ----------
    ref
        What is compared.
    since
        The state when the earlier comparison began.
    """
    if since.newest_task is None or newest_task(ref.config, up_to=since.newest_task.uid) != since.newest_task:
        return Written(
            unclear="The search server no longer has the task that was its newest at the comparison before: it was "
            "restored from an older copy, or its history was deleted."
        )
    removals = tasks.listing(ref.config, types=["taskDeletion"], limit=1).frame
    if removals.height and removals["uid"][0] > since.task:
        return Written(unclear="Tasks were deleted from the server's history since the earlier comparison.")
    page = tasks.listing(
        ref.config,
        index_uids=[ref.uid],
        types=[*WRITING, *REPLACING],
        reverse=True,
        from_uid=since.task + 1,
    )
    if page.truncated:
        return Written(
            unclear=f"More than {ref.config.history_limit} tasks wrote to the index since the earlier comparison."
        )
    effective = page.frame.filter((pl.col("uid") > since.task) & ~pl.col("status").is_in(FAILED_TASKS))
    replacing = effective.filter(pl.col("type").is_in(REPLACING))
    if replacing.height:
        uid, kind = replacing.select("uid", "type").row(0)
        return Written(unclear=f"Task {uid} ({kind}) replaced the index since the earlier comparison.")
    work = of_tasks(effective, [ref.schema], ref.config)
    anonymous = work.filter(pl.col("document_ids").is_null())
    if anonymous.height:
        return Written(
            unclear=f"Which documents {anonymous['work_id'][0]} wrote is not recorded in this machine's ledger."
        )
    return Written(
        frozenset(exploded(work.select("work_id", "document_ids"))["document_id"]),
        tuple(effective.select("uid", "status").rows()),
    )
