"""The checks of ``scrypath preflight``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.text import Text

from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import NOT_OBSERVED

if TYPE_CHECKING:
    import polars as pl


def show_checks(frame: pl.DataFrame) -> None:
    """Frame ``CHECKS``."""
    marks = {True: Text("ok", "green"), False: Text("not ok", "bold red"), None: Text(NOT_OBSERVED, "dim")}
    show_table(
        frame,
        [
            Column("Check", "check"),
            Column("", lambda row: marks[row["ok"]]),
            Column("Seen", "detail", wraps=True),
            Column("Next step", lambda row: row["hint"] or "", wraps=True),
        ],
    )
