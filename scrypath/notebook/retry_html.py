"""A retry panel's state as HTML: what it would do, and what became of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

import scrypath
from scrypath import display
from scrypath.errors import ScrypathError
from scrypath.notebook import html
from scrypath.notebook.html import Tone

if TYPE_CHECKING:
    from scrypath.notebook.retry_state import RetryState

RECORDED = 4  # rows of the audit that are shown: one before and one after each of retry and verify
AUDITED = {"at": "At", "phase": "Phase", "actor": "Who", "action": "Action", "outcome": "Outcome"}
SEEN = {True: "Verified.", False: "The effect is not there.", None: "Not verified yet."}
NEXT = {
    "accepted": "Accepted is not done. Look again reads the effect back; from a cell: panel.verify()",
    "unknown": "It may still finish. Look again reads the effect back; from a cell: panel.verify()",
    "failed": "It is failed work as before. Mend what the reason names, then preview it again.",
}


def title(panel: RetryState) -> str:
    """What the panel is about."""
    return html.heading(f"Retry {panel.work_id}" if panel.work_id else "No failed work")


def previewed(panel: RetryState) -> str:
    """What is known before anything is sent."""
    seen = panel.previewed
    if panel.work_id is None:
        return html.line("Nothing needs to be retried.")
    if seen is None:
        return html.line("Nothing was looked at yet, and nothing was sent.", quiet=True)
    parts = [html.line(f"It failed: {seen.reason}")]
    if seen.retryable:
        parts.append(html.line(seen.effect))
    else:
        parts.append(html.note("A retry cannot help.", Tone.UNSURE, hint=seen.refusal or ""))
    if seen.documents.height:
        shown = seen.documents.height
        rest = f" (the first {shown} of {seen.written:,})" if shown < seen.written else ""
        parts.append(html.line(f"From the rows as they are now{rest}:", quiet=True))
        parts.append(html.documents(seen.documents))
    if seen.vanished:
        gone = ", ".join(seen.vanished)
        parts.append(html.line(f"Without a row, to be deleted ({len(seen.vanished)}): {gone}"))
    return "".join(parts)


def result(panel: RetryState) -> str:
    """What became of it; empty before anything was sent."""
    if panel.outcome is None:
        return ""
    row = panel.outcome.row(0, named=True)
    told = html.marked(
        html.chip(row["outcome"], html.OUTCOME_TONES[row["outcome"]]),
        f"{row['detail'] or ''} {SEEN[row['verified']]}",
    )
    if row["outcome"] in NEXT:
        told += html.line(NEXT[row["outcome"]])
    return told + _recorded(panel)


def _recorded(panel: RetryState) -> str:
    try:
        log = scrypath.audit_log(config=panel.config)
    except ScrypathError as error:
        return html.line(f"The audit could not be read: {error}", quiet=True)
    rows = log.filter(pl.col("target") == panel.work_id).head(RECORDED)
    return html.line("In the audit, newest first:", quiet=True) + display.table(rows, AUDITED)
