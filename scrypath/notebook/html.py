"""Small pieces of HTML that read well in JupyterLab: tables, chips, notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from html import escape
from typing import Any

import polars as pl

NOTHING = "–"  # null is shown as itself, never as zero
STYLE = """<style>
.scrypath-panel{font:13px/1.5 system-ui,sans-serif;color:#1f2328;max-width:70em}
.scrypath-panel h4{margin:0 0 .3em;font-size:15px;font-weight:600}
.scrypath-panel p{margin:.25em 0}
.scrypath-panel table{border-collapse:collapse;margin:.4em 0}
.scrypath-panel table th{color:#59636e;font-weight:600;border-bottom:1px solid #d1d9e0}
.scrypath-panel table th,.scrypath-panel table td{padding:.2em .8em .2em 0;text-align:left;vertical-align:top}
.scrypath-panel table td.n,.scrypath-panel table th.n{text-align:right;font-variant-numeric:tabular-nums}
.scrypath-panel .quiet{color:#59636e}
.scrypath-panel .scroll{max-height:16em;overflow:auto;border:1px solid #d1d9e0;border-radius:4px;padding:0 .6em}
.scrypath-chip{display:inline-block;padding:0 .6em;border-radius:1em;font-weight:600;border:1px solid}
.scrypath-waiting{color:#0550ae;background:#eaf3ff;border-color:#b6d4fe}
.scrypath-done{color:#116329;background:#e6f6ea;border-color:#a6dbb3}
.scrypath-wrong{color:#a40e26;background:#ffebe9;border-color:#ffc1bb}
.scrypath-unsure{color:#7d4e00;background:#fff8e1;border-color:#eed08b}
.scrypath-note{border-left:3px solid;padding:.3em .8em;margin:.4em 0;border-radius:2px}
</style>"""


class Tone(StrEnum):
    """What a colour says."""

    WAITING = "waiting"  # accepted, pending: not done
    DONE = "done"  # read back and verified
    WRONG = "wrong"
    UNSURE = "unsure"


OUTCOME_TONES: Mapping[str, Tone] = {
    "accepted": Tone.WAITING,
    "completed": Tone.DONE,
    "failed": Tone.WRONG,
    "unknown": Tone.UNSURE,
    "skipped": Tone.UNSURE,
}


def panel(*parts: str) -> str:
    """Pieces of HTML in the look of a panel."""
    return f'{STYLE}<div class="scrypath-panel">{"".join(parts)}</div>'


def heading(text: str) -> str:
    """A heading."""
    return f"<h4>{escape(text)}</h4>"


def line(text: str, *, quiet: bool = False) -> str:
    """A sentence."""
    return f'<p class="quiet">{escape(text)}</p>' if quiet else f"<p>{escape(text)}</p>"


def chip(text: str, tone: Tone) -> str:
    """One word in a colour."""
    return f'<span class="scrypath-chip scrypath-{tone}">{escape(text)}</span>'


def marked(mark: str, text: str) -> str:
    """A sentence after a chip."""
    return f"<p>{mark} {escape(text.strip())}</p>"


def note(text: str, tone: Tone, *, hint: str = "") -> str:
    """A sentence that must not be overlooked."""
    more = f'<br><span class="quiet">{escape(hint)}</span>' if hint else ""
    return f'<div class="scrypath-note scrypath-{tone}">{escape(text)}{more}</div>'


def table(frame: pl.DataFrame, columns: Mapping[str, str] | None = None, *, right: Sequence[str] = ()) -> str:
    """A frame as a table.

    Parameters
    ----------
    frame
        Its rows, all of them.
    columns
        Headings by column name, in order; default: every column under its own name.
    right
        Columns of text that are aligned like numbers.
    """
    shown = dict(columns) if columns is not None else {name: name for name in frame.columns}
    aligned = {name for name in shown if frame.schema[name].is_numeric()} | set(right)
    return _table(shown, aligned, [{name: cell(row[name]) for name in shown} for row in frame.to_dicts()])


def documents(frame: pl.DataFrame) -> str:
    """Documents as they are, in a box of fixed height: an id is a name, its digits stay together."""
    shown = {name: name for name in frame.columns}
    aligned = {name for name, dtype in frame.schema.items() if dtype.is_numeric()}
    rows = [
        {name: str(value) if isinstance(value, int) else cell(value) for name, value in row.items()}
        for row in frame.to_dicts()
    ]
    return f'<div class="scroll">{_table(shown, aligned, rows)}</div>'


def cell(value: Any) -> str:
    """A value as a reader expects it.

    Examples
    --------
    >>> cell(34006), cell(None), cell(["a", "b", "c", "d"])
    ('34,006', '–', 'a, b, c … (4)')
    """
    match value:
        case None:
            return NOTHING
        case bool():
            return "yes" if value else "no"
        case int():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}"
        case str():
            return value
        case Sequence():
            return ", ".join(map(str, value[:3])) + (f" … ({len(value)})" if len(value) > 3 else "")
        case _:
            return str(value)


def _table(headings: Mapping[str, str], right: set[str], rows: list[dict[str, str]]) -> str:
    head = "".join(_tag("th", heading, name in right) for name, heading in headings.items())
    body = "".join(
        "<tr>" + "".join(_tag("td", row[name], name in right) for name in headings) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _tag(name: str, text: str, right: bool) -> str:
    return f"<{name} class='n'>{escape(text)}</{name}>" if right else f"<{name}>{escape(text)}</{name}>"
