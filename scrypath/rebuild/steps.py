"""The steps of a rebuild as they happen: what, when, how long, with which result."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from scrypath.frames import REINDEX_STEPS
from scrypath.schema.index_ref import IndexRef
from scrypath.telemetry import span


@dataclass(slots=True)
class Step:
    """One step under way; ``detail`` is what it has to say when it has ended."""

    name: str
    started_at: datetime
    detail: str = ""


@dataclass(slots=True)
class Steps:
    """The steps so far.

    Parameters
    ----------
    ref
        Of which index, for the spans.
    """

    ref: IndexRef
    _rows: list[dict[str, Any]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[Step]:
        """Time a step, inside a span ``scrypath.reindex.<name>``."""
        step = Step(name, datetime.now(UTC))
        with span(f"scrypath.reindex.{name}", schema=self.ref.schema.name, index=self.ref.uid):
            yield step
        self._rows.append(
            {
                "step": name,
                "started_at": step.started_at,
                "duration": datetime.now(UTC) - step.started_at,
                "detail": step.detail,
            }
        )

    @property
    def frame(self) -> pl.DataFrame:
        """``frames.REINDEX_STEPS``."""
        return REINDEX_STEPS.rows(self._rows)

    def duration(self, name: str) -> timedelta:
        """How long the last step of this name took; zero when there was none."""
        found = [row["duration"] for row in self._rows if row["step"] == name]
        return found[-1] if found else timedelta()
