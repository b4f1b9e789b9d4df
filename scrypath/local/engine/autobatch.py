"""Which waiting tasks of one index are processed together, and why no more."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum, auto

from scrypath.local.engine.tasks import Kind, Task


class Work(StrEnum):
    """What a batch of tasks on one index amounts to."""

    CLEAR = auto()
    DOCUMENTS = auto()
    DELETIONS = auto()
    CLEAR_AND_SETTINGS = auto()
    SETTINGS = auto()
    INDEX_DELETION = auto()
    INDEX_CREATION = auto()
    INDEX_UPDATE = auto()
    INDEX_SWAP = auto()


class Step(StrEnum):
    """What one task asks of its index."""

    IMPORT = auto()
    DELETE_IDS = auto()
    DELETE_FILTER = auto()
    CLEAR = auto()
    SETTINGS = auto()
    INDEX_DELETION = auto()
    INDEX_CREATION = auto()
    INDEX_UPDATE = auto()
    INDEX_SWAP = auto()


ALONE = {
    Step.INDEX_CREATION: Work.INDEX_CREATION,
    Step.INDEX_UPDATE: Work.INDEX_UPDATE,
    Step.INDEX_SWAP: Work.INDEX_SWAP,
}
FIRST = {
    Step.IMPORT: Work.DOCUMENTS,
    Step.DELETE_IDS: Work.DELETIONS,
    Step.DELETE_FILTER: Work.DELETIONS,
    Step.CLEAR: Work.CLEAR,
    Step.SETTINGS: Work.SETTINGS,
    Step.INDEX_DELETION: Work.INDEX_DELETION,
}
STEPS = {
    Kind.DOCUMENT_ADDITION: Step.IMPORT,
    Kind.SETTINGS_UPDATE: Step.SETTINGS,
    Kind.INDEX_CREATION: Step.INDEX_CREATION,
    Kind.INDEX_DELETION: Step.INDEX_DELETION,
    Kind.INDEX_UPDATE: Step.INDEX_UPDATE,
    Kind.INDEX_SWAP: Step.INDEX_SWAP,
}


@dataclass(slots=True)
class Plan:
    """The next batch of an index.

    Parameters
    ----------
    work
        What the tasks amount to.
    count
        How many of the waiting tasks belong to it.
    creates
        Whether the index is created when it is missing.
    stopped
        Why the batch ends before the next task; empty when the tasks ran out.
    """

    work: Work
    count: int
    creates: bool
    stopped: str = ""


def step(task: Task) -> Step:
    """Return what a task asks of its index."""
    if task.type is Kind.DOCUMENT_DELETION:
        if "ids" in task.content:
            return Step.DELETE_IDS
        return Step.DELETE_FILTER if "filter" in task.content else Step.CLEAR
    return STEPS[task.type]


def alone(kind: Kind, uid: int) -> str:
    """Return the reason of a batch of one task that admits no other."""
    return (
        f"created batch containing only task with id {uid} of type `{kind}`"
        " that cannot be batched with any other task."
    )


def same_kind(kind: Kind) -> str:
    """Return the reason of a batch of tasks of one kind."""
    return f"stopped after the last task of type `{kind}` because they cannot be batched with tasks of any other type."


def _creates(task: Task) -> bool | None:
    if task.type is Kind.DOCUMENT_ADDITION:
        return True
    if task.type is Kind.SETTINGS_UPDATE:
        return not task.content["isDeletion"]
    return None


def _key_conflict(work: Work, batch_key: str | None, index_key: str | None, task: Task) -> str:
    """Return why a task's primary key keeps it out of the batch, or nothing."""
    key = task.content.get("primaryKey") if task.type is Kind.DOCUMENT_ADDITION else None
    if key is None:
        return ""
    before = f"stopped batching before task with id {task.uid} because"
    if index_key is not None:
        if key == index_key:
            return ""
        return (
            f"{before} its primary key `{key}` is different from the primary key of the index `{index_key}`"
        )
    if work is Work.DOCUMENTS and batch_key is None:
        return (
            f"{before} it is setting the `{key}` primary key and it would interfere with primary key guessing of"
            " the batch"
        )
    if batch_key is not None and key != batch_key:
        return (
            f"{before} its primary key `{key}` is different from the primary key of the batch `{batch_key}`"
        )
    return ""


