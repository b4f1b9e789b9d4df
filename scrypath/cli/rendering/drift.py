"""Drift in one cell of a table."""

from __future__ import annotations

from scrypath.cli.rendering.table import Row
from scrypath.wording import number

KINDS = ("missing", "orphan", "stale", "in_flight", "unknown")


def drift_kinds(row: Row) -> str:
    """The kinds of drift in a row of ``SNAPSHOTS`` or ``FLEET``, each with its count; empty when there is none.

    Examples
    --------
    >>> drift_kinds({"missing": 1200, "orphan": 0, "stale": None, "in_flight": 3, "unknown": 0})
    '1,200 missing, 3 in flight'
    """
    return ", ".join(f"{number(row[kind])} {kind.replace('_', ' ')}" for kind in KINDS if row[kind])
