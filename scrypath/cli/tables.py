"""Frames as tables that fit a terminal of 100 columns, and a pipe."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any

from rich.console import Console
from rich.text import Text

from scrypath.cli.widths import GAP, fitted, too_narrow, wish

if TYPE_CHECKING:
    import polars as pl

PIPED_WIDTH = 100  # columns, where no terminal says how wide it is
INDENT = 4  # of a sentence that stands below its row
NOTHING = "–"
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

type Cell = str | Text
type Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Shown:
    """One column of a table.

    Parameters
    ----------
    heading
        What stands above it.
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

    def cell(self, row: Row) -> Cell:
        """What the table shows for this row."""
        value = row[self.value] if isinstance(self.value, str) else self.value(row)
        return value if isinstance(value, Text) else plain(value)


@cache
def console() -> Console:
    """The standard output stream; the width of a pipe is fixed, so that what it carries is the same everywhere."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(
        width=None if known else PIPED_WIDTH, highlight=False, emoji=False, markup=False, soft_wrap=False
    )


def show(frame: pl.DataFrame | Iterable[Row], columns: Sequence[Shown]) -> None:
    """Print a frame's rows below their headings.

    Where they do not fit, sentences are folded first, then texts between their words; a last column of
    sentences that would become too narrow to read stands below its row. Headings, numbers and names are never
    cut: where they alone are too wide, the lines are.
    """
    rows = list(frame) if not hasattr(frame, "to_dicts") else frame.to_dicts()
    cells = [[_styled(column.cell(row)) for column in columns] for row in rows]
    wishes = [
        wish(c.heading, [line[n].plain for line in cells], number=c.right, sentence=c.wraps)
        for n, c in enumerate(columns)
    ]
    widths = fitted(wishes, console().width)
    *others, last = columns
    below = too_narrow(wishes[-1], widths[-1])
    if below:
        columns, widths = others, fitted(wishes[:-1], console().width)
    lines = _lines([Text(column.heading, "bold") for column in columns], columns, widths, bottom=True)
    for line in cells:
        lines += _lines(line[: len(columns)], columns, widths)
        if below and line[-1].plain not in {"", NOTHING}:
            label = f"{last.heading}: " if last.heading else ""
            told = Text.assemble((label, "bold"), line[-1])
            lines += [Text(" " * INDENT) + part for part in told.wrap(console(), console().width - INDENT)]
    _print(Text("\n").join(lines), whole=True)


def _lines(
    cells: Sequence[Text], columns: Sequence[Shown], widths: Sequence[int], *, bottom: bool = False
) -> list[Text]:
    folded: list[list[Text]] = []
    for cell, column, width in zip(cells, columns, widths, strict=True):
        fits = cell.cell_len <= width and "\n" not in cell.plain
        pieces = [cell.copy()] if fits else list(cell.wrap(console(), width, overflow="fold"))
        for piece in pieces:
            piece.rstrip()
            piece.align("right" if column.right else "left", width)
        folded.append(pieces)
    high = max(map(len, folded))
    for pieces, width in zip(folded, widths, strict=True):
        blank = [Text(" " * width)] * (high - len(pieces))
        pieces[:] = [*blank, *pieces] if bottom else [*pieces, *blank]
    lines = [Text(" " * GAP).join(parts) for parts in zip(*folded, strict=True)]
    for line in lines:
        line.rstrip()
    return lines


def say(line: str = "", style: str | None = None, *, whole: bool = False) -> None:
    """Print one line of text, folded at the width of the terminal unless it is to be copied as a ``whole``."""
    _print(Text(line, style or ""), whole=whole)


def _print(shown: Text, *, whole: bool = False) -> None:
    if console().is_terminal:
        console().print(shown, soft_wrap=whole)
        return
    # Rich fills lines up to the full width: nobody wants that in a file.
    with console().capture() as captured:
        console().print(shown, soft_wrap=whole)
    sys.stdout.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())


def plain(value: Any) -> str:
    """A value as a reader expects it: UTC times to the second, thousands apart, a dash for nothing.

    Examples
    --------
    >>> plain(34006), plain(None), plain(timedelta(seconds=90)), plain(["1", "2"]), plain(True)
    ('34,006', '–', '1 min 30 s', '1, 2', 'yes')
    """
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case int():
            return number(value)
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case timedelta():
            return lasted(value)
        case list() | tuple():
            return ", ".join(map(str, value))
        case _:
            return str(value)


def number(value: int) -> str:
    """An integer with its thousands apart."""
    return f"{value:,}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun.

    Examples
    --------
    >>> counted(1, "document"), counted(34006, "city", "cities")
    ('1 document', '34,006 cities')
    """
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"


def lasted(duration: timedelta) -> str:
    """A duration in the unit that suits it.

    Examples
    --------
    >>> [lasted(timedelta(seconds=s)) for s in (0.0421, 1.5, 61, 7260)]
    ['42 ms', '1.5 s', '1 min 1 s', '2 h 1 min']
    """
    seconds = duration.total_seconds()
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def _styled(cell: Cell) -> Text:
    return cell if isinstance(cell, Text) else Text(cell, STYLES.get(cell, ""))
