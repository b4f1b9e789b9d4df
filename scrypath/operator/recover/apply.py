"""Carrying out a plan: evidence checked, recorded, sent, read back."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.compare.current_state import current_states, in_step
from scrypath.config import Config
from scrypath.errors import InvalidOptions, ScrypathError, StalePlan
from scrypath.frames import OUTCOME
from scrypath.meilisearch import indexes
from scrypath.memory import audit
from scrypath.operator.recover.plan import Plan
from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import delivered
from scrypath.sync.progress import progress_bar
from scrypath.sync.sending import Sent
from scrypath.telemetry import span
from scrypath.vocabulary import Operation, Outcome, SyncMode
from scrypath.wording import counted

NOTHING_SENT = "Nothing was sent. Run reconcile_sync() again and make a new plan."


def apply(
    plan: Plan, *, actor: str | None = None, progress: bool = False, config: Config | None = None
) -> pl.DataFrame:
    """Do what a plan says, wait for it, and read every document back.

    Applying it again does what is left to do: nothing when everything is in step.

    Parameters
    ----------
    plan
        From ``plan(report, "repair")``.
    actor
        Who, for the audit; default: the login name.
    progress
        Show a progress bar of documents sent.
    config
        Used instead of the report's.

    Returns
    -------
    polars.DataFrame
        ``frames.OUTCOME``, one row per task sent; one ``skipped`` row when nothing was left to do.

    Raises
    ------
    InvalidOptions
        When ``config`` names another index than the plan's.
    StalePlan
        When a document or its row is no longer as the plan saw it, or the index is another one; nothing has been
        sent then.
    TaskTimeout
        When a task did not finish in time; the audit says ``unknown``.
    TransportError, DatabaseError
        When a side cannot be reached.

    Examples
    --------
    >>> import scrypath
    >>> plan = scrypath.plan(scrypath.reconcile_sync("Product"), "repair")
    >>> scrypath.apply(plan).select("outcome", "document_count", "verified").rows()
    [('skipped', 0, True)]
    """
    ref = IndexRef.find(plan.schema, config if config is not None else plan.config)
    if ref.uid != plan.index:
        raise InvalidOptions(
            f"Plan {plan.hash[:8]} is for the index {plan.index}, and this configuration names {ref.uid}.",
            hint="Apply it with the configuration that it was made with.",
        )
    left = _remaining(plan, ref)
    if not left:
        return OUTCOME.rows(
            [
                {
                    "schema": plan.schema,
                    "index": plan.index,
                    "operation": str(Operation.UPSERT),
                    "outcome": str(Outcome.SKIPPED),
                    "document_count": 0,
                    "verified": True,
                    "detail": "Every document of the plan is in step: nothing was sent.",
                }
            ]
        )
    audit_id = audit.before(
        ref.config,
        action=str(plan.action),
        schema=plan.schema,
        target=plan.index,
        plan_hash=plan.hash,
        document_count=plan.evidence.height,
        detail=plan.headline(),
        actor=actor,
    )
    try:
        with span("scrypath.operator.failed_work.repair", schema=plan.schema, index=plan.index):
            done = _executed(plan, ref, left, shown=progress)
    except (ScrypathError, KeyboardInterrupt) as error:
        audit.after(ref.config, audit_id, outcome=Outcome.UNKNOWN, detail=str(error) or "It was interrupted.")
        raise
    failed = done.filter(pl.col("outcome") != str(Outcome.COMPLETED))
    audit.after(
        ref.config,
        audit_id,
        outcome=Outcome.FAILED if failed.height else Outcome.COMPLETED,
        document_count=plan.evidence.height,
        detail=failed["detail"][0]
        if failed.height
        else f"{counted(plan.evidence.height, 'document')} read back in step.",
    )
    return done


def _remaining(plan: Plan, ref: IndexRef) -> frozenset[str]:
    """Ids that are not fixed yet; a ``StalePlan`` when the evidence is neither as planned nor fixed."""
    now = current_states(ref, plan.evidence["document_id"].to_list(), verify=plan.verify)
    if now.select(in_step().all()).item():
        return frozenset()
    made = indexes.get(ref.config, plan.index)
    if plan.index_created_at is not None and (made is None or made.created_at != plan.index_created_at):
        raise StalePlan(
            f"The index {plan.index} was swapped, deleted or recreated since plan {plan.hash[:8]} was made.",
            hint=NOTHING_SENT,
        )
    # An earlier apply that was cut short has left some of it in step, from the rows that the plan saw.
    fixed = in_step() & pl.col("row_fingerprint").eq_missing(pl.col("row_now"))
    seen = plan.evidence.join(now, on="document_id", how="left").filter(~fixed)
    changed = seen.filter(
        pl.col("row_fingerprint").ne_missing(pl.col("row_now"))
        | pl.col("document_fingerprint").ne_missing(pl.col("document_now"))
        | (pl.col("drift") == "missing") & pl.col("document_exists")
        | (pl.col("drift") == "orphan") & pl.col("row_exists")
    )["document_id"].to_list()
    if changed:
        raise StalePlan(
            f"Plan {plan.hash[:8]} no longer holds for {len(changed)} of {counted(plan.evidence.height, 'document')}: "
            f"{', '.join(changed[:5])}{' …' if len(changed) > 5 else ''}.",
            hint=NOTHING_SENT,
        )
    return frozenset(seen["document_id"])


def _executed(plan: Plan, ref: IndexRef, left: frozenset[str], *, shown: bool) -> pl.DataFrame:
    sent: list[Sent] = []
    cause = f"plan:{plan.hash[:12]}"
    written, deleted = ([item for item in ids if item in left] for ids in (plan.written, plan.deleted))
    with progress_bar(f"{plan.schema}: documents sent", len(left), shown=shown) as bar:
        for start in range(0, len(written), ref.config.batch_size):
            part = written[start : start + ref.config.batch_size]
            sent.extend(converge(ref, part, mode=SyncMode.MANUAL, cause=cause))
            bar.update(len(part))
        sent.extend(sending.delete(ref, deleted, mode=SyncMode.MANUAL, cause=cause))
        bar.update(len(deleted))
    ended = delivered(ref.config, sent)
    rows: list[dict[str, Any]] = []
    for item, task in (*ended.ok, *ended.failed):
        off = _off(ref, item, plan) if task.succeeded else len(item.ids)
        rows.append(
            {
                "work_id": item.work_id,
                "schema": plan.schema,
                "index": plan.index,
                "operation": str(item.operation),
                "outcome": str(Outcome.COMPLETED if not off else Outcome.FAILED),
                "sent_as": item.work_id,
                "document_count": len(item.ids),
                "verified": not off,
                "detail": f"{counted(len(item.ids), 'document')} read back: each is as its row."
                if not off
                else task.error_message
                or f"Still not as its row: {off} of {counted(len(item.ids), 'document')}.",
            }
        )
    return OUTCOME.rows(rows)


def _off(ref: IndexRef, item: Sent, plan: Plan) -> int:
    return current_states(ref, item.ids, verify=plan.verify).filter(~in_step()).height
