"""Estimating drift from rows chosen at random."""

from __future__ import annotations

from datetime import UTC, datetime
from math import ceil, floor, inf, sqrt
from typing import Any

import polars as pl

from scrypath.compare.by_id import compare_by_id
from scrypath.compare.comparison import Comparison
from scrypath.compare.in_flight import ended_up_to
from scrypath.frames import DOCUMENTS, DRIFT_ESTIMATE
from scrypath.meilisearch import indexes
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.vocabulary import ComparisonMethod, DocumentDrift, Verification
from scrypath.wording import counted, number

CONFIDENCE = 0.95
_QUANTILE = 1.959963984540054  # of the normal distribution, for that confidence, on both sides


def compare_sample(ref: IndexRef, size: int, *, verify: Verification) -> Comparison:
    """Compare rows chosen at random with their documents, and estimate the rest.

    Rows alone are drawn. Every document that is not an orphan has a row, so the orphans follow from both totals and
    from the rows that are missing.

    Parameters
    ----------
    ref
        What is compared.
    size
        Rows to draw.
    verify
        What is read from documents.

    Raises
    ------
    TransportError, DatabaseError
        When a side cannot be read.
    OutOfSpace
        When memory or the temporary folder is full.
    """
    began = datetime.now(UTC)
    ended = ended_up_to(ref.config, ref.uid)
    ids = rows.random_ids(ref, size)
    drift = compare_by_id(ref, ids, verify=verify, ended=ended).drift
    row_count = rows.count(ref)
    index = indexes.get(ref.config, ref.uid)
    documents = indexes.stats(ref.config, index.uid).number_of_documents if index is not None else 0
    found = dict(drift.group_by("drift").len().iter_rows())
    return Comparison(
        taken_at=began,
        duration=datetime.now(UTC) - began,
        verify=verify,
        compared=False,
        rows=None,
        documents=None,
        in_step=None,
        drift=DOCUMENTS.conform(drift.sort("document_id")),
        note=f"Estimated from {number(len(ids))} of {counted(row_count, 'row')}, chosen at random.",
        method=ComparisonMethod.SAMPLE,
        estimate=estimate(found, sampled=len(ids), rows=row_count, documents=documents),
    )


def estimate(found: dict[str, int], *, sampled: int, rows: int, documents: int) -> pl.DataFrame:
    """``frames.DRIFT_ESTIMATE`` from what a sample showed.

    Parameters
    ----------
    found
        Drift -> how many of the sampled rows.
    sampled
        Rows looked at.
    rows, documents
        How many there are on each side.

    Examples
    --------
    >>> estimate({"stale": 5}, sampled=100, rows=1000, documents=1000).select("drift", "estimate", "low", "high").rows()
    [('missing', 0, 0, 34), ('stale', 50, 22, 108), ('orphan', 0, 0, 34)]
    """
    drawn: list[dict[str, Any]] = []
    for kind in (DocumentDrift.MISSING, DocumentDrift.STALE):
        hits = found.get(str(kind), 0)
        low, high = interval(hits, sampled, rows)
        likely = round(rows * hits / sampled) if sampled else 0
        drawn.append({"drift": str(kind), "found": hits, "estimate": likely, "low": low, "high": high})
    # documents - orphans = rows - missing
    missing, surplus = drawn[0], documents - rows
    for name in ("estimate", "low"):
        missing[name] = max(missing[name], -surplus)
    orphans = {name: max(0, surplus + missing[name]) for name in ("estimate", "low", "high")}
    drawn.append({"drift": str(DocumentDrift.ORPHAN), "found": None} | orphans)
    return DRIFT_ESTIMATE.rows(row | {"sampled": sampled, "confidence": CONFIDENCE} for row in drawn)


def interval(hits: int, sampled: int, total: int) -> tuple[int, int]:
    """Wilson's score interval for how many of ``total`` there are, for a sample without replacement.

    Examples
    --------
    >>> interval(5, 100, 1000), interval(0, 1000, 1000), interval(0, 0, 10)
    ((22, 108), (0, 0), (0, 10))
    """
    if not sampled:
        return 0, total
    # A sample that is a large part of all rows says more than its size: this is the size it is worth.
    worth = inf if sampled >= total else sampled * (total - 1) / (total - sampled)
    share, square = hits / sampled, _QUANTILE**2
    middle = (share + square / (2 * worth)) / (1 + square / worth)
    half = _QUANTILE / (1 + square / worth) * sqrt(share * (1 - share) / worth + square / (4 * worth**2))
    low, high = floor(total * (middle - half) + 1e-9), ceil(total * (middle + half) - 1e-9)
    # What was seen is there, and what was seen in step is not among them.
    return max(low, hits), min(high, total - (sampled - hits))
