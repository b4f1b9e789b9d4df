"""Frames as tables that fit a terminal of 100 columns, and a pipe."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from scrypath.cli.rendering.text import NOTHING, console, plain, write
from scrypath.cli.rendering.widths import GAP, fitted, too_narrow, wish
from scrypath.redaction import shown

if TYPE_CHECKING:
    import polars as pl

INDENT = 4  # of a sentence below its row
STYLES = {
    "failed": "bold red",
    "crashed": "bold red",
    "retrying": "yellow",
    "unknown": "yellow",
    "missing": "yellow",
    "orphan": "yellow",
    "stale": "yellow",
    "completed": "green",
    "running": "green",
    "accepted": "cyan",  # not green: accepted is not done
    "pending": "cyan",
    "queued": "cyan",
    "in_flight": "cyan",
    "not observed": "dim",
    NOTHING: "dim",
}

type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    heading
        The text above it.
    value
        A column's name, or a function of the row.
    right
        Aligned to the right: numbers.
    wraps
        Sentences: folded over several lines before anything else, when the table is too wide.
    """

    heading: str
    value: str | Callable[[Row], Any]
    right: bool = False
    wraps: bool = False

    def cell(self, row: Row) -> Text:
        """What the table shows for this row."""
        value = row[self.value] if isinstance(self.value, str) else self.value(row)
        if isinstance(value, Text):
            clean = shown(value.plain, one_line=True)
            return value if clean == value.plain else Text(clean, value.style)
        text = plain(value)
        return Text(text, STYLES.get(text, ""))


def show_table(frame: pl.DataFrame | Iterable[Row], columns: Sequence[Column]) -> None:
    """Print a frame's rows below their headings.

    When they do not fit, sentences are folded first, then texts between their words; a last column of
    sentences that would become too narrow to read is shown below each row. Headings, numbers and names are never
    cut: a table of them may be wider than the terminal.
    """
    rows = list(frame) if not hasattr(frame, "to_dicts") else frame.to_dicts()
    cells = [[column.cell(row) for column in columns] for row in rows]
    wishes = [
        wish(c.heading, [line[n].plain for line in cells], number=c.right, sentence=c.wraps)
        for n, c in enumerate(columns)
    ]
    widths = fitted(wishes, console().width)
    if not cells or not too_narrow(wishes[-1], widths[-1]):
        write(_FullWidth(_table(columns, widths, cells)), fold=False)
        return
    *others, last = columns
    widths = fitted(wishes[:-1], console().width)
    parts: list[_FullWidth | Padding] = []
    for place, line in enumerate(cells):
        parts.append(_FullWidth(_table(others, widths, [line[:-1]], headings=not place)))
        if line[-1].plain not in {"", NOTHING}:
            label = f"{last.heading}: " if last.heading else ""
            parts.append(
                Padding(
                    Text.assemble((label, "bold"), line[-1], no_wrap=False, overflow="fold"),
                    (0, 0, 0, INDENT),
                )
            )
    write(Group(*parts), fold=False)


def _table(
    columns: Sequence[Column],
    widths: Sequence[int],
    rows: Iterable[Sequence[Text]],
    *,
    headings: bool = True,
) -> Table:
    table = Table(box=None, padding=(0, GAP, 0, 0), pad_edge=False, show_header=headings, header_style="bold")
    for column, width in zip(columns, widths, strict=True):
        table.add_column(
            Text(shown(column.heading)),
            width=width,
            justify="right" if column.right else "left",
            overflow="fold",
        )
    for cells in rows:
        table.add_row(*cells)
    return table


@dataclass(frozen=True, slots=True)
class _FullWidth:
    """A table at the width of its columns, where Rich would narrow them to the terminal's."""

    table: Table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        width = sum((column.width or 0) + GAP for column in self.table.columns)
        yield from console.render(self.table, options.update(width=max(width, options.max_width)))
