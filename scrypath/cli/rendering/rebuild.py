"""A rebuild or a rollback, as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.cli.rendering.table import Column, show_table
from scrypath.cli.rendering.text import plain, say

if TYPE_CHECKING:
    from scrypath.rebuild.result import ReindexResult


def show_rebuild(result: ReindexResult) -> None:
    """Print what was done, step by step, and what the gate found."""
    say(result.headline(), "bold")
    say()
    show_table(
        result.steps,
        [Column("Step", "step"), Column("Took", "duration", right=True), Column("", "detail", wraps=True)],
    )
    say()
    show_table(
        result.gate,
        [Column("Check", "check"), Column("Passed", "passed"), Column("", "detail", wraps=True)],
    )
    if result.missing_at_most:
        say(f"\nA write during the swap was missing for {plain(result.missing_at_most)} at most.")
