"""Tasks of somebody else on a schema's index: the fingerprints of what they wrote prove nothing."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scrypath.meilisearch import tasks
from scrypath.memory.task_metadata import REFERENCE
from scrypath.schema.index_ref import IndexRef
from scrypath.work.states import FAILED_TASKS

WRITING = ("documentAdditionOrUpdate", "documentEdition", "documentDeletion")


@dataclass(frozen=True, slots=True)
class ForeignWrites:
    """What others wrote, as far as the server's tasks go back.

    Parameters
    ----------
    task_uids
        Their tasks that did not fail, newest first.
    truncated
        Whether there are older tasks than ``history_limit``, which were not read.
    """

    task_uids: tuple[int, ...]
    truncated: bool


def foreign_writes(ref: IndexRef) -> ForeignWrites:
    """The tasks that wrote documents of an index without a reference of this kit."""
    page = tasks.listing(ref.config, index_uids=[ref.uid], types=list(WRITING))
    ours = pl.col("custom_metadata").fill_null("").str.contains(REFERENCE)
    found = page.frame.filter(~ours & ~pl.col("status").is_in(FAILED_TASKS))
    return ForeignWrites(tuple(found["uid"].to_list()), page.truncated)
