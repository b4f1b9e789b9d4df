"""Lines of text, and values as text."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from scrypath.redaction import shown
from scrypath.wording import number

PIPED_WIDTH = 100  # columns, when the width of the terminal is not known
NOTHING = "–"
NOT_OBSERVED = "not observed"
MOST_NAMES = 5  # in a sentence


@cache
def console() -> Console:
    """The standard output stream; the width of a pipe is fixed, so that its text is the same everywhere."""
    known = sys.stdout.isatty() or "COLUMNS" in os.environ
    return Console(
        width=None if known else PIPED_WIDTH, highlight=False, emoji=False, markup=False, soft_wrap=False
    )


def say(line: str = "", style: str | None = None, *, fold: bool = True) -> None:
    """Print one line of text, folded at the width of the terminal; not what is copied from it, such as a URL."""
    write(Text(shown(line), style or ""), fold=fold)


def write(rendered: RenderableType, *, fold: bool = True) -> None:
    """Print what rich can render; outside a terminal without the blanks that rich fills lines with."""
    if console().is_terminal:
        console().print(rendered, soft_wrap=not fold)
        return
    with console().capture() as captured:
        console().print(rendered, soft_wrap=not fold)
    sys.stdout.writelines(line.rstrip() + "\n" for line in captured.get().splitlines())


def plain(value: Any) -> str:
    """A value as text: UTC times to the second, thousands separated, a dash for nothing.

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
            return shown(", ".join(map(str, value)), one_line=True)
        case _:
            return shown(str(value), one_line=True)


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


def some(names: Sequence[str]) -> str:
    """The first of these names, and how many more there are."""
    rest = len(names) - MOST_NAMES
    return ", ".join(names[:MOST_NAMES]) + (f" and {number(rest)} more" if rest > 0 else "")
