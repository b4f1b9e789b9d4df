"""What a test reads out of a report."""

from __future__ import annotations

import scrypath


def drift_of(report: scrypath.Reconcile) -> dict[str, str]:
    """Document id → drift of everything that is not in step."""
    return dict(report.documents.select("document_id", "drift").iter_rows())
