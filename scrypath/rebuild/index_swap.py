"""Swapping the live index with the one that was built, and keeping the old one."""

from __future__ import annotations

import time

from scrypath.errors import TaskTimeout
from scrypath.meilisearch import indexes, tasks
from scrypath.schema.index_ref import IndexRef
from scrypath.wording import counted
from scrypath.work.states import PENDING_TASKS

PAUSE = 0.05  # seconds between two reads of the tasks of an index


def wait_until_idle(ref: IndexRef) -> None:
    """Wait until every task of an index has ended.

    Raises
    ------
    TaskTimeout
        When ``task_timeout`` seconds pass first.
    """
    deadline = time.monotonic() + ref.config.task_timeout
    while True:
        pending = tasks.listing(ref.config, index_uids=[ref.uid], statuses=PENDING_TASKS, limit=1)
        if pending.frame.is_empty():
            return
        if time.monotonic() > deadline:
            raise TaskTimeout(
                f"{counted(pending.total, 'task')} of {ref.uid} still pending after {ref.config.task_timeout:g} s.",
                hint="Nothing was swapped. Go on with resume=True once they have ended.",
                task_uid=int(pending.frame["uid"][0]),
            )
        time.sleep(PAUSE)


def swap(live: IndexRef, other: IndexRef) -> None:
    """Let another index answer under the live name; the live one, if there is one, takes the other's name.

    Raises
    ------
    TaskFailed, TaskTimeout
        When the swap failed, or did not end in time: it may still happen then.
    """
    config = live.config
    if indexes.get(config, live.uid) is None:
        task = indexes.swap(config, [(other.uid, live.uid)], rename=True)
    else:
        task = indexes.swap(config, [(live.uid, other.uid)])
    tasks.wait(config, task).require_success()


def keep(old: IndexRef, name: str) -> None:
    """Give the index that was replaced the name under which it is kept; what had that name is deleted."""
    config = old.config
    if indexes.get(config, name) is not None:
        tasks.wait(config, indexes.delete(config, name)).require_success()
    tasks.wait(config, indexes.swap(config, [(old.uid, name)], rename=True)).require_success()


def discard(ref: IndexRef) -> None:
    """Delete an index that nobody uses."""
    tasks.wait(ref.config, indexes.delete(ref.config, ref.uid)).require_success()


def is_swapped(live: IndexRef, target: IndexRef) -> bool:
    """Whether the index under the target's name is the old one: the live one was created after it.

    ``createdAt`` moves with the documents of an index, whatever its name is.
    """
    old, new = indexes.get(live.config, target.uid), indexes.get(live.config, live.uid)
    return (
        old is not None
        and new is not None
        and old.created_at is not None
        and new.created_at is not None
        and new.created_at > old.created_at
    )
