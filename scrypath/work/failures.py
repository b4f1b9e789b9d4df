"""The failed work of one schema, read once, and what of its record could not be read."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import polars as pl

from scrypath.config import Config
from scrypath.errors import HistoryTruncated, ScrypathError
from scrypath.frames import FAILED_WORK
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import ReasonClass, SyncMode, WorkSource, WorkState
from scrypath.work.frame import of_jobs, of_tasks
from scrypath.work.reasons import reason_class
from scrypath.work.states import FAILED_JOBS, FAILED_TASKS
from scrypath.work.supersession import Supersession, supersession


@dataclass(frozen=True, slots=True)
class Failures:
    """The failed work of one schema, and what of its record was not read.

    Parameters
    ----------
    ref
        Whose work.
    units
        ``frames.FAILED_WORK``, every row a unit of work, by source.
    unread
        Sources whose failures could not be read; with ``HistoryTruncated`` the newest of them were.
    successes_unread
        Sources whose successes could not be read, or not all: failures that these healed are open.
    """

    ref: IndexRef
    units: pl.DataFrame
    unread: Mapping[WorkSource, ScrypathError]
    successes_unread: Mapping[WorkSource, ScrypathError]

    def of(self, source: WorkSource) -> pl.DataFrame:
        """The units of one source; raises the error that kept it from being read."""
        error = self.unread.get(source)
        if error is not None and not isinstance(error, HistoryTruncated):
            raise error
        return self.units.filter(pl.col("source") == str(source))

    def require_complete(self) -> None:
        """Raise the ``HistoryTruncated`` of a source whose failures were not all read, if there is one."""
        for error in self.unread.values():
            if isinstance(error, HistoryTruncated):
                raise error

    def note(self, source: WorkSource) -> str | None:
        """What a number of this source's failures leaves out, or counts too much."""
        sentences = []
        if isinstance(error := self.unread.get(source), HistoryTruncated):
            sentences.append(f"{error.message} Only the newest of them are counted.")
        if not self.of(source).filter(~pl.col("healed")).is_empty():
            sentences += [_maybe_healed(source, error) for source, error in self.successes_unread.items()]
        return " ".join(sentences) or None

    def frame(self) -> pl.DataFrame:
        """``frames.FAILED_WORK``: the units, and a row without work id for everything that was not read."""
        rows = []
        for source, error in self.unread.items():
            cut = isinstance(error, HistoryTruncated)
            verdict = "was not read completely" if cut else "was not checked"
            rows.append(self._row(source, error, f"{source} {verdict}: {error.message}"))
        rows += [
            self._row(source, error, _maybe_healed(source, error))
            for source, error in self.successes_unread.items()
            # A source that was not read at all has its row.
            if isinstance(self.unread.get(source, error), HistoryTruncated) or source not in self.unread
        ]
        return pl.concat([self.units, FAILED_WORK.rows(rows)])

    def _row(self, source: WorkSource, error: ScrypathError, reason: str) -> dict[str, Any]:
        truncated = isinstance(error, HistoryTruncated)
        return {
            "schema": self.ref.schema.name,
            "index": self.ref.uid,
            "source": str(source),
            "operation": "unknown",
            "state": str(WorkState.UNKNOWN),
            "retryable": False,
            "reason_class": str(ReasonClass.UNKNOWN if truncated else ReasonClass.TRANSPORT),
            "reason": reason,
            "error_code": error.code,
            "healed": False,
        }


def failures_of(
    ref: IndexRef,
    *,
    limit: int | None = None,
    sources: Collection[WorkSource] = tuple(WorkSource),
) -> Failures:
    """Read the failed work of one schema once, and once what succeeded since.

    Parameters
    ----------
    ref
        Whose work.
    limit
        Tasks, and jobs, read; default: the configured ``history_limit``.
    sources
        Where to look; the queue is read in ``oban`` mode only.
    """
    reading = {WorkSource.MEILISEARCH: _failed_tasks}
    if ref.config.sync_mode is SyncMode.OBAN:
        reading[WorkSource.OBAN] = _failed_jobs
    work, unread = [], {}
    for source, read in reading.items():
        if source not in sources:
            continue
        try:
            found, error = read(ref, limit)
        except ScrypathError as failure:
            unread[source] = failure
            continue
        work.append(found)
        if error is not None:
            unread[source] = error
    units, successes_unread = classified(pl.concat(work), ref) if work else (FAILED_WORK.empty(), {})
    return Failures(ref, units, unread, successes_unread)


