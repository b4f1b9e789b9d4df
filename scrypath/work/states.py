"""What the states of tasks and jobs mean: pending, retrying, failed or completed work. Nothing else says so."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from scrypath.vocabulary import WorkState

TASK_STATES: Mapping[str, WorkState] = MappingProxyType(
    {
        "enqueued": WorkState.PENDING,
        "processing": WorkState.PENDING,
        "succeeded": WorkState.COMPLETED,
        "failed": WorkState.FAILED,
        "canceled": WorkState.FAILED,
    }
)
JOB_STATES: Mapping[str, WorkState] = MappingProxyType(
    {
        "available": WorkState.QUEUED,
        "scheduled": WorkState.QUEUED,
        "executing": WorkState.QUEUED,
        "suspended": WorkState.QUEUED,
        "retryable": WorkState.RETRYING,
        "completed": WorkState.COMPLETED,
        "discarded": WorkState.FAILED,
        "cancelled": WorkState.FAILED,
        "unknown": WorkState.UNKNOWN,  # a state that another release of Oban has made
    }
)


def _those(states: Mapping[str, WorkState], *meanings: WorkState) -> tuple[str, ...]:
    return tuple(state for state, meaning in states.items() if meaning in meanings)


PENDING_TASKS = _those(TASK_STATES, WorkState.PENDING)
FAILED_TASKS = _those(TASK_STATES, WorkState.FAILED)
# Without those that failed and wait for another attempt; of an unknown state nobody can say that it is an end.
QUEUED_JOBS = _those(JOB_STATES, WorkState.QUEUED, WorkState.UNKNOWN)
UNFINISHED_JOBS = _those(JOB_STATES, WorkState.QUEUED, WorkState.RETRYING, WorkState.UNKNOWN)
FAILED_JOBS = _those(JOB_STATES, WorkState.RETRYING, WorkState.FAILED)
