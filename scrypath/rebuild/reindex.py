"""``reindex``: build a new index beside the live one, and swap them once nothing differs."""

from __future__ import annotations

from typing import Any

from scrypath.config import Config
from scrypath.errors import GateFailed, InvalidOptions
from scrypath.meilisearch import indexes, settings, tasks
from scrypath.memory import audit
from scrypath.rebuild import index_swap
from scrypath.rebuild.backfill import write_rows
from scrypath.rebuild.catch_up import catch_up
from scrypath.rebuild.gate import gate, refuse_failed
from scrypath.rebuild.result import ReindexResult
from scrypath.rebuild.steps import Steps
from scrypath.rebuild.swap_in import finish, result, swap_in, written
from scrypath.schema.index_names import rollback_of, target_of
from scrypath.schema.index_ref import IndexRef
from scrypath.schema.settings import desired
from scrypath.source import rows
from scrypath.sync.progress import progress_bar
from scrypath.vocabulary import Cutover, Outcome, RecoveryAction
from scrypath.wording import counted


def reindex(
    schema: Any,
    *,
    cutover: bool = True,
    resume: bool = False,
    restart: bool = False,
    accept_left_out: bool = False,
    max_size_change: float | None = None,
    batch_size: int | None = None,
    actor: str | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> ReindexResult:
    """Build a new index beside the live one, compare it document by document, and swap the two.

    The live index answers until the swap, and is kept for :func:`rollback` after it. Writes that land meanwhile,
    in whatever mode, are in the new index when this returns.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    cutover
        False: stop before the swap; ``resume=True`` goes on from there.
    resume
        Go on with a rebuild that was stopped or interrupted, at any step.
    restart
        Delete the index that an earlier rebuild left beside the live one, and begin again.
    accept_left_out
        Swap even where rows could not be projected into documents; they are named in ``gate``.
    max_size_change
        Refuse when the number of documents differs by more than this share of the live index's, as in 0.1.
    batch_size
        Documents in one task; default: the configured one.
    actor
        Who, for the audit; default: the login name.
    progress
        Show a progress bar of documents sent.
    config
        Used instead of the configured one.

    Returns
    -------
    ReindexResult

    Raises
    ------
    InvalidOptions
        When a rebuild was left unfinished, or is running, and neither ``resume`` nor ``restart`` is given.
    GateFailed
        When the new index does not pass; the live one is as it was, and ``gate`` says what differs.
    TaskFailed, TaskTimeout
        When Meilisearch refused a task, or did not finish it in time.
    TransportError, DatabaseError
        When a side cannot be reached.

    Examples
    --------
    >>> import scrypath
    >>> result = scrypath.reindex("Product")
    >>> result.cutover, result.document_count, result.gate["passed"].to_list()
    (<Cutover.COMPLETED: 'completed'>, 3, [True, True, True, True, True])
    """
    live = IndexRef.find(schema, config, batch_size=batch_size)
    if max_size_change is not None and not max_size_change >= 0:
        raise InvalidOptions(f"max_size_change is {max_size_change!r}.", hint="Give a share, as in 0.1.")
    if resume and restart:
        raise InvalidOptions(
            "resume and restart exclude each other.", hint="resume goes on; restart begins again."
        )
    target = live.at(target_of(live.uid))
    left = _left_by_an_earlier_run(live, target, resume=resume, restart=restart)
    with audit.recorded(
        live.config,
        action=str(RecoveryAction.REINDEX),
        schema=live.schema.name,
        target=live.uid,
        detail=f"Rebuild in {target.uid}{'' if cutover else ', without swapping it'}.",
        actor=actor,
    ) as recording:
        done = _rebuilt(
            live,
            target,
            left=left,
            restart=restart,
            cutover=cutover,
            accept_left_out=accept_left_out,
            max_size_change=max_size_change,
            progress=progress,
        )
        recording.ended(
            Outcome.COMPLETED if done.cutover is Cutover.COMPLETED else Outcome.ACCEPTED,
            document_count=done.document_count,
            detail=done.headline(),
        )
    return done


def _left_by_an_earlier_run(live: IndexRef, target: IndexRef, *, resume: bool, restart: bool) -> bool:
    there = indexes.get(live.config, target.uid) is not None
    if there and not resume and not restart:
        raise InvalidOptions(
            f"{target.uid} is there already: a rebuild was stopped, or is running.",
            hint="Go on with resume=True, or begin again with restart=True.",
        )
    if resume and not there:
        raise InvalidOptions(
            f"No rebuild of {live.schema.name} can be resumed: {target.uid} does not exist.",
            hint="Leave resume out to begin one.",
        )
    return there


def _rebuilt(
    live: IndexRef,
    target: IndexRef,
    *,
    left: bool,
    restart: bool,
    cutover: bool,
    accept_left_out: bool,
    max_size_change: float | None,
    progress: bool,
) -> ReindexResult:
    steps = Steps(live)
    kept = rollback_of(live.uid)
    if left and not restart and index_swap.is_swapped(live, target):
        # It was interrupted after the swap: what has the target's name is the old index.
        return finish(live, target, kept, steps, gate_frame=None)
    if left and restart:
        with steps.step("discard") as step:
            index_swap.discard(target)
            step.detail = f"{target.uid} deleted."
    with steps.step("settings") as step:
        _prepare(target, exists=left and not restart)
        step.detail = "Read back as declared."
    if indexes.stats(target.config, target.uid).number_of_documents == 0:
        with steps.step("backfill") as step:
            step.detail = f"{counted(_filled(target, progress=progress), 'document')} written."
    with steps.step("catch_up") as step:
        caught_up = catch_up(target, cause=f"reindex:{live.uid}")
        step.detail = written(caught_up)
    with steps.step("gate") as step:
        checks = gate(
            live, target, caught_up, accept_left_out=accept_left_out, max_size_change=max_size_change
        )
        refuse_failed(target, checks)
        step.detail = f"{counted(checks.height, 'check')} passed."
    if not cutover:
        return result(live, target, Cutover.PENDING, None, caught_up, steps, checks)
    return swap_in(live, target, kept, steps, checks)


def _prepare(target: IndexRef, *, exists: bool) -> None:
    config = target.config
    if not exists:
        created = tasks.wait(config, indexes.create(config, target.uid, target.schema.document_id))
        if created.error_code == "index_already_exists":
            raise InvalidOptions(
                f"{target.uid} was created by another rebuild at the same time.",
                hint="Let it finish, or go on with resume=True once it has stopped.",
            )
        created.require_success()
    # The settings before the documents: indexing them once is all there is to do then.
    differing = settings.changes(settings.diff(desired(target.schema), settings.read(config, target.uid)))
    if differing:
        tasks.wait(config, settings.patch(config, target.uid, differing)).require_success()
    if left := settings.diff(desired(target.schema), settings.read(config, target.uid)):
        raise GateFailed(
            f"The settings of {target.uid} are not as declared after they were written: "
            f"{', '.join(item.key for item in left)}.",
            hint="The live index is as it was. Look at index_contract_drift(schema).",
        )


def _filled(target: IndexRef, *, progress: bool) -> int:
    total = rows.count(target) if progress else None
    count = 0
    with progress_bar(f"{target.schema.name}: documents sent", total, shown=progress) as bar:
        for batch in write_rows(target, None, wait=True):
            count += len(batch.sent.ids)
            bar.update(len(batch.sent.ids))
    return count
