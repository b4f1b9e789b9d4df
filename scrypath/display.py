"""Frames and headlines as text and as HTML, without losing what is null."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from html import escape as _escape
from typing import Any

import polars as pl

from scrypath import redaction

SHOWN = 12  # rows of a frame before the rest is only counted
NOT_KNOWN = "–"  # null is shown as itself: never as zero

# JupyterLab names the colours of its theme; elsewhere the page's own are taken.
STYLE = (
    "<style>"
    ".scrypath{--line:var(--jp-border-color2,#c8ccd1);--quiet:var(--jp-content-font-color2,#59636e);"
    "font-family:system-ui,sans-serif;font-size:13px;line-height:1.5;"
    "color:var(--jp-content-font-color1,inherit)}"
    ".scrypath h4{margin:.7em 0 .1em;font-size:13px;font-weight:600}.scrypath p{margin:.25em 0}"
    ".scrypath .headline{font-size:15px;font-weight:600;margin:0 0 .3em}.scrypath .quiet{color:var(--quiet)}"
    ".scrypath table.frame{border-collapse:collapse;margin:.2em 0 .6em;font-size:13px}"
    ".scrypath table.frame th{color:var(--quiet);font-weight:600;white-space:nowrap}"
    ".scrypath table.frame th,.scrypath table.frame td{padding:.2em 1em .2em 0;text-align:left;"
    "vertical-align:top;border-bottom:1px solid var(--line);max-width:60em;overflow-wrap:anywhere}"
    ".scrypath table.frame .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}"
    ".scrypath table.frame .s{white-space:nowrap}.scrypath table.frame .l{min-width:20em}"
    "</style>"
)
SHORT = 40  # letters of a value that stays on one line


def escape(text: str) -> str:
    r"""A text as HTML: without secrets, and without characters that turn the order of a line.

    Examples
    --------
    >>> print(escape("a < b\u202e"))
    a &lt; b\u202e
    """
    return _escape(redaction.shown(text))


def text(headline: str, frames: Mapping[str, pl.DataFrame]) -> str:
    """A headline and frames as plain text; empty frames are left out."""
    parts = [headline]
    for title, frame in frames.items():
        if frame.height:
            with pl.Config(
                tbl_hide_dataframe_shape=True,
                tbl_hide_column_data_types=True,
                tbl_formatting="NOTHING",
                tbl_rows=SHOWN,
                tbl_cols=-1,
                tbl_width_chars=160,
                fmt_str_lengths=80,
            ):
                parts.append(f"\n{title}\n{_clean(frame)}")
            if frame.height > SHOWN:
                parts.append(f"({SHOWN} of {frame.height:,} rows)")
    return redaction.shown("\n".join(parts))


def _clean(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose first and last rows are without secrets before a long text is cut, in which one would stay."""
    if frame.height > 2 * SHOWN:
        middle = frame.slice(SHOWN, frame.height - 2 * SHOWN)
        return pl.concat([_clean(frame.head(SHOWN)), middle, _clean(frame.tail(SHOWN))])
    return frame.with_columns(
        pl.Series(
            name,
            [None if value is None else redaction.shown(value, one_line=True) for value in frame[name]],
            pl.String,
        )
        for name, kind in frame.schema.items()
        if kind == pl.String
    )


def html(
    headline: str,
    frames: Mapping[str, pl.DataFrame],
    *,
    notes: Sequence[str | None] = (),
    below: Sequence[str | None] = (),
    grouped: bool = True,
) -> str:
    """A headline, sentences, frames, and sentences below; an empty frame says that it is."""
    parts = [f'<p class="headline">{escape(headline)}</p>']
    parts += [f"<p>{escape(note)}</p>" for note in notes if note]
    parts += [f"<h4>{escape(title)}</h4>{table(frame, grouped=grouped)}" for title, frame in frames.items()]
    parts += [f'<p class="quiet">{escape(note)}</p>' for note in below if note]
    return boxed("".join(parts))


def boxed(body: str) -> str:
    """HTML in the look of the kit."""
    return f'{STYLE}<div class="scrypath">{body}</div>'


def folded(headline: str, content: str) -> str:
    """HTML that shows its headline until it is opened."""
    return f"<details><summary>{escape(headline)}</summary>{content}</details>"


def table(
    frame: pl.DataFrame,
    columns: Mapping[str, str] | None = None,
    *,
    right: Sequence[str] = (),
    shown: int | None = SHOWN,
    grouped: bool = True,
) -> str:
    """A frame as an HTML table.

    Parameters
    ----------
    frame
        Its rows.
    columns
        Headings by column name, in order; default: every column under its own name.
    right
        Columns of text that are aligned like numbers.
    shown
        Rows before the rest is only counted; None: all of them.
    grouped
        False: integers are names, whose digits stay together.
    """
    if frame.is_empty():
        return '<p class="quiet">none</p>'
    names = dict(columns) if columns is not None else {name: name for name in frame.columns}
    kinds = {name: "n" if frame.schema[name].is_numeric() or name in right else "" for name in names}
    written = cell if grouped else _as_it_is
    head = "".join(_tag("th", heading, kinds[name]) for name, heading in names.items())
    rows = frame.select(list(names)).head(shown if shown is not None else frame.height)
    body = "".join(
        "<tr>" + "".join(_tag("td", written(row[name]), kinds[name]) for name in names) + "</tr>"
        for row in rows.iter_rows(named=True)
    )
    more = _more(frame.height - rows.height)
    return f'<table class="frame"><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>' + (
        f'<p class="quiet">{more}</p>' if more else ""
    )


def cell(value: Any) -> str:
    """A value as a reader expects it.

    Examples
    --------
    >>> cell(34006), cell(None), cell(True), cell(["a", "b", "c", "d"])
    ('34,006', '–', 'yes', 'a, b, c … (4)')
    """
    match value:
        case None:
            return NOT_KNOWN
        case bool():
            return "yes" if value else "no"
        case int() | float():
            return f"{value:,}"
        case datetime():
            return f"{value:%Y-%m-%d %H:%M:%S}" + (" UTC" if value.tzinfo else "")
        case str():
            return value
        case Sequence():
            return ", ".join(map(str, value[:3])) + (f" … ({len(value)})" if len(value) > 3 else "")
        case _:
            return str(value)


def _as_it_is(value: Any) -> str:
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else cell(value)


def _tag(name: str, text: str, kind: str) -> str:
    named = kind or ("s" if name == "th" or len(text) <= SHORT else "l")
    return f'<{name} class="{named}">{escape(text)}</{name}>'


def _more(count: int) -> str:
    return f"and {count:,} more" if count > 0 else ""
