"""Waiting for tasks: polls that grow further apart, few requests for many tasks."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence

from scrypath import telemetry
from scrypath.config import Config
from scrypath.errors import TaskTimeout, UnknownWork
from scrypath.meilisearch.task import Task, parse
from scrypath.meilisearch.task_filters import whole_number
from scrypath.meilisearch.wire import connect
from scrypath.schema.identity import several

FIRST_PAUSE = 0.005  # seconds
LONGEST_PAUSE = 0.5  # seconds
GROWTH = 1.6
CHUNK = 400  # uids in one request: their digits must fit into a URL


def wait(config: Config, uid: int, *, timeout: float | None = None) -> Task:
    """Wait until one task is finished."""
    return wait_all(config, [uid], timeout=timeout)[0]


def wait_all(
    config: Config,
    uids: Sequence[int],
    *,
    timeout: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Task]:
    """Wait until every task is finished; see ``tasks.wait_all``."""
    uids = [whole_number("The uid of a task", uid, least=0) for uid in several("uids", uids)]
    wanted = sorted(set(uids))
    finished: dict[int, Task] = {}
    limit = config.task_timeout if timeout is None else timeout
    deadline = time.monotonic() + limit
    with telemetry.span("scrypath.meilisearch.task_wait", backend="meilisearch"):
        # The server works through its queue in order: when the oldest are done, most of the next are as well.
        for start in range(0, len(wanted), CHUNK):
            left = wanted[start : start + CHUNK]
            for pause in _pauses():
                found = {task.uid: task for task in _read(config, left)}
                if lost := [uid for uid in left if uid not in found]:
                    raise UnknownWork(
                        f"The server has no task {lost[0]}.",
                        hint="It was deleted, or the key may not see its index: look in failure_history().",
                    )
                done = {uid: task for uid, task in found.items() if task.finished}
                finished |= done
                left = [uid for uid in left if uid not in done]
                if on_progress is not None and done:
                    on_progress(len(finished), len(wanted))
                if not left:
                    break
                remaining = deadline - time.monotonic()
                if remaining <= 0:
                    raise TaskTimeout(
                        f"Task {left[0]} is {found[left[0]].status} after {limit:g} s of waiting"
                        f" ({len(finished)} of {len(wanted)} finished).",
                        hint=f"It may still finish: read it again with tasks.get(config, {left[0]}).",
                        task_uid=left[0],
                    )
                time.sleep(min(pause, remaining))
    return [finished[uid] for uid in uids]


def _pauses() -> Iterator[float]:
    pause = FIRST_PAUSE
    while True:
        yield pause
        pause = min(pause * GROWTH, LONGEST_PAUSE)


def _read(config: Config, uids: Sequence[int]) -> list[Task]:
    reply = connect(config).request("GET", "/tasks", params={"uids": uids, "limit": len(uids)})
    return [parse(found, reply) for found in reply.objects("results")]
