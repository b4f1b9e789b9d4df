"""Batches: tasks that are processed together, and what clients see of them."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from scrypath.local.engine import clock
from scrypath.local.engine.tasks import COUNTERS, Status, Task, accumulate

COLUMNS: Final = "uid, details, stats, strategy, started_at, finished_at"

# A finished batch does not show these when no task gave them a value.
_DROPPED: Final = ("primaryKey", "originalFilter", *COUNTERS)


@dataclass(slots=True)
class Batch:
    """Tasks at work, or just done.

    Parameters
    ----------
    uid
        Number of the batch.
    strategy
        Why these tasks and no others.
    tasks
        The tasks, in the order of their uids.
    started_at
        Nanoseconds.
    """

    uid: int
    strategy: str
    tasks: list[Task]
    started_at: int = field(default_factory=clock.now)

    def uids(self) -> frozenset[int]:
        """Return the uids of the tasks."""
        return frozenset(task.uid for task in self.tasks)


def totals(tasks: Iterable[Task], status: Status | None = None) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the details and the stats of a batch of tasks.

    Parameters
    ----------
    tasks
        The tasks of the batch.
    status
        Counted instead of the tasks' own, for a batch at work.
    """
    details: dict[str, Any] = {}
    statuses: Counter[str] = Counter()
    types: Counter[str] = Counter()
    indexes: Counter[str] = Counter()
    for task in tasks:
        accumulate(details, task.details or {})
        statuses[str(status or task.status)] += 1
        types[str(task.type)] += 1
        if task.index_uid is not None:
            indexes[task.index_uid] += 1
    stats = {
        "totalNbTasks": statuses.total(),
        "status": dict(statuses),
        "types": dict(types),
        "indexUids": dict(sorted(indexes.items())),
    }
    return details, stats


def _moment(nanoseconds: int | None) -> str | None:
    return None if nanoseconds is None else clock.rfc3339(nanoseconds)


def view(row: Sequence[Any]) -> dict[str, Any]:
    """Return what clients see of a row of ``COLUMNS``."""
    uid, details, stats, strategy, started, finished = row
    return {
        "uid": uid,
        "progress": None,
        "details": {
            key: value
            for key, value in json.loads(details).items()
            if value is not None or key not in _DROPPED
        },
        "stats": json.loads(stats),
        "duration": None if finished is None else clock.duration(finished - started),
        "startedAt": _moment(started),
        "finishedAt": _moment(finished),
        "batchStrategy": strategy,
    }


def processing_view(batch: Batch) -> dict[str, Any]:
    """Return what clients see of the batch at work."""
    details, stats = totals(batch.tasks, Status.PROCESSING)
    return {
        "uid": batch.uid,
        "progress": {
            "steps": [{"currentStep": "processing tasks", "finished": 0, "total": 2}],
            "percentage": 0.0,
        },
        "details": details,
        "stats": stats,
        "duration": None,
        "startedAt": clock.rfc3339(batch.started_at),
        "finishedAt": None,
        "batchStrategy": batch.strategy,
    }
