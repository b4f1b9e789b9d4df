"""What can be seen of a rebuild: its target index and its progress."""

from __future__ import annotations

from dataclasses import dataclass

from scrypath.meilisearch import indexes, tasks
from scrypath.schema.index_names import target_of
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Cutover, TaskState
from scrypath.work.states import PENDING_TASKS


@dataclass(frozen=True, slots=True)
class RebuildView:
    """A rebuild as the server shows it.

    Parameters
    ----------
    live_index, target_index
        Names on the server.
    observed
        False: the server was not checked, and the rest says nothing.
    task_state
        The target's work: idle, pending, completed, failed.
    cutover
        The swap: not started, pending (the target exists beside the live index), completed.
    """

    live_index: str
    target_index: str
    observed: bool
    task_state: TaskState = TaskState.IDLE
    cutover: Cutover = Cutover.NOT_STARTED


def unobserved(ref: IndexRef) -> RebuildView:
    """The view of a server that was not checked."""
    live = ref.uid
    return RebuildView(live, target_of(live), observed=False)


def rebuild_view(ref: IndexRef) -> RebuildView:
    """What the server shows of a rebuild of the schema's index."""
    live = ref.uid
    target = target_of(live)
    latest = tasks.listing(ref.config, types=["indexSwap"], statuses=["succeeded"], limit=50).frame
    swapped = latest.height and latest["details"].str.contains(f'"{target}"', literal=True).any()
    if indexes.get(ref.config, target) is None:
        return RebuildView(
            live, target, observed=True, cutover=Cutover.COMPLETED if swapped else Cutover.NOT_STARTED
        )
    work = tasks.listing(ref.config, index_uids=[target], limit=1_000).frame
    states = set(work["status"].to_list())
    if states & {*PENDING_TASKS}:
        state = TaskState.PENDING
    elif "failed" in states:
        state = TaskState.FAILED
    else:
        state = TaskState.COMPLETED if states else TaskState.IDLE
    return RebuildView(
        live,
        target,
        observed=True,
        task_state=state,
        cutover=Cutover.COMPLETED if swapped else Cutover.PENDING,
    )
