"""``apply``: do what a plan says."""

from __future__ import annotations

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.operator.recover.plan import Plan
from scrypath.operator.recover.repair import Repair
from scrypath.schema.index_ref import IndexRef


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
    return Repair(plan, ref).run(actor=actor, progress=progress)
