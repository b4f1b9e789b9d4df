"""The next batch: what goes first, and what goes together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from scrypath.local.engine.autobatch import Work, alone, plan, same_kind
from scrypath.local.engine.batches import Batch
from scrypath.local.engine.indexes import Indexes
from scrypath.local.engine.queue import Queue
from scrypath.local.engine.tasks import Kind, Task

# Payloads of one batch stay below this, however many tasks wait.
BATCH_BYTES: Final = 512 << 20
BATCH_TASKS: Final = 20_000

_ENQUEUED: Final = "status = 'enqueued'"


@dataclass(frozen=True, slots=True)
class Job:
    """A batch with what it amounts to.

    Parameters
    ----------
    batch
        The tasks.
    work
        What to do on one index, None for tasks that concern no index.
    creates
        Whether the index is created when it is missing.
    """

    batch: Batch
    work: Work | None = None
    creates: bool = False


def _first_kinds(queue: Queue) -> Job | None:
    """Return the batch of tasks that go before all others."""
    kinds = (
        Kind.TASK_CANCELATION,
        Kind.TASK_DELETION,
        Kind.INDEX_COMPACTION,
        Kind.SNAPSHOT_CREATION,
        Kind.DUMP_CREATION,
    )
    for kind in kinds:
        tasks = list(queue.tasks(f"{_ENQUEUED} AND type = ?", (kind,)))
        if not tasks:
            continue
        uid = queue.next_batch_uid()
        if kind is Kind.TASK_CANCELATION:
            return Job(Batch(uid, alone(kind, tasks[-1].uid), tasks[-1:]))
        if kind in (Kind.INDEX_COMPACTION, Kind.DUMP_CREATION):
            return Job(Batch(uid, alone(kind, tasks[0].uid), tasks[:1]))
        return Job(Batch(uid, same_kind(kind), tasks))
    return None


def _waiting(queue: Queue, index_uid: str) -> tuple[list[Task], str]:
    """Return the waiting tasks of an index, and why there are no more of them."""
    waiting: list[Task] = []
    size = 0
    where = (
        f"{_ENQUEUED} AND type <> '{Kind.INDEX_COMPACTION}'"
        " AND (index_uid = ? OR uid IN (SELECT task_uid FROM swap_members WHERE index_uid = ?))"
    )
    for task in queue.tasks(where, (index_uid, index_uid)):
        if len(waiting) >= BATCH_TASKS:
            return waiting, f"batched up to configured batch limit of {BATCH_TASKS} tasks"
        size += queue.payload_size(task)
        if size > BATCH_BYTES and waiting:
            return (
                waiting,
                f"batched up to configured batch size limit of {BATCH_BYTES}B with a total of {size}B",
            )
        waiting.append(task)
    return waiting, ""


def next_job(queue: Queue, indexes: Indexes) -> Job | None:
    """Return what is to be done next, None when nothing waits."""
    job = _first_kinds(queue)
    if job is not None:
        return job
    first, count = queue.oldest_enqueued()
    if first is None:
        return None
    uid = queue.next_batch_uid()
    names = first.indexes()
    if not names:
        return Job(Batch(uid, alone(first.type, first.uid), [first]), Work.INDEX_SWAP)
    name = names[0]
    exists = indexes.exists(name)
    key = indexes.get(name).facts().primary_key if exists else None
    waiting, stopped = _waiting(queue, name)
    chosen = plan(waiting, exists, key)
    exhausted = "batched all enqueued tasks" + ("" if len(waiting) == count else f" for index `{name}`")
    strategy = chosen.stopped or stopped or exhausted
    return Job(Batch(uid, strategy, waiting[: chosen.count]), chosen.work, chosen.creates)
