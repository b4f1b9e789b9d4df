"""Whether a later success made a failure good."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import polars as pl

from scrypath.errors import ScrypathError
from scrypath.frame_schema import TEXT
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import SyncMode
from scrypath.work.frame import exploded, of_jobs, of_tasks

# The ids of a fan-out are those of the records it starts from: only the same fan-out makes up for it.
FAN_OUT = pl.col("fan_out").fill_null("")
HEALED = pl.Schema({"work_id": TEXT, "superseded_by": TEXT, "retried": pl.Boolean()})


def healed(failed: pl.DataFrame, ref: IndexRef) -> pl.DataFrame:
    """For each failed unit of work the later success that covers the last of its documents.

    Parameters
    ----------
    failed
        Work with ``work_id``, ``document_ids``, ``fan_out`` and ``failed_at``.
    ref
        Whose work.

    Returns
    -------
    polars.DataFrame
        One row for each unit whose every document is covered: ``work_id``, ``superseded_by``, and ``retried``,
        true when retries of just this unit did it.
    """
    since: Any = failed["failed_at"].min()
    wanted = failed.filter(pl.col("document_ids").list.len() > 0)
    if wanted.is_empty() or since is None:
        return HEALED.to_frame()
    needed = wanted.select("work_id", needed=pl.col("document_ids").list.n_unique())
    covers = (
        exploded(wanted.select("work_id", "failed_at", "document_ids", FAN_OUT))
        .join(_successes(ref, since), on=["document_id", "fan_out"])
        .filter((pl.col("finished_at") >= pl.col("failed_at")) & (pl.col("by") != pl.col("work_id")))
        .sort("finished_at", "by")
    )
    return (
        covers.group_by("work_id", maintain_order=True)
        .agg(
            covered=pl.col("document_id").n_unique(),
            superseded_by=pl.col("by").last(),
            retried_documents=pl.col("document_id").filter(pl.col("cause") == pl.col("work_id")).n_unique(),
        )
        .join(needed, on="work_id")
        .filter(pl.col("covered") == pl.col("needed"))
        .select("work_id", "superseded_by", retried=pl.col("retried_documents") == pl.col("needed"))
    )


def _successes(ref: IndexRef, since: datetime) -> pl.DataFrame:
    index = ref.uid
    found = []
    try:
        listed = tasks.listing(
            ref.config, index_uids=[index], statuses=["succeeded"], after_enqueued_at=_before(since)
        )
        found.append(of_tasks(listed.frame, [ref.schema], ref.config))
        if ref.config.sync_mode is SyncMode.OBAN:
            page = jobs.listing(ref.config, states=["completed"], indexes=[index])
            found.append(of_jobs(page.frame, [ref.schema], ref.config))
    except ScrypathError:
        # Without the record of successes nothing can be called healed; the failures stand as they are.
        found = []
    work = pl.concat(found) if found else None
    empty = {
        "by": TEXT,
        "finished_at": pl.Datetime("us", "UTC"),
        "cause": TEXT,
        "document_id": TEXT,
        "fan_out": TEXT,
    }
    if work is None:
        return pl.DataFrame(schema=empty)
    return exploded(
        work.select(pl.col("work_id").alias("by"), "finished_at", "cause", "document_ids", FAN_OUT)
    )


def _before(since: datetime) -> datetime:
    # A success may have been enqueued while the failure was still being worked on.
    return since - timedelta(hours=1)
