"""The server's tasks: one, many as columns, waiting for them, canceling and deleting them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import key_reach, waiting
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.shapes import count
from scrypath.meilisearch.task import FINISHED, UNFINISHED, Task, parse
from scrypath.meilisearch.task_columns import TASKS, columns
from scrypath.meilisearch.task_filters import named_filters, query, whole_number
from scrypath.meilisearch.wire import connect
from scrypath.reach import submit

__all__ = [
    "FINISHED",
    "TASKS",
    "UNFINISHED",
    "Task",
    "TaskPage",
    "cancel",
    "delete",
    "get",
    "listing",
    "wait",
    "wait_all",
]

_TAIL = re.compile(
    rb'"total":(?P<total>\d{1,18}),"limit":\d+,"from":(?:\d+|null),"next":(?P<next>\d{1,18}|null)\}\s*\Z'
)
PAGE = 5_000  # tasks in one read at most: while one page is parsed, the next is on its way


@dataclass(frozen=True, slots=True)
class TaskPage:
    """Tasks as a frame, newest first.

    Parameters
    ----------
    frame
        Schema ``TASKS``.
    total
        How many tasks the server says match. With ``index_uids`` it also counts tasks of no single index, so it may
        exceed what can be listed.
    truncated
        True: the limit cut the listing, and older tasks match too.
    """

    frame: pl.DataFrame
    total: int
    truncated: bool


def get(config: Config, uid: int) -> Task:
    """Read one task.

    Raises
    ------
    UnknownWork
        When the server has no such task, or no longer.
    """
    if count(uid) is None:
        raise InvalidOptions(f"{uid!r} cannot be the uid of a task.", hint="Give an integer, such as 17.")
    reply = connect(config).request("GET", f"/tasks/{uid}")
    return parse(reply.mapping(), reply)


def listing(
    config: Config,
    *,
    limit: int | None = None,
    reverse: bool = False,
    from_uid: int | None = None,
    uids: Sequence[int] | None = None,
    batch_uids: Sequence[int] | None = None,
    index_uids: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    canceled_by: Sequence[int] | None = None,
    before_enqueued_at: datetime | None = None,
    after_enqueued_at: datetime | None = None,
    before_started_at: datetime | None = None,
    after_started_at: datetime | None = None,
    before_finished_at: datetime | None = None,
    after_finished_at: datetime | None = None,
) -> TaskPage:
    """List tasks as columns.

    Parameters
    ----------
    limit
        Tasks at most; default: the configuration's ``history_limit``.
    reverse
        True: oldest first.
    from_uid
        The first uid of the listing, inclusive.
    uids, batch_uids, index_uids, statuses, types, canceled_by
        Only the tasks with one of these values; each narrows the listing.
    before_enqueued_at, after_enqueued_at, before_started_at, after_started_at, before_finished_at, after_finished_at
        Exclusive bounds, with their time zone.

    Returns
    -------
    TaskPage
        ``frame`` of schema ``TASKS``, ``total``, ``truncated``.

    Raises
    ------
    InvalidOptions
        For an unusable value; ``BackendRejected`` for a word that the server does not know.
    Unauthorised
        When the key may not list tasks, or does not reach one of ``index_uids``: the server would list none.
    """
    filters = named_filters(locals())
    most = config.history_limit if limit is None else limit
    whole_number("limit", most)
    if from_uid is not None:
        whole_number("from_uid", from_uid, least=0)
    params = query(filters) | {"reverse": True if reverse else None}
    size = min(PAGE, config.page_size)
    wire = connect(config)
    frames: list[pl.DataFrame] = []
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scrypath-tasks") as reader:

        def ask(cursor: int | None, portion: int) -> Future[Reply]:
            page = {"limit": portion, "from": cursor}
            return submit(reader, wire.request, "GET", "/tasks", params=params | page)

        portion = min(size, most)
        coming, left = ask(from_uid, portion), most - portion
        cursor: int | None = None
        while True:
            reply = coming.result()
            total, following = _tail(reply)
            if following is not None and cursor is not None and not _onward(cursor, following, reverse):
                raise reply.malformed()  # a listing that does not move would never end
            cursor = following
            portion = min(size, left)
            more = cursor is not None and portion > 0
            if more:  # asked for before this page is parsed, so that it arrives meanwhile
                coming, left = ask(cursor, portion), left - portion
            frames.append(columns(reply))
            if not more or not frames[-1].height:
                break
    frame = pl.concat(frames)
    if index_uids and not {*index_uids} <= {*frame["index_uid"]}:
        key_reach.require_reach(config, index_uids)
    return TaskPage(frame, total, cursor is not None)


def cancel(
    config: Config,
    *,
    uids: Sequence[int] | None = None,
    batch_uids: Sequence[int] | None = None,
    index_uids: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    canceled_by: Sequence[int] | None = None,
    before_enqueued_at: datetime | None = None,
    after_enqueued_at: datetime | None = None,
    before_started_at: datetime | None = None,
    after_started_at: datetime | None = None,
    before_finished_at: datetime | None = None,
    after_finished_at: datetime | None = None,
) -> int:
    """Enqueue the cancelation of the unfinished tasks that match, and return the uid of that task.

    Parameters
    ----------
    uids, …
        Filters as in :func:`listing`; at least one.

    Raises
    ------
    InvalidOptions
        Without any filter: no filter never means every task.
    """
    params = _explicit("cancel", named_filters(locals()))
    return connect(config).request("POST", "/tasks/cancel", params=params).task_uid()


def delete(
    config: Config,
    *,
    uids: Sequence[int] | None = None,
    batch_uids: Sequence[int] | None = None,
    index_uids: Sequence[str] | None = None,
    statuses: Sequence[str] | None = None,
    types: Sequence[str] | None = None,
    canceled_by: Sequence[int] | None = None,
    before_enqueued_at: datetime | None = None,
    after_enqueued_at: datetime | None = None,
    before_started_at: datetime | None = None,
    after_started_at: datetime | None = None,
    before_finished_at: datetime | None = None,
    after_finished_at: datetime | None = None,
) -> int:
    """Enqueue the deletion of the finished tasks that match from the history, and return the uid of that task.

    Parameters
    ----------
    uids, …
        Filters as in :func:`listing`; at least one.

    Raises
    ------
    InvalidOptions
        Without any filter: no filter never means every task.
    """
    params = _explicit("delete", named_filters(locals()))
    return connect(config).request("DELETE", "/tasks", params=params).task_uid()


def wait(config: Config, uid: int, *, timeout: float | None = None) -> Task:
    """Wait until a task is finished, and return it whether it succeeded or not.

    Parameters
    ----------
    timeout
        Seconds; default: the configuration's ``task_timeout``.

    Raises
    ------
    TaskTimeout
        When the wait ended first. The task may still finish.
    """
    return waiting.wait(config, uid, timeout=timeout)


def wait_all(
    config: Config,
    uids: Sequence[int],
    *,
    timeout: float | None = None,
    on_progress: Callable[[int, int], None] | None = None,
) -> list[Task]:
    """Wait until all tasks are finished, in few requests, and return them in the order asked for.

    Parameters
    ----------
    timeout
        Seconds for all of them together; default: the configuration's ``task_timeout``.
    on_progress
        Called with (finished, all) whenever more are finished.

    Raises
    ------
    TaskTimeout
        When the wait ended first. The tasks may still finish.
    UnknownWork
        When the server does not know one of them, or no longer.
    """
    return waiting.wait_all(config, uids, timeout=timeout, on_progress=on_progress)


def _explicit(verb: str, filters: Mapping[str, Any]) -> dict[str, Any]:
    params = query(filters)
    if not params:
        raise InvalidOptions(
            f"tasks.{verb} needs at least one filter.",
            hint=f"Name the tasks, as in tasks.{verb}(config, uids=[17]).",
        )
    return params


def _onward(cursor: int, following: int, reverse: bool) -> bool:
    return following > cursor if reverse else following < cursor


def _tail(reply: Reply) -> tuple[int, int | None]:
    found = _TAIL.search(reply.body[-160:])
    if found is not None:
        return int(found["total"]), None if found["next"] == b"null" else int(found["next"])
    return reply.count("total"), None if reply.mapping().get("next") is None else reply.count("next")
