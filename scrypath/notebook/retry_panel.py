"""One failed unit of work: preview, confirm, see the effect. Works from cells, and as a panel with buttons."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, NotRetryable, StalePlan, did_you_mean
from scrypath.notebook import html, retry_html, widgets
from scrypath.notebook.retry_state import Step
from scrypath.vocabulary import Outcome

if TYPE_CHECKING:
    from scrypath.operator.recover.retry import RetryPreview

WITHOUT_BUTTONS = "ipywidgets is not installed, so there are no buttons: call preview(), then confirm()."


class RetryPanel:
    """Retry one failed unit of work, after a look at what that would write.

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

    def __init__(
        self, work: str | pl.DataFrame, *, actor: str | None = None, config: Config | None = None
    ) -> None:
        self.choices = _choices(work)
        self._labels = {} if isinstance(work, str) else _labels(work)
        self.work_id: str | None = self.choices[0] if self.choices else None
        self.actor = actor
        self.config = config
        self.step = Step.NEW
        self.previewed: RetryPreview | None = None
        self.outcome: pl.DataFrame | None = None
        self._sent: pl.DataFrame | None = None
        self._view: Any = None

    def label(self, work_id: str) -> str:
        """A work id with what the frame says about it, to choose by."""
        return self._labels.get(work_id, work_id)

    def choose(self, work_id: str) -> None:
        """Turn to another unit of work of the frame; what was previewed is forgotten.

        Raises
        ------
        InvalidOptions
            When it is not one of ``choices``.
        """
        if work_id not in self.choices:
            raise InvalidOptions(
                f"{work_id!r} is not in this panel.", hint=did_you_mean(work_id, self.choices)
            )
        self.work_id = work_id
        self.step, self.previewed = Step.NEW, None
        self.outcome = self._sent = None

    def preview(self) -> RetryPreview:
        """What a retry would write and delete, from the rows as they are now. Changes nothing.

        Raises
        ------
        UnknownWork, NotRetryable
            When there is nothing to retry under this id.
        """
        if self.work_id is None:
            raise NotRetryable("There is no failed work in this panel.", hint="Nothing needs to be retried.")
        self.previewed = scrypath.preview_retry(self.work_id, config=self.config)
        self.step, self.outcome, self._sent = Step.PREVIEWED, None, None
        return self.previewed

    @property
    def effect(self) -> str:
        """What confirming would do, short enough for a button."""
        if self.previewed is None:
            return "Confirm"
        written, gone = self.previewed.written, len(self.previewed.vanished)
        parts = [f"write {_documents(written, self.previewed.schema)} again"] if written else []
        parts += [f"delete {_documents(gone, self.previewed.schema)}"] if gone else []
        text = " and ".join(parts) or "do nothing"
        return text[0].upper() + text[1:]

    def confirm(self, *, wait: bool = True) -> pl.DataFrame:
        """Send it, and read the effect back.

        Parameters
        ----------
        wait
            False: return as soon as it is accepted; :meth:`verify` looks later.

        Returns
        -------
        polars.DataFrame
            Frame ``OUTCOME`` of one row.

        Raises
        ------
        InvalidOptions
            Without a preview, or when it was confirmed already.
        NotRetryable
            When a retry cannot help.
        StalePlan
            When what would be written has changed since the preview. Nothing has been sent then.
        """
        seen = self.previewed
        if self.step is not Step.PREVIEWED or seen is None:
            sent = self.step in {Step.ACCEPTED, Step.ENDED}
            raise InvalidOptions(
                f"{self.work_id} was confirmed already." if sent else f"{self.work_id} was not previewed.",
                hint="Call verify() to see what became of it." if sent else "Call preview(), and look at it.",
            )
        if not seen.retryable:
            raise NotRetryable(seen.refusal, hint="Mend the rows first, or look at reconcile_sync().")
        self._refuse_stale(seen)
        self._sent = scrypath.retry_sync_work(seen.work_id, actor=self.actor, config=self.config)
        self.outcome, self.step = self._sent, Step.ACCEPTED
        return self.verify() if wait else self.outcome

    def verify(self) -> pl.DataFrame:
        """Wait for what was sent, read its documents back, and compare them with their rows.

        Returns
        -------
        polars.DataFrame
            Frame ``OUTCOME`` of one row; ``verified`` says whether the effect was seen. While it is
            ``unknown``, this can be called again.

        Raises
        ------
        InvalidOptions
            When nothing was sent.
        """
        if self._sent is None:
            raise InvalidOptions(f"{self.work_id} was not sent.", hint="Call preview(), then confirm().")
        self.outcome = scrypath.verify_retry(self._sent, config=self.config)
        if self.outcome["outcome"][0] != Outcome.UNKNOWN:
            self.step = Step.ENDED
        return self.outcome

    def view(self) -> Any:
        """The panel as a widget; the same one on every call.

        Raises
        ------
        ConfigError
            When ipywidgets is not installed.
        """
        if self._view is None:
            from scrypath.notebook.retry_view import RetryView

            self._view = RetryView(self)
        return self._view.box

    def _refuse_stale(self, seen: RetryPreview) -> None:
        now = scrypath.preview_retry(seen.work_id, config=self.config)
        if now.evidence == seen.evidence:
            return
        self.step, self.previewed = Step.NEW, None
        raise StalePlan(
            f"What {seen.work_id} would write has changed since the preview.",
            hint="Nothing was sent. Preview it again.",
        )

    def __repr__(self) -> str:
        return f"RetryPanel({self.work_id!r}, {self.step!s})"

    def _repr_html_(self) -> str:
        missing = "" if widgets.available() else html.line(WITHOUT_BUTTONS, quiet=True)
        return html.panel(
            retry_html.title(self), missing, retry_html.previewed(self), retry_html.result(self)
        )

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        plain = {"text/plain": repr(self), "text/html": self._repr_html_()}
        shown: dict[str, Any] = self.view()._repr_mimebundle_() if widgets.available() else {}
        return shown | plain


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
    told = [name for name in ("reason_class", "operation", "document_count") if name in work.columns]
    return {
        row["work_id"]: " · ".join(
            [row["work_id"]]
            + [
                str(row[name]) + (" documents" if name == "document_count" else "")
                for name in told
                if row[name] is not None
            ]
            + (["healed"] if row.get("healed") else [])
        )
        for row in work.iter_rows(named=True)
        if row["work_id"] is not None
    }


def _documents(count: int, schema: str) -> str:
    return f"{count:,} {schema} document{'' if count == 1 else 's'}"
