"""Failures on demand, for rehearsals and tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.tasks import Task


@dataclass(slots=True)
class Failure:
    """An error that waits for tasks to strike.

    ``index_uid`` and ``type`` narrow the tasks down; ``count`` says how many are struck.
    """

    code: str
    message: str
    count: int
    index_uid: str | None
    type: str | None

    def strikes(self, task: Task) -> bool:
        """Return whether the failure is meant for a task."""
        named = self.index_uid is None or task.index_uid == self.index_uid
        return self.count > 0 and named and (self.type is None or task.type == self.type)


@dataclass(slots=True)
class Answer:
    """What requests get instead of their answer; without a count, until it is taken back."""

    status: int | None
    left: int | None


class Hooks:
    """The state of the failures that have been asked for."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._running = threading.Event()
        self.reset()

    def reset(self) -> None:
        """Take every failure back."""
        with self._lock:
            self.failures: list[Failure] = []
            self.stall_seconds = 0.0
            self.answer: Answer | None = None
            self.version: str | None = None
        self._running.set()

    # -- the worker ------------------------------------------------------------------------------

    @property
    def paused(self) -> bool:
        """Whether the worker takes no new batch."""
        return not self._running.is_set()

    def pause(self) -> None:
        """Keep the worker from taking a new batch."""
        self._running.clear()

    def resume(self) -> None:
        """Let the worker go on."""
        self._running.set()

    def fail_next(self, failure: Failure) -> None:
        """Let the next matching task fail."""
        with self._lock:
            self.failures.append(failure)

    def stall(self, seconds: float) -> None:
        """Let the next task take longer."""
        with self._lock:
            self.stall_seconds = seconds

    def struck(self, tasks: list[Task]) -> dict[int, ApiError]:
        """Return the tasks of a batch that are to fail, with their errors."""
        errors = {}
        with self._lock:
            for task in tasks:
                for failure in self.failures:
                    if failure.strikes(task):
                        failure.count -= 1
                        errors[task.uid] = ApiError(failure.code, failure.message)
                        break
            self.failures = [failure for failure in self.failures if failure.count > 0]
        return errors

    def wait(self, checkpoint: Callable[[], None]) -> None:
        """Stall when asked to, in steps that a cancelation can end."""
        with self._lock:
            seconds, self.stall_seconds = self.stall_seconds, 0.0
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            checkpoint()
            time.sleep(min(left, 0.02))

    # -- the requests ----------------------------------------------------------------------------

    def respond(self, status: int | None, count: int | None) -> None:
        """Let requests get a status instead of their answer; None closes the connection."""
        with self._lock:
            self.answer = Answer(status, count)

    def taken(self) -> Answer | None:
        """Return what the request at hand gets instead of its answer."""
        with self._lock:
            answer = self.answer
            if answer is not None and answer.left is not None:
                answer.left -= 1
                if answer.left <= 0:
                    self.answer = None
            return answer

    def state(self) -> dict[str, Any]:
        """Return what is in force."""
        with self._lock:
            answer = self.answer
            return {
                "paused": self.paused,
                "failures": [
                    {
                        "code": failure.code,
                        "message": failure.message,
                        "count": failure.count,
                        "indexUid": failure.index_uid,
                        "type": failure.type,
                    }
                    for failure in self.failures
                ],
                "stallSeconds": self.stall_seconds,
                "respond": None if answer is None else {"status": answer.status, "count": answer.left},
                "version": self.version,
            }
