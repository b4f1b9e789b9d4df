"""The outcome of comparing documents of a schema with their rows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from scrypath.compare.checkpoint import Baseline
from scrypath.errors import ScrypathError
from scrypath.frames import DOCUMENT_COUNTS, DOCUMENTS
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.vocabulary import ComparisonBasis, ComparisonMethod, DocumentDrift, Verification
from scrypath.wording import counted


@dataclass(frozen=True, slots=True)
class Comparison:
    """The outcome of comparing documents of a schema with their rows.

    Parameters
    ----------
    taken_at
        When the reading began, UTC.
    duration
        How long it took.
    verify
        What was compared.
    compared
        False: not every document was; the counts are null then, and ``note`` says why.
    rows, documents
        How many there are on each side.
    in_step
        Rows whose document says the same.
    drift
        ``frames.DOCUMENTS``: every document that is not in step; of a sample, those that it found.
    note
        What a reader should know about how it was done.
    method
        How many of the documents were read.
    basis
        What is known by, of an incremental one, that the others did not change.
    read_now
        Ids that were read on both sides, of an incremental one; None: everything was, or what a sample drew.
    from_before
        Rows and their documents that were taken from the earlier comparison, of an incremental one.
    started_from
        Snapshot of that earlier comparison.
    baseline
        What a later comparison can start from.
    estimate
        ``frames.DRIFT_ESTIMATE``, of a sample only.
    index_created_at
        Which index was compared: one of the same name made or swapped in later has another moment. UTC.
    without_id
        Rows that have no id; in ``drift`` they are one, whose id is empty.
    unread
        Rows that could not be compared, where nothing was; None: not known.
    """

    taken_at: datetime
    duration: timedelta
    verify: Verification
    compared: bool
    rows: int | None
    documents: int | None
    in_step: int | None
    drift: pl.DataFrame
    note: str | None = None
    method: ComparisonMethod = ComparisonMethod.FULL
    basis: ComparisonBasis | None = None
    read_now: int | None = None
    from_before: int | None = None
    started_from: str | None = None
    baseline: Baseline | None = None
    estimate: pl.DataFrame | None = None
    index_created_at: datetime | None = None
    without_id: int = 0
    unread: int | None = None

    def noting(self, note: str) -> Comparison:
        """The same, with a note before its own."""
        return replace(self, note=" ".join(filter(None, (note, self.note))))

    @property
    def counts(self) -> pl.DataFrame:
        """``frames.DOCUMENT_COUNTS``: how many documents are in step, and how many drift in which way."""
        if not self.compared:
            return no_counts(unknown=self.unread)
        tally = dict(self.drift.group_by("drift").len().iter_rows())
        counts = {"in_step": self.in_step} | {str(kind): tally.get(str(kind), 0) for kind in DocumentDrift}
        counts[str(DocumentDrift.UNKNOWN)] += max(0, self.without_id - 1)
        return DOCUMENT_COUNTS.rows({"drift": name, "count": count} for name, count in counts.items())


def no_counts(*, unknown: int | None = None) -> pl.DataFrame:
    """``frames.DOCUMENT_COUNTS`` where nothing was compared: null is not zero.

    Parameters
    ----------
    unknown
        Rows that could not be compared; None: not known.
    """
    names = ("in_step", *map(str, DocumentDrift))
    return DOCUMENT_COUNTS.rows(
        {"drift": name, "count": unknown if name == str(DocumentDrift.UNKNOWN) else None} for name in names
    )


def not_compared(ref: IndexRef, verify: Verification, began: datetime, why: str) -> Comparison:
    """A comparison that could not be made: no numbers, but how many rows nothing is known of.

    Parameters
    ----------
    ref
        What was to be compared.
    verify
        What was to be read from documents.
    began
        When the reading began, UTC.
    why
        What kept it from being made.
    """
    try:
        unread = rows.count(ref) or None
    except ScrypathError:
        unread = None
    note = f"{why} {counted(unread, 'row')} could not be compared." if unread else why
    return replace(impossible(began, verify, note, DOCUMENTS.empty()), unread=unread)


def impossible(began: datetime, verify: Verification, note: str, drift: pl.DataFrame) -> Comparison:
    """A comparison whose numbers nobody can know, and why."""
    return Comparison(began, datetime.now(UTC) - began, verify, False, None, None, None, drift, note)
