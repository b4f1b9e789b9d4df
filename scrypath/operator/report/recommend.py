"""Which recovery a report recommends, and why."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.compare.comparison import Comparison
from scrypath.frames import ACTIONS
from scrypath.meilisearch.indexes import GONE
from scrypath.operator.report.signals import DRIFTED
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import DocumentDrift, RecoveryAction
from scrypath.wording import counted

REPAIR_AT_MOST = 0.5  # share of the rows; beyond it, writing every row costs no more and proves more


def recommended(
    ref: IndexRef,
    *,
    failed_work: pl.DataFrame,
    comparison: Comparison | None,
    contract: pl.DataFrame | None,
    index_exists: bool | None,
) -> pl.DataFrame:
    """``frames.ACTIONS``: the most direct first, none when nothing is wrong.

    Backfill repairs a trustworthy index, reindex replaces an untrustworthy one, repair touches only the
    drifted documents, retry sends one unit of failed work again.
    """
    rows: list[dict[str, Any]] = []

    def add(action: RecoveryAction, target: str, count: int | None, reason: str) -> None:
        rows.append(
            {
                "action": str(action),
                "schema": ref.schema.name,
                "target": target,
                "count": count,
                "reason": reason,
            }
        )

    for work in failed_work.filter(pl.col("retryable")).iter_rows(named=True):
        add(RecoveryAction.RETRY, work["work_id"], work["document_count"], f"It failed: {work['reason']}")
    if contract is not None and contract.height:
        keys = ", ".join(contract["key"].to_list())
        add(
            RecoveryAction.REINDEX,
            ref.uid,
            comparison.rows if comparison is not None else None,
            f"The settings of the index are not as declared: {keys}.",
        )
    unread = comparison is not None and not comparison.compared and comparison.estimate is None
    if index_exists is False and not unread:
        add(RecoveryAction.BACKFILL, ref.uid, comparison.rows if comparison is not None else None, GONE)
    elif comparison is not None and comparison.compared:
        counts = dict(comparison.counts.iter_rows())
        drifted = sum(counts[str(kind)] for kind in DRIFTED)
        rewritten = counts[str(DocumentDrift.MISSING)] + counts[str(DocumentDrift.STALE)]
        if comparison.rows and rewritten > REPAIR_AT_MOST * comparison.rows:
            add(
                RecoveryAction.BACKFILL,
                ref.uid,
                comparison.rows,
                f"Missing or stale in the index: {rewritten:,} of {counted(comparison.rows, 'row')}.",
            )
        elif drifted:
            kinds = ", ".join(f"{counts[str(kind)]} {kind}" for kind in DRIFTED if counts[str(kind)])
            add(RecoveryAction.REPAIR, ref.uid, drifted, f"{kinds}: only these documents need to be touched.")
    return ACTIONS.rows(rows)
