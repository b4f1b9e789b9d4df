"""Which documents are not in step with their rows: found by comparing them, confirmed one by one."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import polars as pl

from scrypath.compare.checkpoint import Baseline, observe
from scrypath.compare.confirm import confirmed
from scrypath.compare.in_flight import ended_up_to, in_flight
from scrypath.compare.local_reader import Reader, read_here
from scrypath.config import Config
from scrypath.errors import IndexNotFound, ScrypathError
from scrypath.frames import DOCUMENT_COUNTS, DOCUMENTS
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.indexes import IndexInfo
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.vocabulary import ComparisonMethod, DocumentDrift, Verification
from scrypath.wording import counted

REPLACED = "The index was swapped or recreated while it was read."
OVERLOOKED = "Documents were deleted while the index was read, however often: some may have been overlooked."


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
        ``frames.DOCUMENTS``: every document that is not in step; of a sample, those that it hit upon.
    note
        What a reader should know about how it was done.
    method
        How many of the documents were read.
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


def compare(
    ref: IndexRef,
    *,
    verify: Verification = Verification.FINGERPRINT,
    read: Reader = read_here,
) -> Comparison:
    """Compare every row of a schema with its document.

    Suspects are read again by id on both sides, and documents with work pending are ``in_flight``: neither a
    page that shifted nor a write under way is reported as drift.

    Parameters
    ----------
    ref
        What is compared.
    verify
        What is read from documents.
    read
        How both sides are read.

    Raises
    ------
    TransportError, DatabaseError
        When a side cannot be read.
    """
    began = datetime.now(UTC)
    before = indexes.get(ref.config, ref.uid)
    if not ref.schema.fingerprint:
        verify = Verification.CONTENT
    if before is not None and before.primary_key not in (None, ref.schema.document_id):
        note = f"The index names its documents by {before.primary_key!r}, not {ref.schema.document_id!r}."
        return not_compared(ref, verify, began, note)
    ended = ended_up_to(ref.config, ref.uid)
    baseline = observe(ref, before, ended=ended)
    try:
        scanned = read(ref, verify, before is not None)
    except IndexNotFound:
        return not_compared(ref, verify, began, "The index was deleted while it was read.")
    pending = in_flight(ref, since=ended)
    found = confirmed(ref, scanned.suspects, pending, verify=verify, without_id=scanned.without_id).sort(
        "document_id"
    )
    if _replaced(ref.config, ref.uid, before, ended=ended):
        return not_compared(ref, verify, began, REPLACED)
    if not scanned.complete:
        # Every row was compared all the same: it is documents without a row that may be missing here.
        return _impossible(began, verify, OVERLOOKED, DOCUMENTS.conform(found))
    return Comparison(
        taken_at=began,
        duration=datetime.now(UTC) - began,
        verify=verify,
        compared=True,
        rows=scanned.rows,
        documents=scanned.documents,
        in_step=scanned.rows - int(found["row_count"].sum()),
        drift=DOCUMENTS.conform(found),
        note=None if before is not None else "The index does not exist.",
        baseline=baseline,
        index_created_at=before.created_at if before is not None else None,
        without_id=scanned.without_id,
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
    told = f"{why} {counted(unread, 'row')} could not be compared." if unread else why
    return replace(_impossible(began, verify, told, DOCUMENTS.empty()), unread=unread)


def _impossible(began: datetime, verify: Verification, note: str, drift: pl.DataFrame) -> Comparison:
    return Comparison(began, datetime.now(UTC) - began, verify, False, None, None, None, drift, note)


def _replaced(config: Config, index: str, before: IndexInfo | None, *, ended: int) -> bool:
    """Whether the index is another one than before, or has been another one meanwhile."""
    after = indexes.get(config, index)
    if (before and before.created_at) != (after and after.created_at):
        return True
    swaps = tasks.listing(
        config, types=["indexSwap"], statuses=["succeeded"], reverse=True, from_uid=ended + 1
    )
    return any(f'"{index}"' in (details or "") for details in swaps.frame["details"])
