"""The audit."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.cli.rendering.table import Column, show_table

if TYPE_CHECKING:
    import polars as pl


def show_audit(frame: pl.DataFrame) -> None:
    """Frame ``AUDIT``."""
    show_table(
        frame,
        [
            Column("At (UTC)", "at"),
            Column("Phase", "phase"),
            Column("Who", "actor"),
            Column("Action", "action"),
            Column("Target", "target"),
            Column("Outcome", lambda row: row["outcome"] or ""),
            Column("Documents", "document_count", right=True),
            Column("", "detail", wraps=True),
        ],
    )
