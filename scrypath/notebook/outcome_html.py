"""The outcome of an action as HTML: in words, and with its rows of the audit."""

from __future__ import annotations

import polars as pl

import scrypath
from scrypath import display
from scrypath.config import Config
from scrypath.errors import ScrypathError
from scrypath.notebook import html

RECORDED = 4  # rows of the audit that are shown: one before and one after each of sending and verifying
AUDITED = {"at": "At", "phase": "Phase", "actor": "Who", "action": "Action", "outcome": "Outcome"}
SEEN = {True: "Verified.", False: "The effect is not there.", None: "Not verified yet."}
NEXT = {
    "accepted": "Accepted is not done. Check again reads the effect back; from a cell: panel.verify()",
    "unknown": "It may still finish. Check again reads the effect back; from a cell: panel.verify()",
    "failed": "It is still failed work. Fix what the reason names, then preview it again.",
}
SHOWN = 5  # tasks or jobs of one action that are shown, those that need attention first


def result(outcome: pl.DataFrame | None, *, target: str | None, config: Config | None) -> str:
    """The outcome; empty before anything was sent.

    Parameters
    ----------
    outcome
        ``frames.OUTCOME``.
    target
        As the audit names what the action was done to.
    config
        Used instead of the configured one.
    """
    if outcome is None:
        return ""
    rows = outcome.sort("verified", nulls_last=True, maintain_order=True).head(SHOWN).to_dicts()
    shown = "".join(
        html.marked(
            html.chip(row["outcome"], html.OUTCOME_TONES[row["outcome"]]),
            f"{row['detail'] or ''} {SEEN[row['verified']]}",
        )
        for row in rows
    )
    if outcome.height > SHOWN:
        shown += html.line(f"And {outcome.height - SHOWN:,} more.", quiet=True)
    shown += "".join(
        html.line(sentence)
        for state, sentence in NEXT.items()
        if (outcome["outcome"].cast(pl.String) == state).any()
    )
    return shown + _recorded(target, config)


def _recorded(target: str | None, config: Config | None) -> str:
    try:
        log = scrypath.audit_log(config=config)
    except ScrypathError as error:
        return html.line(f"The audit could not be read: {error}", quiet=True)
    rows = log.filter(pl.col("target") == target).head(RECORDED)
    return html.line("In the audit, newest first:", quiet=True) + display.table(rows, AUDITED)