def failures_without_index(config: Config, limit: int | None) -> pl.DataFrame:
    """Failed jobs of no schema, because their arguments name no index."""
    if config.sync_mode is not SyncMode.OBAN:
        return FAILED_WORK.empty()
    try:
        page = jobs.listing(config, states=FAILED_JOBS, unnamed=True, limit=limit)
    except ScrypathError:
        return FAILED_WORK.empty()  # the row of every schema says that the queue was not checked
    if page.truncated:
        raise _truncated("failed jobs that name no index", limit, config)
    units, _ = classified(of_jobs(page.frame, [], config), None)
    return units


def _failed_tasks(ref: IndexRef, limit: int | None) -> tuple[pl.DataFrame, HistoryTruncated | None]:
    """The schema's failed and canceled tasks as work, and whether the limit left older ones out."""
    listed = tasks.listing(ref.config, index_uids=[ref.uid], statuses=FAILED_TASKS, limit=limit)
    cut = _truncated(f"failed tasks of index {ref.uid!r}", limit, ref.config) if listed.truncated else None
    return of_tasks(listed.frame, [ref.schema], ref.config), cut


def _failed_jobs(ref: IndexRef, limit: int | None) -> tuple[pl.DataFrame, HistoryTruncated | None]:
    """The schema's retrying, discarded and cancelled jobs as work, and whether the limit left older ones out."""
    page = jobs.listing(ref.config, states=FAILED_JOBS, indexes=[ref.uid], limit=limit)
    cut = _truncated(f"failed jobs for index {ref.uid!r}", limit, ref.config) if page.truncated else None
    return of_jobs(page.frame, [ref.schema], ref.config), cut


def classified(
    work: pl.DataFrame, ref: IndexRef | None
) -> tuple[pl.DataFrame, Mapping[WorkSource, ScrypathError]]:
    """Failed work (``WORK`` with evidence) as ``FAILED_WORK``: reason, healing, whether it can be retried.

    Beside it, the sources whose successes were not read to their end. Without an index
    nobody can tell what superseded it.
    """
    if work.is_empty():
        return FAILED_WORK.empty(), {}
    seen = work.with_columns(
        reason_class=reason_class(),
        failed_at=pl.coalesce("failed_at", "finished_at"),
        reason=pl.coalesce(
            pl.format("The arguments cannot be performed: {}.", "malformed"),
            "error",
            pl.format("Canceled by task {}.", "canceled_by"),
            pl.lit("The record gives no reason."),
        ),
    )
    later = supersession(seen, ref) if ref is not None else Supersession()
    seen = seen.join(later.healed, on="work_id", how="left").filter(~pl.col("retried").fill_null(value=False))
    can = (
        pl.col("document_ids").is_not_null()
        & pl.col("superseded_by").is_null()
        & (pl.col("reason_class") != str(ReasonClass.VALIDATION))
    )
    units = FAILED_WORK.conform(
        seen.with_columns(
            healed=pl.col("superseded_by").is_not_null(),
            retryable=can,
            document_count=pl.coalesce("document_count", pl.col("document_ids").list.len()),
        )
    )
    return units, later.unread


def _maybe_healed(source: WorkSource, error: ScrypathError) -> str:
    return (
        f"Failures that {source} has healed since may be shown as open, because its successes were not read to their "
        f"end: {error.message}"
    )


def _truncated(what: str, limit: int | None, config: Config) -> HistoryTruncated:
    return HistoryTruncated(
        f"There are more than {limit or config.history_limit} {what}.",
        hint="Raise limit=, or history_limit in the configuration.",
    )
