"""From two indexes, of which one is ready, to the new one in use, verified, and the old one kept."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scrypath.errors import GateFailed
from scrypath.meilisearch import indexes
from scrypath.rebuild import index_swap
from scrypath.rebuild.catch_up import CaughtUp, catch_up
from scrypath.rebuild.gate import gate
from scrypath.rebuild.result import ReindexResult
from scrypath.rebuild.steps import Steps
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Cutover
from scrypath.wording import counted


def swap_in(live: IndexRef, other: IndexRef, kept: str, steps: Steps, checks: pl.DataFrame) -> ReindexResult:
    """Let the other index answer under the live name, bring it in step once more, and keep the old one as ``kept``."""
    with steps.step("swap") as step:
        index_swap.wait_until_idle(other)
        had_live = indexes.get(live.config, live.uid) is not None
        index_swap.swap(live, other)
        step.detail = f"{live.uid} and {other.uid} swapped." if had_live else f"{other.uid} renamed."
    return finish(live, other, kept if had_live else None, steps, gate_frame=checks)


def finish(
    live: IndexRef, other: IndexRef, kept: str | None, steps: Steps, *, gate_frame: pl.DataFrame | None
) -> ReindexResult:
    """What is to be done once the new index answers under the live name."""
    with steps.step("last_catch_up") as step:
        # Writes that were accepted before the swap went to the index that is the old one now.
        caught_up = catch_up(live, cause=f"reindex:{live.uid}")
        step.detail = written(caught_up)
    checks = gate_frame
    with steps.step("verify") as step:
        if checks is None:
            checks = gate(live, live, caught_up, accept_left_out=True, max_size_change=None)
        if not caught_up.in_step:
            raise GateFailed(
                f"{live.uid} was swapped, and is not in step: {caught_up.comparison.note or 'documents differ'}.",
                hint="Run reconcile_sync(schema); rollback(schema) takes the old index back.",
                gate=checks,
            )
        step.detail = f"{counted(caught_up.comparison.rows or 0, 'row')} compared after the swap."
    if kept is not None and kept != other.uid:
        with steps.step("keep") as step:
            index_swap.keep(other, kept)
            step.detail = f"The old index is kept as {kept}."
    return result(live, other, Cutover.COMPLETED, kept, caught_up, steps, checks)


def written(caught_up: CaughtUp) -> str:
    """What a step of catching up has to say."""
    return f"{counted(caught_up.written, 'document')} written or deleted."


def result(
    live: IndexRef,
    target: IndexRef,
    cutover: Cutover,
    kept: str | None,
    caught_up: CaughtUp,
    steps: Steps,
    checks: pl.DataFrame,
) -> ReindexResult:
    """What was done, from the steps that were taken."""
    frame = steps.frame
    return ReindexResult(
        schema=live.schema.name,
        index=live.uid,
        cutover=cutover,
        target_index=target.uid,
        rollback_index=kept,
        document_count=caught_up.comparison.documents,
        steps=frame,
        gate=checks,
        missing_at_most=steps.duration("last_catch_up"),
        duration=sum(frame["duration"].to_list(), timedelta()),
    )
