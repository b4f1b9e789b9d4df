"""Whether a later success has superseded a failure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import polars as pl

from scrypath.errors import HistoryTruncated, ScrypathError
from scrypath.frame_schema import TEXT
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import SyncMode, WorkSource
from scrypath.work.frame import exploded, of_jobs, of_tasks

# The ids of a fan-out are those of the records it starts from: only the same fan-out makes up for it.
FAN_OUT = pl.col("fan_out").fill_null("")
HEALED = pl.Schema({"work_id": TEXT, "superseded_by": TEXT, "retried": pl.Boolean()})
SUCCESSES = {
    "by": TEXT,
    "finished_at": pl.Datetime("us", "UTC"),
    "cause": TEXT,
    "document_id": TEXT,
    "fan_out": TEXT,
}


@dataclass(frozen=True, slots=True)
class Supersession:
    """Which failures a later success covers.

    Parameters
    ----------
    healed
        One row for each unit whose every document is covered: ``work_id``, ``superseded_by``, and ``retried``, true
        when retries of just this unit did it.
    unread
        The sources whose successes could not be read, or (``HistoryTruncated``) not all of them, where failures are
        left that these may have healed.
    """

    healed: pl.DataFrame = field(default_factory=HEALED.to_frame)
    unread: Mapping[WorkSource, ScrypathError] = field(default_factory=dict)


def supersession(failed: pl.DataFrame, ref: IndexRef) -> Supersession:
    """For each failed unit of work the later success that covers the last of its documents.

    Parameters
    ----------
    failed
        Work with ``work_id``, ``document_ids``, ``fan_out`` and ``failed_at``.
    ref
        Whose work.
    """
    since: Any = failed["failed_at"].min()
    wanted = failed.filter(pl.col("document_ids").list.len() > 0)
    if wanted.is_empty() or since is None:
        return Supersession()
    successes, unread = _successes(ref, since)
    needed = wanted.select("work_id", needed=pl.col("document_ids").list.n_unique())
    covers = (
        exploded(wanted.select("work_id", "failed_at", "document_ids", FAN_OUT))
        .join(successes, on=["document_id", "fan_out"])
        .filter((pl.col("finished_at") >= pl.col("failed_at")) & (pl.col("by") != pl.col("work_id")))
        .sort("finished_at", "by")
    )
    healed = (
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
    return Supersession(healed, unread if healed.height < wanted.height else {})


def _successes(ref: IndexRef, since: datetime) -> tuple[pl.DataFrame, dict[WorkSource, ScrypathError]]:
    """One row per document of the work that succeeded since, and the sources where that could not be read."""
    sources: dict[WorkSource, Callable[[], tuple[pl.DataFrame, bool]]] = {
        WorkSource.MEILISEARCH: lambda: _succeeded_tasks(ref, since)
    }
    if ref.config.sync_mode is SyncMode.OBAN:
        sources[WorkSource.OBAN] = lambda: _completed_jobs(ref, since)
    found = [pl.DataFrame(schema=SUCCESSES)]
    unread: dict[WorkSource, ScrypathError] = {}
    for source, read in sources.items():
        try:
            work, truncated = read()
        except ScrypathError as error:
            unread[source] = error
            continue
        found.append(
            exploded(
                work.select(pl.col("work_id").alias("by"), "finished_at", "cause", "document_ids", FAN_OUT)
            )
        )
        if truncated:
            unread[source] = HistoryTruncated(
                f"More than {ref.config.history_limit} succeeded since.",
                hint="Raise history_limit in the configuration.",
            )
    return pl.concat(found), unread


def _succeeded_tasks(ref: IndexRef, since: datetime) -> tuple[pl.DataFrame, bool]:
    just_before = since - timedelta(microseconds=1)  # the server's bounds are exclusive
    listed = tasks.listing(
        ref.config,
        index_uids=[ref.uid],
        statuses=["succeeded"],
        after_finished_at=just_before,
    )
    return of_tasks(listed.frame, [ref.schema], ref.config), listed.truncated


def _completed_jobs(ref: IndexRef, since: datetime) -> tuple[pl.DataFrame, bool]:
    page = jobs.listing(ref.config, states=["completed"], indexes=[ref.uid], completed_since=since)
    return of_jobs(page.frame, [ref.schema], ref.config), page.truncated
