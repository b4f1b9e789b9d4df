"""Tasks submitted to an executor, a few at a time, and their results."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError, Executor, Future
from dataclasses import dataclass
from typing import Any

from scrypath.compare.waiting import first_done
from scrypath.errors import PartFailed, ScrypathError, presentable
from scrypath.redaction import redact

IN_FLIGHT = 16  # tasks submitted to the executor and not finished yet: what bounds the memory here


@dataclass(frozen=True, slots=True)
class ReadTask:
    """What an executor is to do.

    Parameters
    ----------
    name
        What it is called in messages.
    run
        Called by a worker.
    take
        Called here with the result.
    """

    name: str
    run: Callable[[], Any]
    take: Callable[[Any], None]


def run_all(executor: Executor, tasks: Iterable[ReadTask], *, stopped: Future[None] | None = None) -> None:
    """Have tasks done by an executor, and take their results in the order in which they come.

    When one fails, or at an interruption, those that have not begun are cancelled.

    Parameters
    ----------
    executor
        It is left running.
    tasks
        Fetched as they can be submitted.
    stopped
        Done: nobody waits for the results any more.

    Raises
    ------
    PartFailed
        When a task was lost, by a worker that died, say.
    ScrypathError
        What a task itself raised, with a note that names the task.
    concurrent.futures.CancelledError
        When ``stopped`` is done.
    """
    running: dict[Future[Any], ReadTask] = {}
    try:
        for task in tasks:
            while len(running) >= IN_FLIGHT:
                _collect(executor, running, stopped)
            running[_submitted(executor, task)] = task
        while running:
            _collect(executor, running, stopped)
    finally:
        for future in running:
            future.cancel()


def _submitted(executor: Executor, task: ReadTask) -> Future[Any]:
    try:
        return executor.submit(task.run)
    except Exception as error:
        raise _lost(executor, task, error) from presentable(error)


def _collect(executor: Executor, running: dict[Future[Any], ReadTask], stopped: Future[None] | None) -> None:
    for future in first_done({*running} if stopped is None else {*running, stopped}):
        if future is stopped:
            raise CancelledError
        task = running.pop(future)
        try:
            found = future.result()
        except ScrypathError as error:
            error.add_note(f"It was raised while reading {task.name}.")
            raise
        except Exception as error:
            raise _lost(executor, task, error) from presentable(error)
        task.take(found)


def _lost(executor: Executor, task: ReadTask, error: Exception) -> PartFailed:
    reason = redact(str(error)).strip().partition("\n")[0]
    return PartFailed(
        f"On {type(executor).__name__}, {task.name} could not be read: "
        f"{type(error).__name__}{f': {reason}' if reason else ''}",
        hint="Look at the executor's workers and their logs, or compare without executor=.",
    )
