"""``rollback``: back to the index that a rebuild replaced."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import indexes
from scrypath.memory import audit
from scrypath.rebuild.catch_up import catch_up
from scrypath.rebuild.gate import gate, refuse_failed
from scrypath.rebuild.result import ReindexResult
from scrypath.rebuild.steps import Steps
from scrypath.rebuild.swap_in import swap_in, written
from scrypath.schema.index_names import rollback_of
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Outcome, RecoveryAction


def rollback(
    schema: Any, *, actor: str | None = None, progress: bool = False, config: Config | None = None
) -> ReindexResult:
    """Swap the live index with the one that the last rebuild replaced.

    The old index lacks every write since the rebuild: it is brought in step with the rows before the swap and once
    more after it. The index that was live is kept in its place, so that a second call takes this one back.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    actor
        Who, for the audit; default: the login name.
    progress
        Accepted as by every action; a rollback shows its steps in the result.
    config
        Used instead of the configured one.

    Returns
    -------
    ReindexResult

    Raises
    ------
    InvalidOptions
        When no index is kept for a rollback.
    GateFailed
        When the old index cannot be brought in step; the live one is as it was.
    TaskFailed, TaskTimeout, TransportError, DatabaseError
        As for :func:`reindex`.

    Examples
    --------
    >>> import scrypath
    >>> _ = scrypath.reindex("Product")
    >>> scrypath.rollback("Product").cutover
    <Cutover.COMPLETED: 'completed'>
    """
    del progress
    live = IndexRef.find(schema, config)
    kept = live.at(rollback_of(live.uid))
    if indexes.get(live.config, kept.uid) is None:
        raise InvalidOptions(
            f"No index is kept for a rollback of {live.schema.name}: {kept.uid} does not exist.",
            hint="reindex() keeps the index that it replaces.",
        )
    with audit.recorded(
        live.config,
        action=str(RecoveryAction.ROLLBACK),
        schema=live.schema.name,
        target=live.uid,
        detail=f"Back to {kept.uid}.",
        actor=actor,
    ) as recording:
        steps = Steps(live)
        with steps.step("catch_up") as step:
            caught_up = catch_up(kept, cause=f"rollback:{live.uid}")
            step.detail = written(caught_up)
        checks = gate(live, kept, caught_up, accept_left_out=True, max_size_change=None)
        # The old index may have been built for another declaration: its settings and old failures are no refusal.
        refuse_failed(kept, checks.filter(pl.col("check") == "documents"))
        done = swap_in(live, kept, kept.uid, steps, checks)
        recording.ended(Outcome.COMPLETED, document_count=done.document_count, detail=done.headline())
    return done
