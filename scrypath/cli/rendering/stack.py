"""The parts of the local stack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import say

if TYPE_CHECKING:
    import polars as pl


def show_stack(frame: pl.DataFrame) -> None:
    """Frame ``LOCAL_STATUS``."""
    show_table(
        frame,
        [
            Column("Part", "part"),
            Column("State", "state"),
            Column("Process", lambda row: "" if row["pid"] is None else str(row["pid"]), right=True),
            Column("", "detail", wraps=True),
        ],
    )
    for row in frame.filter(frame["url"].is_not_null()).to_dicts():
        say(f"{row['part']}: {row['url']}", fold=False)
