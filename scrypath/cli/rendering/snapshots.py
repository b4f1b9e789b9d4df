"""Stored reports, and what changed between two of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.cli.rendering.drift import drift_kinds
from scrypath.cli.rendering.table import Column, Row, show_table
from scrypath.cli.rendering.text import NOTHING, plain, say
from scrypath.wording import number

if TYPE_CHECKING:
    import polars as pl

MOST_ROWS = 20  # of one kind of change


def show_snapshots(frame: pl.DataFrame) -> None:
    """Frame ``SNAPSHOTS``."""
    if frame.is_empty():
        say("No snapshot yet: scrypath reconcile stores one.")
        return
    columns = [
        Column("Snapshot", "snapshot_id"),
        Column("Schema", "schema"),
        Column("Taken at (UTC)", "taken_at"),
        Column("Rows", lambda row: _compared(row, "rows"), right=True),
        Column("Documents", lambda row: _compared(row, "documents"), right=True),
        Column("Failed", "failed", right=True),
        Column("Drift", _drifted, wraps=True),
    ]
    if (frame["method"] == "incremental").any():
        columns.append(Column("Read", _read, wraps=True))
    if frame["published_by"].is_not_null().any():
        columns.insert(3, Column("Published by", "published_by"))
    show_table(frame, columns)


def show_changes(frame: pl.DataFrame) -> None:
    """Frame ``SNAPSHOT_CHANGES``: how many, and the first of each kind."""
    if frame.is_empty():
        say("No document was out of step in either snapshot.", "green")
        return
    counts = dict(frame.group_by("change").len().iter_rows())
    kinds = [kind for kind in ("new", "persisting", "resolved") if kind in counts]
    say(", ".join(f"{kind} {number(counts[kind])}" for kind in kinds) + ".", "bold")
    first = [
        row for kind in kinds for row in frame.filter(frame["change"] == kind).head(MOST_ROWS).to_dicts()
    ]
    show_table(
        first,
        [
            Column("Document", "document_id"),
            Column("Change", "change"),
            Column("Before", lambda row: row["before"] or NOTHING),
            Column("After", lambda row: row["after"] or NOTHING),
        ],
    )
    if len(first) < frame.height:
        say(f"The first {MOST_ROWS} of each kind are shown; --json gives all {number(frame.height)}.", "dim")


def _drifted(row: Row) -> str:
    if not row["documents_compared"]:
        return NOTHING
    return drift_kinds(row) or "none"


def _read(row: Row) -> str:
    if row["method"] != "incremental":
        return row["method"] or NOTHING
    basis = "row versions" if row["basis"] == "row_versions" else row["basis"]
    return f"{number(row['read_now'])} by {basis}, {number(row['from_before'])} from before"


def _compared(row: Row, name: str) -> str:
    return plain(row[name]) if row["documents_compared"] else NOTHING
