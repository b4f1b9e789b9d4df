"""What can be seen of a rebuild: its target index and how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from scrypath.config import Config
from scrypath.meilisearch import indexes, tasks
from scrypath.schema import SearchSchema
from scrypath.vocabulary import Cutover, TaskState

TARGET_SUFFIX = "__reindex"


@dataclass(frozen=True, slots=True)
class RebuildView:
    """A rebuild as the server shows it.

    Parameters
    ----------
    live_index, target_index
        Names on the server.
    observed
        False: the server was not looked at, and the rest says nothing.
    task_state
        The target's work: idle, pending, completed, failed.
    cutover
        The swap: not started, pending (the target stands beside the live index), completed.
    """

    live_index: str
    target_index: str
    observed: bool
    task_state: TaskState = TaskState.IDLE
    cutover: Cutover = Cutover.NOT_STARTED


def unobserved(schema: SearchSchema, config: Config) -> RebuildView:
    """The view of a server that was not looked at."""
    live = schema.index_name(config)
    return RebuildView(live, live + TARGET_SUFFIX, observed=False)


def rebuild_view(schema: SearchSchema, config: Config) -> RebuildView:
    """What the server shows of a rebuild of the schema's index."""
    live = schema.index_name(config)
    target = live + TARGET_SUFFIX
    latest = tasks.listing(config, types=["indexSwap"], statuses=["succeeded"], limit=50).frame
    swapped = latest.height and latest["details"].str.contains(f'"{target}"', literal=True).any()
    if indexes.get(config, target) is None:
        return RebuildView(
            live, target, observed=True, cutover=Cutover.COMPLETED if swapped else Cutover.NOT_STARTED
        )
    work = tasks.listing(config, index_uids=[target], limit=1_000).frame
    states = set(work["status"].to_list())
    if states & {"enqueued", "processing"}:
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
