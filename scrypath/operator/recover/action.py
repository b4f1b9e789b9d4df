"""The one lifecycle of everything an operator does: checked against what was seen, recorded, done, read back."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from hashlib import blake2b
from typing import Any

import orjson
import polars as pl

from scrypath.frames import OUTCOME
from scrypath.memory import audit
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Operation, Outcome, RecoveryAction
from scrypath.wording import counted

NOTHING_SENT = "Nothing was sent."


class Action(ABC):
    """Something an operator has decided to do: retry, repair, and whatever else changes an index.

    A kind of action says what is left to do and does it; :meth:`run` is the same for all of them: evidence that has
    changed is refused, the audit has a row before and one after, doing it twice does nothing the second time.
    """

    action: RecoveryAction
    ref: IndexRef

    @property
    @abstractmethod
    def target(self) -> str:
        """What it is done to, as the audit names it: a work id or an index."""

    @property
    @abstractmethod
    def document_count(self) -> int:
        """How many documents it is about."""

    @property
    @abstractmethod
    def detail(self) -> str:
        """One sentence for the audit."""

    @property
    def plan_hash(self) -> str | None:
        """Hash of the plan that it applies, None without one."""
        return None

    @abstractmethod
    def remaining(self) -> Sequence[str]:
        """Ids that are left to do, read again; none when all of it is done already.

        Raises
        ------
        StalePlan
            When something is no longer as it was seen when the action was decided on.
        """

    @abstractmethod
    def execute(self, ids: Sequence[str], *, progress: bool) -> pl.DataFrame:
        """Do what is left, and return ``frames.OUTCOME``, one row per task or job."""

    def run(self, *, actor: str | None = None, progress: bool = False) -> pl.DataFrame:
        """Check, record, do, and record the outcome.

        Parameters
        ----------
        actor
            Who, for the audit; default: the login name.
        progress
            Show a progress bar of documents sent.

        Returns
        -------
        polars.DataFrame
            ``frames.OUTCOME``; one ``skipped`` row when nothing was left to do.

        Raises
        ------
        StalePlan
            When the evidence has changed; nothing has been sent then.
        """
        ids = self.remaining()
        if not ids:
            return self._nothing_left()
        with audit.recorded(
            self.ref.config,
            action=str(self.action),
            schema=self.ref.schema.name,
            target=self.target,
            plan_hash=self.plan_hash,
            document_count=self.document_count,
            detail=self.detail,
            actor=actor,
        ) as recording:
            done = self.execute(ids, progress=progress)
            outcome, detail = summary(done)
            recording.ended(outcome, document_count=self.document_count, detail=detail)
        return done

    def _nothing_left(self) -> pl.DataFrame:
        row = {
            "schema": self.ref.schema.name,
            "index": self.ref.uid,
            "operation": str(Operation.UPSERT),
            "outcome": str(Outcome.SKIPPED),
            "document_count": 0,
            "verified": True,
            "detail": "Every document of the plan is in step: nothing was sent.",
        }
        return OUTCOME.rows([row])


def summary(done: pl.DataFrame) -> tuple[Outcome, str]:
    """What the audit says of ``frames.OUTCOME``: the worst of its outcomes, and the sentence that goes with it."""
    for outcome in (Outcome.FAILED, Outcome.UNKNOWN, Outcome.ACCEPTED):
        such = done.filter(pl.col("outcome") == str(outcome))
        if such.height:
            return outcome, such["detail"][0] or ""
    if done.height == 1:
        return Outcome.COMPLETED, done["detail"][0] or ""
    return Outcome.COMPLETED, f"{counted(int(done['document_count'].sum()), 'document')} read back in step."


def hash_of(*evidence: Any) -> str:
    """A hash over what an action will touch and what that was when it was seen.

    Examples
    --------
    >>> hash_of("City", [("1", "stale")]) == hash_of("City", [("1", "stale")])
    True
    """
    return blake2b(orjson.dumps(evidence, default=str), digest_size=16).hexdigest()
