"""Bringing an index in step with its rows: compared, what differs written or deleted, and compared again."""

from __future__ import annotations

from dataclasses import dataclass

import polars as pl

from scrypath.compare.comparison import Comparison
from scrypath.compare.full import compare
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import delivered
from scrypath.vocabulary import DocumentDrift, SyncMode

ROUNDS = 5  # comparisons, each after what the one before found was written; rows may change all along
DRIFTED = tuple(map(str, (DocumentDrift.MISSING, DocumentDrift.ORPHAN, DocumentDrift.STALE)))


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """An index after it was brought in step.

    Parameters
    ----------
    comparison
        The last one.
    written
        Documents written or deleted on the way.
    stuck
        Ids that still differ although they were written from the row that is there now.
    changing
        Ids whose rows changed in every round; they were written from their rows once more at the end.
    """

    comparison: Comparison
    written: int
    stuck: tuple[str, ...] = ()
    changing: tuple[str, ...] = ()

    @property
    def left_out(self) -> tuple[str, ...]:
        """Ids of rows that could not be compared: they cannot be projected, or have no id."""
        unknown = self.comparison.drift.filter(pl.col("drift") == str(DocumentDrift.UNKNOWN))
        return tuple(unknown["document_id"])

    @property
    def in_step(self) -> bool:
        """Whether nothing differs but what changed while it was read."""
        return self.comparison.compared and not self.stuck


@dataclass(frozen=True, slots=True)
class _Sides:
    """Fingerprints of a row and of its document; None without one."""

    row: str | None
    document: str | None

    def stuck_since(self, before: _Sides) -> bool:
        """Whether what was written from the row, or deleted, had no effect.

        A row that is gone may have come back and gone again meanwhile: then its document is another one.
        """
        return self.row == before.row and (self.row is not None or self.document == before.document)


def catch_up(ref: IndexRef, *, cause: str) -> CaughtUp:
    """Compare every document with its row, write what differs, and go on until nothing does.

    A document that differs again although its row has not changed since it was written is ``stuck``: writing it once
    more would not help.

    Parameters
    ----------
    ref
        Which index.
    cause
        What the writes are for, in the ledger.

    Raises
    ------
    TaskFailed, TaskTimeout
        When Meilisearch refused a write, or did not finish it in time.
    TransportError, DatabaseError
        When a side cannot be read.
    """
    before: dict[str, _Sides] = {}
    written = 0
    for _ in range(ROUNDS):
        found = compare(ref)
        drifted = found.drift.filter(pl.col("drift").is_in(DRIFTED))
        sides = drifted.select("document_id", "row_fingerprint", "document_fingerprint").iter_rows()
        drift = {document_id: _Sides(row, document) for document_id, row, document in sides}
        stuck = tuple(item for item, now in drift.items() if item in before and now.stuck_since(before[item]))
        if not found.compared or stuck or not drift:
            return CaughtUp(found, written, stuck)
        converged = converge(ref, list(drift), mode=SyncMode.MANUAL, cause=cause)
        delivered(ref.config, converged.sent).require_success()
        written += len(drift)
        before = drift
    return CaughtUp(found, written, changing=tuple(drift))
