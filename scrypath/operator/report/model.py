"""A reconcile report: frozen frames, and what follows from them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import polars as pl

from scrypath import display
from scrypath.config import Config
from scrypath.operator.report.rebuild_status import RebuildView
from scrypath.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Reconcile:
    """What a schema's database, index, server and queue say about each other at one moment.

    Parameters
    ----------
    schema, index
        What was checked.
    taken_at
        When the comparison of documents began (without one, when the report was made), UTC.
    duration
        How long the comparison took.
    snapshot_id
        Under which it is stored in DuckDB.
    from_snapshot
        True: the documents were not compared now but at ``taken_at``, by the snapshot named.
    verify
        What was compared: ``fingerprint``, ``content``, or None when documents were not compared.
    rows, indexed, matching
        Rows of the schema, documents in the index, rows whose document says the same; None: not checked.
    note
        What to know about how documents were compared, or why they were not.
    method
        ``full``, ``incremental`` or ``sample``; None when documents were not compared.
    basis
        Of an incremental one, what it knows the changes by: ``row_versions``, which is exact whoever wrote, or
        ``updated_at``, which is as good as the writers who keep it.
    read_now, from_before, started_from
        Of an incremental one: ids that were read on both sides, documents and rows taken from an earlier comparison,
        and the snapshot of that one.
    estimate
        ``frames.DRIFT_ESTIMATE`` of a sample, else None.
    status, failed_work, reason_counts, drift_signals, documents, document_counts, actions, contract_drift
        Frames of the schemas ``frames.STATUS``, ``FAILED_WORK``, ``REASON_COUNTS``, ``DRIFT_SIGNALS``,
        ``DOCUMENTS``, ``DOCUMENT_COUNTS``, ``ACTIONS``, ``CONTRACT_DRIFT``.
    rebuild
        What can be seen of a rebuild.
    index_created_at
        When the index that was compared was made, UTC; a plan holds for that one only.
    index_exists
        False: the server has no such index; None: that could not be seen.
    """

    schema: str
    index: str
    taken_at: datetime
    duration: timedelta
    snapshot_id: str
    from_snapshot: bool
    verify: str | None
    rows: int | None
    indexed: int | None
    matching: int | None
    note: str | None
    method: str | None
    estimate: pl.DataFrame | None
    status: pl.DataFrame
    failed_work: pl.DataFrame
    reason_counts: pl.DataFrame
    drift_signals: pl.DataFrame
    documents: pl.DataFrame
    document_counts: pl.DataFrame
    actions: pl.DataFrame
    contract_drift: pl.DataFrame
    rebuild: RebuildView
    config: Config = field(repr=False)
    basis: str | None = None
    read_now: int | None = None
    from_before: int | None = None
    started_from: str | None = None
    index_created_at: datetime | None = None
    index_exists: bool | None = None

    @property
    def in_step(self) -> bool | None:
        """Whether every row has its document and every document its row; None when that is not known."""
        kinds = set(self.documents["drift"].to_list())
        # What was to be compared and could not be is not known, even where the index is gone meanwhile.
        unread = self.method is not None and self.rows is None and self.estimate is None
        if (self.index_exists is False and not unread) or kinds & {"missing", "orphan", "stale"}:
            return False
        return None if kinds or self.rows is None else True

    def explain(self, ids: Sequence[str] | None = None) -> pl.DataFrame:
        """Which fields differ, database and index side by side; see ``operator.explain.explain``."""
        from scrypath.compare.explain import explain

        wanted = self.documents["document_id"].to_list()[:100] if ids is None else list(ids)
        return explain(self.schema, wanted, config=self.config)

    @property
    def reading(self) -> str | None:
        """What was read for it and what was taken from before, in one sentence; None when nothing was compared.

        Examples
        --------
        >>> import scrypath
        >>> scrypath.reconcile_sync("Product", incremental=False).reading
        'Every row and every document was read.'
        """
        if self.rows is None:
            return None
        if self.read_now is None or self.from_before is None:
            return "Every row and every document was read."
        trusted = {
            "row_versions": "by the versions of rows, whoever wrote",
            "updated_at": "by updated_at, which is trusted: a writer who does not keep it is not seen",
        }
        return (
            f"Only what changed was read, {trusted[str(self.basis)]}: {counted(self.read_now, 'id')} now; "
            f"{counted(self.from_before, 'document')} as in {self.started_from}."
        )

    def headline(self) -> str:
        """The report in one sentence."""
        when = f"as of {self.taken_at:%Y-%m-%d %H:%M:%S} UTC, " if self.from_snapshot else ""
        if self.index_exists is False:
            when = f"the index {self.index} is gone or was never created; {when}"
        if self.estimate is not None:
            guessed = ", ".join(
                f"{row['low']:,} to {row['high']:,} {row['drift']}" for row in self.estimate.to_dicts()
            )
            return f"{self.schema}: {when}probably {guessed} ({self.note})"
        if self.rows is None:
            return f"{self.schema}: {when}documents were not compared. {self.note or ''}".strip()
        counts = dict(self.document_counts.iter_rows())
        kinds = ", ".join(
            f"{count:,} {kind}" for kind, count in counts.items() if count and kind != "in_step"
        )
        return f"{self.schema}: {when}{counts['in_step']:,} of {counted(self.rows, 'row')} in step" + (
            f"; {kinds}." if kinds else "."
        )

    def _further_note(self) -> str | None:
        return None if self.note is None or self.note in self.headline() else self.note

    def __str__(self) -> str:
        return display.text(
            "\n".join(filter(None, (self.headline(), self.reading, self._further_note()))),
            {
                "Status": self.status.drop(
                    "last_succeeded_at", "oldest_pending_at", "schema", "index_exists"
                ),
                "Documents": self.document_counts if self.estimate is None else self.estimate,
                "Signals": _raised(self.drift_signals).drop("observed"),
                "Recommended": self.actions.drop("schema"),
            },
        )

    __repr__ = __str__  # a frame inside of a dataclass's own repr is unreadable

    def _repr_html_(self) -> str:
        quiet = self.drift_signals.filter(~pl.col("raised"))["signal"].to_list()
        return display.html(
            self.headline(),
            {
                "Recommended": self.actions.drop("schema"),
                "Documents": self.document_counts if self.estimate is None else self.estimate,
                "Signals that are raised, or could not be checked": _raised(self.drift_signals),
                "Status": _without_empty_columns(self.status.drop("schema", "index", "index_exists")),
                "Failed work by reason": self.reason_counts,
            },
            notes=[self.reading, self._further_note()],
            below=[
                f"Not raised: {', '.join(quiet)}." if quiet else None,
                f"Compared at {display.cell(self.taken_at)}; kept as {self.snapshot_id}.",
            ],
        )


def _raised(signals: pl.DataFrame) -> pl.DataFrame:
    return signals.filter(pl.col("raised").fill_null(value=True))


def _without_empty_columns(frame: pl.DataFrame) -> pl.DataFrame:
    """Without the columns that say nothing in any row."""
    return frame.select(column for column in frame if column.null_count() < frame.height)


def open_work(status: pl.DataFrame, failed_work: pl.DataFrame) -> dict[str, int | None]:
    """``pending`` and ``failed`` units of work in the sources that were checked; None where none was."""
    seen = status.filter(pl.col("observed"))
    if seen.is_empty():
        return {"pending": None, "failed": None}
    failed = failed_work.filter(pl.col("work_id").is_not_null() & ~pl.col("healed")).height
    return {"pending": int(seen["pending"].sum()), "failed": failed}
