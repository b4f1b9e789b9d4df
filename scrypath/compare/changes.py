"""Which documents may have changed since a baseline, or why nobody can tell."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import polars as pl

from scrypath.compare.checkpoint import Baseline
from scrypath.meilisearch import tasks
from scrypath.schema.index_ref import IndexRef
from scrypath.work.frame import exploded, of_tasks
from scrypath.work.states import FAILED_TASKS

MARGIN = timedelta(minutes=5)  # between the clocks of those who write updated_at and the database's
WRITING = ("documentAdditionOrUpdate", "documentEdition", "documentDeletion")
REPLACING = ("indexDeletion", "indexSwap", "indexUpdate")


@dataclass(frozen=True, slots=True)
class Touched:
    """What may have changed.

    Parameters
    ----------
    ids
        Ids of documents.
    unclear
        Why these are not all, None when they are.
    """

    ids: frozenset[str] = frozenset()
    unclear: str | None = None


def horizon(since: Baseline) -> datetime:
    """The earliest moment that what changed after a baseline can say, UTC: clocks differ a little."""
    return since.stable_until - MARGIN


def touched(ref: IndexRef, since: Baseline, changed: Sequence[str], *, most: int) -> Touched:
    """Ids of rows that changed by their ``updated_at``, and of documents that tasks wrote.

    Parameters
    ----------
    ref
        What is compared.
    since
        What stood when the earlier comparison began.
    changed
        Ids of what changed since :func:`horizon`, one more than ``most`` when there are more.
    most
        Documents that are worth reading by id; of more, nothing is returned.
    """
    written = _by_tasks(ref, since.task)
    if written.unclear:
        return written
    if len(changed) > most:
        return Touched(unclear=f"More than {most} rows changed, and reading them by id would take longer.")
    return Touched(written.ids.union(changed))


def _by_tasks(ref: IndexRef, mark: int) -> Touched:
    index = ref.uid
    removals = tasks.listing(ref.config, types=["taskDeletion"], limit=1).frame
    if removals.height and removals["uid"][0] > mark:
        return Touched(unclear="Tasks were deleted from the server's history since the earlier comparison.")
    page = tasks.listing(
        ref.config, index_uids=[index], types=[*WRITING, *REPLACING], reverse=True, from_uid=mark + 1
    )
    if page.truncated:
        return Touched(
            unclear=f"More than {ref.config.history_limit} tasks wrote to the index since the earlier comparison."
        )
    effective = page.frame.filter((pl.col("uid") > mark) & ~pl.col("status").is_in(FAILED_TASKS))
    replacing = effective.filter(pl.col("type").is_in(REPLACING))
    if replacing.height:
        uid, kind = replacing.select("uid", "type").row(0)
        return Touched(unclear=f"Task {uid} ({kind}) replaced the index since the earlier comparison.")
    work = of_tasks(effective, [ref.schema], ref.config)
    anonymous = work.filter(pl.col("document_ids").is_null())
    if anonymous.height:
        return Touched(
            unclear=f"Which documents {anonymous['work_id'][0]} wrote is not recorded in this machine's ledger."
        )
    return Touched(frozenset(exploded(work.select("work_id", "document_ids"))["document_id"]))
