"""A repair: exactly the drifted documents of a report, written from their rows or deleted, and read back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Any

import polars as pl

from scrypath.compare.current_state import current_states, in_step
from scrypath.errors import StalePlan
from scrypath.frames import OUTCOME
from scrypath.meilisearch import indexes
from scrypath.operator.recover.action import NOTHING_SENT, Action
from scrypath.operator.recover.plan import Plan
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import delivered
from scrypath.sync.fence import kept_changing
from scrypath.sync.progress import progress_bar
from scrypath.sync.sending import Sent
from scrypath.telemetry import span
from scrypath.vocabulary import Operation, Outcome, RecoveryAction, SyncMode
from scrypath.wording import counted

NEXT_STEP = f"{NOTHING_SENT} Run reconcile_sync() again and make a new plan."


@dataclass(frozen=True, slots=True)
class Repair(Action):
    """A plan being applied.

    Parameters
    ----------
    plan
        What to do.
    ref
        Where.
    """

    plan: Plan
    ref: IndexRef
    action = RecoveryAction.REPAIR

    @property
    def target(self) -> str:
        """The index."""
        return self.ref.uid

    @property
    def document_count(self) -> int:
        """Every document of the plan."""
        return self.plan.evidence.height

    @property
    def detail(self) -> str:
        """The plan in one sentence."""
        return self.plan.headline()

    @property
    def plan_hash(self) -> str:
        """The plan's hash."""
        return self.plan.hash

    def remaining(self) -> Sequence[str]:
        """Ids that are not fixed yet.

        Raises
        ------
        StalePlan
            When the evidence is neither as planned nor fixed.
        """
        plan = self.plan
        now = current_states(self.ref, plan.evidence["document_id"].to_list(), verify=plan.verify)
        if now.select(in_step().all()).item():
            return ()
        found = indexes.get(self.ref.config, plan.index)
        if plan.index_created_at is not None and (found is None or found.created_at != plan.index_created_at):
            raise StalePlan(
                f"The index {plan.index} was swapped, deleted or recreated since plan {plan.hash[:8]} was made.",
                hint=NEXT_STEP,
            )
        # An earlier apply that was cut short has left some of it in step, from the rows that the plan saw.
        fixed = in_step() & pl.col("row_fingerprint").eq_missing(pl.col("row_now"))
        left = plan.evidence.join(now, on="document_id", how="left").filter(~fixed)
        changed = left.filter(
            pl.col("row_fingerprint").ne_missing(pl.col("row_now"))
            | pl.col("document_fingerprint").ne_missing(pl.col("document_now"))
            | (pl.col("drift") == "missing") & pl.col("document_exists")
            | (pl.col("drift") == "orphan") & pl.col("row_exists")
        )["document_id"].to_list()
        if changed:
            raise StalePlan(
                f"Plan {plan.hash[:8]} no longer holds for {len(changed)} of "
                f"{counted(plan.evidence.height, 'document')}: "
                f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''}.",
                hint=NEXT_STEP,
            )
        return left["document_id"].to_list()

    def execute(self, ids: Sequence[str], *, progress: bool) -> pl.DataFrame:
        """Write and delete, wait, and read every document back."""
        plan, ref, left = self.plan, self.ref, frozenset(ids)
        sent: list[Sent] = []
        cause = f"plan:{plan.hash[:12]}"
        in_flight: list[str] = []
        # What had no row when the plan was made is deleted, unless it has one by now.
        planned = [item for ids in (plan.written, plan.deleted) for item in ids if item in left]
        with (
            span("scrypath.operator.failed_work.repair", schema=plan.schema, index=plan.index),
            progress_bar(f"{plan.schema}: documents sent", len(left), shown=progress) as bar,
        ):
            for part in batched(planned, ref.config.batch_size):
                done = converge(ref, part, mode=SyncMode.MANUAL, cause=cause)
                sent.extend(done.sent)
                in_flight.extend(done.in_flight)
                bar.update(len(part))
            moving = frozenset(in_flight)
            ended = delivered(ref.config, sent)
            return OUTCOME.rows(
                [
                    *(self._read_back(item, moving) for item, _ in ended.ok),
                    *(
                        self._row(
                            item, Outcome.FAILED, task.error_message or f"Task {task.uid} is {task.status}."
                        )
                        for item, task in ended.failed
                    ),
                    *([self._moving(in_flight)] if in_flight else []),
                ]
            )

    def _read_back(self, item: Sent, moving: frozenset[str]) -> dict[str, Any]:
        still = [document for document in item.ids if document not in moving]
        different = current_states(self.ref, still, verify=self.plan.verify).filter(~in_step()).height
        if different:
            detail = f"Still different from its row: {different} of {counted(len(item.ids), 'document')}."
            return self._row(item, Outcome.FAILED, detail)
        return self._row(
            item, Outcome.COMPLETED, f"{counted(len(still), 'document')} read back: each matches its row."
        )

    def _moving(self, ids: Sequence[str]) -> dict[str, Any]:
        return {
            "schema": self.plan.schema,
            "index": self.plan.index,
            "operation": str(Operation.UPSERT),
            "outcome": str(Outcome.UNKNOWN),
            "document_count": len(ids),
            "verified": False,
            "detail": f"In flight: {kept_changing(ids)}.",
        }

    def _row(self, item: Sent, outcome: Outcome, detail: str) -> dict[str, Any]:
        return {
            "work_id": item.work_id,
            "schema": self.plan.schema,
            "index": self.plan.index,
            "operation": str(item.operation),
            "outcome": str(outcome),
            "sent_as": item.work_id,
            "document_count": len(item.ids),
            "verified": outcome is Outcome.COMPLETED,
            "detail": detail,
        }
