"""Frames and headlines as text and as HTML, without losing what is null."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Any

import polars as pl

SHOWN = 12  # rows of a frame before the rest is only counted
NOT_KNOWN = "–"  # null is shown as itself: never as zero

_STYLE = (
    "<style>.scrypath table{border-collapse:collapse;margin:.2em 0 .8em;font-size:13px}"
    ".scrypath th,.scrypath td{padding:.2em .7em;text-align:left;border-bottom:1px solid #ddd}"
    ".scrypath td.n{text-align:right;font-variant-numeric:tabular-nums}"
    ".scrypath h4{margin:.6em 0 .1em}.scrypath .more{color:#666}</style>"
)


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
                parts.append(f"\n{title}\n{frame}")
    return "\n".join(parts)


def html(headline: str, frames: Mapping[str, pl.DataFrame]) -> str:
    """A headline and frames as HTML; an empty frame says that it is."""
    parts = [f'{_STYLE}<div class="scrypath"><strong>{escape(headline)}</strong>']
    for title, frame in frames.items():
        parts.append(f"<h4>{escape(title)}</h4>{table(frame)}")
    return "".join(parts) + "</div>"


def table(frame: pl.DataFrame) -> str:
    """A frame as an HTML table."""
    if frame.is_empty():
        return '<p class="more">none</p>'
    head = "".join(f"<th>{escape(name)}</th>" for name in frame.columns)
    body = "".join(
        "<tr>" + "".join(_cell(value) for value in row) + "</tr>" for row in frame.head(SHOWN).iter_rows()
    )
    rest = frame.height - SHOWN
    more = f'<p class="more">and {rest} more</p>' if rest > 0 else ""
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>{more}"


def _cell(value: Any) -> str:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return f'<td class="n">{value:,}</td>'
    if isinstance(value, list):
        value = ", ".join(map(str, value[:3])) + (f" … ({len(value)})" if len(value) > 3 else "")
    return f"<td>{NOT_KNOWN if value is None else escape(str(value))}</td>"
