"""The base of every panel of an action: preview, confirm, verify; from cells and with buttons."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from enum import StrEnum
from typing import Any, ClassVar

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions, NotRetryable, StalePlan, did_you_mean
from scrypath.notebook import html, outcome_html, widgets
from scrypath.notebook.action_view import ActionView
from scrypath.vocabulary import Outcome

WITHOUT_BUTTONS = "ipywidgets is not installed, so there are no buttons: call preview(), then confirm()."


class Step(StrEnum):
    """How far a panel is."""

    NEW = "new"
    PREVIEWED = "previewed"
    ACCEPTED = "accepted"  # sent: not done, or not known
    ENDED = "ended"  # the effect was read back


class ActionPanel[Seen](ABC):
    """One action: nothing is sent before :meth:`confirm`, and nothing when what was previewed has changed since.

    A subclass says how to preview, how to send and how to show; the steps between are the same for all of them.

    Parameters
    ----------
    choices
        What the action can be applied to, one at a time.
    actor
        Who, for the audit; default: the login name.
    config
        Used instead of the configured one.
    """

    css_class: ClassVar[str]

    def __init__(
        self, choices: Sequence[str], *, actor: str | None = None, config: Config | None = None
    ) -> None:
        self.choices = tuple(choices)
        self.chosen: str | None = self.choices[0] if self.choices else None
        self.actor = actor
        self.config = config
        self.step = Step.NEW
        self.previewed: Seen | None = None
        self.outcome: pl.DataFrame | None = None
        self._sent: pl.DataFrame | None = None
        self._view: ActionView | None = None

    @abstractmethod
    def _preview(self, choice: str) -> Seen:
        """What the action would do. Changes nothing."""

    @abstractmethod
    def _refusal(self, seen: Seen) -> str | None:
        """Why it must not be done, None when it may."""

    @abstractmethod
    def _send(self, seen: Seen) -> pl.DataFrame:
        """Do it, as it was previewed, and return ``frames.OUTCOME``."""

    @abstractmethod
    def _read_back(self, sent: pl.DataFrame) -> pl.DataFrame:
        """``frames.OUTCOME`` of what was sent, after its effect was read back."""

    @abstractmethod
    def _effect(self, seen: Seen) -> str:
        """What confirming would do, short enough for a button."""

    @abstractmethod
    def title_html(self) -> str:
        """What the panel is about."""

    @abstractmethod
    def preview_html(self) -> str:
        """What is known before anything is sent."""

    def label(self, choice: str) -> str:
        """One of ``choices`` with what helps to choose it."""
        return choice

    def choose(self, choice: str) -> None:
        """Choose another one of ``choices``; its preview starts again.

        Raises
        ------
        InvalidOptions
            When it is not one of them.
        """
        if choice not in self.choices:
            raise InvalidOptions(f"{choice!r} is not in this panel.", hint=did_you_mean(choice, self.choices))
        self.chosen = choice
        self.step, self.previewed = Step.NEW, None
        self.outcome = self._sent = None

    def preview(self) -> Seen:
        """What the action would do, as things are now. Changes nothing.

        Raises
        ------
        NotRetryable
            When there is nothing to do in this panel.
        """
        if self.chosen is None:
            raise NotRetryable(
                "There is nothing to do in this panel.", hint="Read sync_status() and failed_sync_work()."
            )
        self.previewed = self._preview(self.chosen)
        self.step, self.outcome, self._sent = Step.PREVIEWED, None, None
        return self.previewed

    @property
    def ready(self) -> bool:
        """Whether :meth:`confirm` may be called."""
        seen = self.previewed
        return self.step is Step.PREVIEWED and seen is not None and self._refusal(seen) is None

    @property
    def effect(self) -> str:
        """What confirming would do, short enough for a button."""
        return "Confirm" if self.previewed is None else self._effect(self.previewed)

    def confirm(self, *, wait: bool = True) -> pl.DataFrame:
        """Send it, and read the effect back.

        Parameters
        ----------
        wait
            False: return as soon as it is accepted; call :meth:`verify` later.

        Returns
        -------
        polars.DataFrame
            Frame ``OUTCOME``.

        Raises
        ------
        InvalidOptions
            Without a preview, or when it was confirmed already.
        NotRetryable
            When the action cannot help.
        StalePlan
            When what would be done has changed since the preview. Nothing has been sent then.
        """
        seen = self.previewed
        if self.step is not Step.PREVIEWED or seen is None:
            sent = self.step in {Step.ACCEPTED, Step.ENDED}
            raise InvalidOptions(
                f"{self.chosen} was confirmed already." if sent else f"{self.chosen} was not previewed.",
                hint="Call verify() to see the outcome." if sent else "Call preview() first.",
            )
        if refusal := self._refusal(seen):
            raise NotRetryable(refusal, hint="Fix the rows first, or run reconcile_sync().")
        try:
            self._sent = self._send(seen)
        except StalePlan:
            self.step, self.previewed = Step.NEW, None
            raise
        self.outcome, self.step = self._sent, Step.ACCEPTED
        return self.verify() if wait else self.outcome

    def verify(self) -> pl.DataFrame:
        """Wait for what was sent, read its documents back, and compare them with their rows.

        Returns
        -------
        polars.DataFrame
            Frame ``OUTCOME``; ``verified`` says whether the effect was seen. While it is ``unknown``, this can be
            called again.

        Raises
        ------
        InvalidOptions
            When nothing was sent.
        """
        if self._sent is None:
            raise InvalidOptions(f"{self.chosen} was not sent.", hint="Call preview(), then confirm().")
        self.outcome = self._read_back(self._sent)
        if str(Outcome.UNKNOWN) not in self.outcome["outcome"].to_list():
            self.step = Step.ENDED
        return self.outcome

    def result_html(self) -> str:
        """The outcome; empty before anything was sent."""
        return outcome_html.result(self.outcome, target=self.chosen, config=self.config)

    def view(self) -> Any:
        """The panel as a widget; the same one on every call.

        Raises
        ------
        ConfigError
            When ipywidgets is not installed.
        """
        if self._view is None:
            self._view = ActionView(self)
        return self._view.box

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.chosen!r}, {self.step!s})"

    def _repr_html_(self) -> str:
        missing = "" if widgets.available() else html.line(WITHOUT_BUTTONS, quiet=True)
        return html.panel(self.title_html(), missing, self.preview_html(), self.result_html())

    def _repr_mimebundle_(self, **_: Any) -> dict[str, Any]:
        plain = {"text/plain": repr(self), "text/html": self._repr_html_()}
        shown: dict[str, Any] = self.view()._repr_mimebundle_() if widgets.available() else {}
        return shown | plain
