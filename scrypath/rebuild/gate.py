"""What a rebuilt index must pass before it may replace the live one."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import polars as pl

from scrypath.compare import contract
from scrypath.errors import GateFailed, IndexNotFound
from scrypath.frames import GATE
from scrypath.meilisearch import indexes, settings, tasks
from scrypath.rebuild.catch_up import CaughtUp
from scrypath.schema.index_ref import IndexRef
from scrypath.wording import counted
from scrypath.work.states import FAILED_TASKS

NAMED = 5  # ids or tasks that a detail names


def gate(
    live: IndexRef,
    target: IndexRef,
    caught_up: CaughtUp,
    *,
    accept_left_out: bool,
    max_size_change: float | None,
) -> pl.DataFrame:
    """``frames.GATE``: one row per check, whether it was passed, and what was found.

    Parameters
    ----------
    live, target
        The index in use, and the one that is to replace it.
    caught_up
        The comparison of every document of the target.
    accept_left_out
        Rows that cannot be projected do not fail the gate.
    max_size_change
        How far the number of documents may be from the live index's, as a share of it; None: as far as it is.
    """
    return GATE.rows(
        [
            _documents(caught_up),
            _left_out(caught_up, accepted=accept_left_out),
            _tasks(target),
            _contract(target),
            _size(live, caught_up, max_size_change),
        ]
    )


def refuse_failed(target: IndexRef, checks: pl.DataFrame) -> None:
    """Nothing, or a ``GateFailed`` that names every check that was not passed."""
    failed = checks.filter(~pl.col("passed").fill_null(value=False))
    if failed.is_empty():
        return
    raise GateFailed(
        f"{target.uid} may not replace the live index. " + " ".join(failed["detail"].to_list()),
        hint="The live index is as it was. Fix the rows or the declaration, then go on with resume=True or begin again "
        "with restart=True.",
        gate=checks,
    )


def _row(check: str, passed: bool | None, detail: str, ids: Sequence[str] = ()) -> dict[str, Any]:
    return {"check": check, "passed": passed, "detail": detail, "document_ids": list(ids)}


def _documents(caught_up: CaughtUp) -> dict[str, Any]:
    found = caught_up.comparison
    if not found.compared:
        return _row("documents", False, found.note or "The documents could not be compared.")
    if caught_up.stuck:
        count = counted(len(caught_up.stuck), "document differs", "documents differ")
        detail = f"{count} from the row just written: {_some(caught_up.stuck)}."
        return _row("documents", False, detail, caught_up.stuck)
    detail = f"{counted(found.rows or 0, 'row')} compared, each with its document."
    if caught_up.changing:
        changed = counted(len(caught_up.changing), "row")
        detail += f" {changed} kept changing while they were compared: the last catch-up reads them."
    return _row("documents", True, detail, caught_up.changing)


def _left_out(caught_up: CaughtUp, *, accepted: bool) -> dict[str, Any]:
    ids = caught_up.left_out
    if not ids:
        return _row("left_out", True, "Every row could be projected.")
    detail = f"{counted(len(ids), 'row')} without a document: {_some(ids)}."
    return _row("left_out", accepted, f"{detail} Accepted." if accepted else detail, ids)


def _tasks(target: IndexRef) -> dict[str, Any]:
    failed = tasks.listing(target.config, index_uids=[target.uid], statuses=FAILED_TASKS).frame
    if failed.is_empty():
        return _row("tasks", True, "No task of the target failed.")
    named = _some([f"meili:{uid}" for uid in failed["uid"]])
    return _row("tasks", False, f"{counted(failed.height, 'task')} failed or canceled: {named}.")


def _contract(target: IndexRef) -> dict[str, Any]:
    actual = settings.read(target.config, target.uid)
    different = contract.of(target.schema, target.uid, actual)["key"].to_list()
    if different:
        return _row("contract", False, f"Not as declared: {', '.join(different)}.")
    return _row("contract", True, "The settings are as declared.")


def _size(live: IndexRef, caught_up: CaughtUp, most: float | None) -> dict[str, Any]:
    after = caught_up.comparison.documents
    try:
        before = indexes.stats(live.config, live.uid).number_of_documents
    except IndexNotFound:
        return _row("size", True, "There is no live index to compare with.")
    if after is None:
        return _row("size", None, "The target's documents could not be counted.")
    detail = f"{before:,} documents before, {after:,} after."
    if most is None:
        return _row("size", True, f"{detail} No limit was set.")
    share = abs(after - before) / before if before else (1.0 if after else 0.0)
    return _row("size", share <= most, f"{detail} A change of {share:.1%}; the limit is {most:.1%}.")


def _some(names: Sequence[str]) -> str:
    return f"{', '.join(names[:NAMED])}{' …' if len(names) > NAMED else ''}"
