"""Suspects of a comparison: which of them are drift when each is read again by its id."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from scrypath.compare.current_state import current_states, in_step
from scrypath.compare.in_flight import InFlight
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import DocumentDrift, Verification
from scrypath.wording import counted

if TYPE_CHECKING:
    from scrypath.source.adbc import Connection

CHANGED = "It changed while it was compared."


def confirmed(
    ref: IndexRef,
    suspects: pl.DataFrame,
    pending: InFlight,
    *,
    verify: Verification,
    without_id: int = 0,
    over: Connection | None = None,
) -> pl.DataFrame:
    """Suspects that are still not in step, with their drift.

    Parameters
    ----------
    ref
        What is compared.
    suspects
        ``document_id``, ``row_fingerprint``, ``document_fingerprint``, ``has_row``, ``has_document`` as scanned.
    pending
        What is being written.
    verify
        What the comparison reads from documents.
    without_id
        Rows without an id: nobody can look for their documents.
    over
        As for ``rows.stream``.

    Returns
    -------
    polars.DataFrame
        The columns of ``frames.DOCUMENTS``, and ``row_count``: how many of the rows scanned it covers.
    """
    named = suspects.filter(pl.col("document_id") != "")
    now = current_states(ref, named["document_id"].to_list(), verify=verify, over=over)
    known = named.join(now, on="document_id", how="left", maintain_order="left")
    row_changed = (pl.col("has_row") != pl.col("row_exists")) | (
        pl.col("row_fingerprint").ne_missing(pl.col("row_now"))
    )
    # A document that carries no fingerprint, or no text as one, is compared by its content only now: that is no change.
    carried = ~pl.col("by_content") if verify is Verification.FINGERPRINT else pl.lit(value=True)
    document_changed = (pl.col("has_document") != pl.col("document_exists")) | (
        carried
        & pl.col("document_fingerprint").is_not_null()
        & pl.col("document_fingerprint").ne_missing(pl.col("document_now"))
    )
    work = pl.col("document_id").replace_strict(
        pending.by_document, default=pending.blanket, return_dtype=pl.String
    )
    found = (
        known.filter(~in_step())
        .with_columns(work=work, changed=row_changed | document_changed)
        .select(
            "document_id",
            drift=pl.when(pl.col("problem").is_not_null())
            .then(pl.lit(str(DocumentDrift.UNKNOWN)))
            .when(pl.col("work").is_not_null() | pl.col("changed"))
            .then(pl.lit(str(DocumentDrift.IN_FLIGHT)))
            .when(~pl.col("document_exists"))
            .then(pl.lit(str(DocumentDrift.MISSING)))
            .when(~pl.col("row_exists"))
            .then(pl.lit(str(DocumentDrift.ORPHAN)))
            .otherwise(pl.lit(str(DocumentDrift.STALE))),
            row_fingerprint=pl.col("row_now"),
            document_fingerprint=pl.col("document_now"),
            detail=pl.coalesce(
                "problem",
                "work",
                pl.when(pl.col("changed")).then(pl.lit(CHANGED)),
                pl.when(pl.col("document_exists") & pl.col("document_now").is_null()).then(
                    pl.lit("The document holds values that its fields cannot have.")
                ),
            ),
            row_count=pl.when("has_row").then(pl.max_horizontal("row_count", pl.lit(1))).otherwise(0),
        )
    )
    if not without_id:
        return found
    said = {
        "document_id": "",
        "drift": str(DocumentDrift.UNKNOWN),
        "detail": f"{counted(without_id, 'row has', 'rows have')} no id.",
        "row_count": without_id,
    }
    return pl.concat(
        [found, pl.DataFrame([said], schema_overrides=dict(found.schema))], how="diagonal_relaxed"
    )
