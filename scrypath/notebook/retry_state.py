"""What the HTML and the widgets of a retry panel need of it."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import polars as pl

    from scrypath.config import Config
    from scrypath.operator.recover.retry import RetryPreview


class Step(StrEnum):
    """How far a panel is."""

    NEW = "new"
    PREVIEWED = "previewed"
    ACCEPTED = "accepted"  # sent: not done, or not known
    ENDED = "ended"  # the effect was read back


class RetryState(Protocol):
    """What was previewed and sent so far, and the next steps."""

    choices: tuple[str, ...]
    work_id: str | None
    config: Config | None
    step: Step
    previewed: RetryPreview | None
    outcome: pl.DataFrame | None

    @property
    def effect(self) -> str:
        """What confirming would do."""

    def label(self, work_id: str) -> str:
        """A work id with what is known about it."""

    def choose(self, work_id: str) -> None:
        """Turn to another unit of work."""

    def preview(self) -> RetryPreview:
        """Read what a retry would write and delete."""

    def confirm(self, *, wait: bool = True) -> pl.DataFrame:
        """Send it."""

    def verify(self) -> pl.DataFrame:
        """Read the effect back."""
