"""Small pieces of HTML that panels are made of: headings, sentences, chips, notes, tables."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

import polars as pl

from scrypath import display
from scrypath.display import escape

# Chips and notes bring their own ground, so that they read alike on a light and on a dark theme.
STYLE = """<style>
.scrypath-chip{display:inline-block;padding:0 .6em;border-radius:1em;font-weight:600;border:1px solid}
.scrypath-waiting{color:#0550ae;background:#eaf3ff;border-color:#b6d4fe}
.scrypath-done{color:#116329;background:#e6f6ea;border-color:#a6dbb3}
.scrypath-wrong{color:#a40e26;background:#ffebe9;border-color:#ffc1bb}
.scrypath-unsure{color:#7d4e00;background:#fff8e1;border-color:#eed08b}
.scrypath-note{border-left:3px solid;padding:.3em .8em;margin:.4em 0;border-radius:2px;overflow-wrap:anywhere}
.scrypath .scrypath-panel h4{margin:0 0 .3em;font-size:15px}
.scrypath-panel .scroll{max-height:16em;overflow:auto;border:1px solid var(--line);padding:0 .6em;margin-bottom:.4em}
.scrypath-action-panel .widget-html-content,.scrypath-status-panel .widget-html-content{min-width:0;overflow-x:auto}
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
    """Pieces of HTML in the look of a panel; empty when there is nothing to show."""
    body = "".join(parts)
    return display.boxed(f'{STYLE}<div class="scrypath-panel">{body}</div>') if body else ""


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
    """A sentence that must not be overlooked, and what to do."""
    more = f"<br>{escape(hint)}" if hint else ""
    return f'<div class="scrypath-note scrypath-{tone}"><strong>{escape(text)}</strong>{more}</div>'


def documents(frame: pl.DataFrame) -> str:
    """Documents as they are, in a box of fixed height: an id is a name, its digits stay together."""
    return f'<div class="scroll">{display.table(frame, shown=None, grouped=False)}</div>'
