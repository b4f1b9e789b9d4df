"""One failed unit of work: preview, confirm, verify. Works from cells, and as a panel with buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.notebook import html
from scrypath.notebook.action_panel import ActionPanel
from scrypath.notebook.html import Tone
from scrypath.wording import counted

if TYPE_CHECKING:
    from scrypath.operator.recover.retry import RetryPreview


class RetryPanel(ActionPanel["RetryPreview"]):
    """Retry one failed unit of work, after a preview of what that would write.

    Nothing is sent before :meth:`confirm`, and nothing when what would be written has changed since
    :meth:`preview`. As the last expression of a cell it is a panel with two buttons.

    Parameters
    ----------
    work
        A work id, or a frame with a column ``work_id``, of which one is chosen at a time.
    actor
        Who, for the audit; default: the login name.
    config
        Used instead of the configured one.

    Examples
    --------
    >>> RetryPanel("oban:42").step
    <Step.NEW: 'new'>
    """

    css_class = "scrypath-retry-panel"

    def __init__(
        self, work: str | pl.DataFrame, *, actor: str | None = None, config: Config | None = None
    ) -> None:
        self._labels = {} if isinstance(work, str) else _labels(work)
        super().__init__(_choices(work), actor=actor, config=config)

    @property
    def work_id(self) -> str | None:
        """The unit of work that is chosen; None when there is none."""
        return self.chosen

    def label(self, choice: str) -> str:
        """A work id with what the frame says about it, to choose by."""
        return self._labels.get(choice, choice)

    def title_html(self) -> str:
        """Which unit of work."""
        return html.heading(f"Retry {self.chosen}" if self.chosen else "No failed work")

    def preview_html(self) -> str:
        """Why it failed, and what a retry would write and delete."""
        seen = self.previewed
        if self.chosen is None:
            return html.line("Nothing needs to be retried.")
        if seen is None:
            return html.line("Not previewed yet; nothing was sent.", quiet=True)
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

    def _preview(self, choice: str) -> RetryPreview:
        return scrypath.preview_retry(choice, config=self.config)

    def _refusal(self, seen: RetryPreview) -> str | None:
        return None if seen.retryable else seen.refusal

    def _send(self, seen: RetryPreview) -> pl.DataFrame:
        return scrypath.retry_sync_work(seen, actor=self.actor, config=self.config)

    def _read_back(self, sent: pl.DataFrame) -> pl.DataFrame:
        return scrypath.verify_retry(sent, config=self.config)

    def _effect(self, seen: RetryPreview) -> str:
        written, gone = seen.written, len(seen.vanished)
        parts = [f"write {counted(written, f'{seen.schema} document')} again"] if written else []
        parts += [f"delete {counted(gone, f'{seen.schema} document')}"] if gone else []
        text = " and ".join(parts) or "do nothing"
        return text[0].upper() + text[1:]


def _choices(work: str | pl.DataFrame) -> tuple[str, ...]:
    if isinstance(work, str):
        return (work,)
    if "work_id" not in work.columns:
        raise InvalidOptions(
            "The frame has no column 'work_id'.", hint="Pass a work id, or rows of failed_sync_work()."
        )
    rows = work.filter(pl.col("work_id").is_not_null())
    if "retryable" in rows.columns:
        rows = rows.sort("retryable", descending=True, nulls_last=True, maintain_order=True)
    return tuple(rows["work_id"].unique(maintain_order=True))


def _labels(work: pl.DataFrame) -> dict[str, str]:
    known = [name for name in ("reason_class", "operation", "document_count") if name in work.columns]
    return {
        row["work_id"]: " · ".join(
            [row["work_id"]]
            + [
                str(row[name]) + (" documents" if name == "document_count" else "")
                for name in known
                if row[name] is not None
            ]
            + (["healed"] if row.get("healed") else [])
        )
        for row in work.iter_rows(named=True)
        if row["work_id"] is not None
    }
