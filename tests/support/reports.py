"""What a test reads out of a report."""

from __future__ import annotations

import polars as pl

import scrypath
from scrypath.config import Config


def drift_of(report: scrypath.Reconcile) -> dict[str, str]:
    """Document id → drift of everything that is not in step."""
    return dict(report.documents.select("document_id", "drift").iter_rows())


def recoveries(config: Config) -> pl.DataFrame:
    """The audit without the backfills that tests begin with."""
    return scrypath.audit_log(config=config).filter(pl.col("action") != "backfill")
