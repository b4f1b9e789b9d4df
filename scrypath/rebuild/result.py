"""What a rebuild or a rollback did."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import polars as pl

from scrypath import display
from scrypath.vocabulary import Cutover
from scrypath.wording import counted


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReindexResult:
    """What a rebuild, or a rollback, did.

    Parameters
    ----------
    schema, index
        Whose index.
    cutover
        ``completed``: searches are answered from the other index. ``pending``: it is ready beside the live one.
    target_index, rollback_index
        The name it was built under, and the name under which the index that was replaced is kept.
    document_count
        Documents in the index that was built, when it was last compared.
    steps
        ``frames.REINDEX_STEPS``.
    gate
        ``frames.GATE``.
    missing_at_most
        For how long a write that landed during the swap may have been missing from searches: from the swap to the end
        of the last catch-up. Zero without a swap.
    duration
        Of all of it.
    """

    schema: str
    index: str
    cutover: Cutover
    target_index: str
    rollback_index: str | None
    document_count: int | None
    steps: pl.DataFrame = field(repr=False)
    gate: pl.DataFrame = field(repr=False)
    missing_at_most: timedelta
    duration: timedelta

    def headline(self) -> str:
        """The result in one sentence."""
        count = counted(self.document_count or 0, "document")
        if self.cutover is Cutover.PENDING:
            return f"{self.schema}: {count} ready in {self.target_index}; {self.index} is as it was."
        kept = f" The index before is kept as {self.rollback_index}." if self.rollback_index else ""
        return f"{self.schema}: {self.index} now has {count}.{kept}"

    def __str__(self) -> str:
        return display.text(self.headline(), {"Steps": self.steps, "Gate": self.gate.drop("document_ids")})

    __repr__ = __str__

    def _repr_html_(self) -> str:
        return display.html(self.headline(), {"Steps": self.steps, "Gate": self.gate.drop("document_ids")})