_SETTINGS = "it is a settings change which cannot be batched with document operations"
_BY_FILTER = "it is a deletion by filter which cannot be batched with document operations"
_DOCUMENTS = "it is a document operation which cannot be batched with settings changes"


def _next(work: Work, by_filter: bool, asked: Step, exists: bool) -> tuple[Work, str]:
    """Return what the batch becomes with one more step, or why it ends before it."""
    match work, asked:
        case Work.CLEAR, Step.CLEAR | Step.DELETE_IDS | Step.DELETE_FILTER:
            return Work.CLEAR, ""
        case Work.CLEAR, Step.IMPORT | Step.SETTINGS:
            return work, _SETTINGS
        case Work.DOCUMENTS | Work.DELETIONS, Step.CLEAR:
            return Work.CLEAR, ""
        case Work.DOCUMENTS, Step.IMPORT | Step.DELETE_IDS:
            return work, ""
        case Work.DOCUMENTS, Step.DELETE_FILTER:
            return work, _BY_FILTER
        case Work.DOCUMENTS | Work.DELETIONS, Step.SETTINGS:
            return work, _SETTINGS
        case Work.DELETIONS, Step.IMPORT:
            return (Work.DOCUMENTS, "") if by_filter or exists else (work, "creation")
        case Work.DELETIONS, Step.DELETE_IDS | Step.DELETE_FILTER:
            return work, ""
        case Work.SETTINGS | Work.CLEAR_AND_SETTINGS, Step.CLEAR:
            return Work.CLEAR_AND_SETTINGS, ""
        case Work.SETTINGS | Work.CLEAR_AND_SETTINGS, Step.SETTINGS:
            return work, ""
        case Work.CLEAR_AND_SETTINGS, Step.DELETE_IDS | Step.DELETE_FILTER:
            return work, ""
    return work, _DOCUMENTS


def plan(waiting: Sequence[Task], exists: bool, index_key: str | None) -> Plan:
    """Return the batch that starts with the first of an index's waiting tasks.

    Parameters
    ----------
    waiting
        Enqueued tasks of one index, oldest first; not empty.
    exists
        Whether the index exists.
    index_key
        Primary key of the index, None when it has none yet.
    """
    first = waiting[0]
    asked = step(first)
    if asked in ALONE:
        return Plan(ALONE[asked], 1, asked is Step.INDEX_CREATION, alone(first.type, first.uid))
    creates = bool(_creates(first))
    now = Plan(FIRST[asked], 1, creates)
    if asked is Step.INDEX_DELETION:
        now.stopped = f"stopped after task with id {first.uid} because it deletes the index"
        return now
    key = first.content.get("primaryKey") if asked is Step.IMPORT else None
    if key is not None and index_key is not None and key != index_key:
        now.stopped = (
            f"stopped batching before task with id {first.uid} because its primary key `{key}`"
            f" is different from the primary key of the index `{index_key}`"
        )
        return now
    by_filter = asked is Step.DELETE_FILTER
    may_create = _creates(first)
    exists = exists or creates
    for task in waiting[1:]:
        asked = step(task)
        now.stopped = _key_conflict(now.work, key, index_key, task)
        if now.stopped:
            return now
        if asked in ALONE:
            now.stopped = alone(task.type, task.uid)
            return now
        mismatch = (
            f"stopped batching before task with id {task.uid} because its index creation rules differ from the"
            " ones from the batch"
        )
        if not exists and may_create is False and _creates(task):
            now.stopped = mismatch
            return now
        if asked is Step.INDEX_DELETION:
            now.work, now.count = Work.INDEX_DELETION, now.count + 1
            now.stopped = f"stopped after task with id {task.uid} because it deletes the index"
            return now
        before = now.work
        now.work, reason = _next(now.work, by_filter, asked, exists)
        if reason:
            now.stopped = (
                mismatch
                if reason == "creation"
                else f"stopped before task with id {task.uid} because {reason}"
            )
            return now
        if before is not Work.DOCUMENTS and now.work is Work.DOCUMENTS:
            may_create = True
        by_filter = by_filter or asked is Step.DELETE_FILTER
        key = key or (task.content.get("primaryKey") if asked is Step.IMPORT else None)
        now.count += 1
    return now
