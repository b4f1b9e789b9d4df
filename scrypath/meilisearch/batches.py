"""The server's batches: how it grouped tasks, and why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import orjson
import polars as pl

from scrypath.config import Config
from scrypath.frame_schema import COUNT, DURATION, TEXT, UTC, Column, FrameSchema
from scrypath.meilisearch.moments import duration, moment
from scrypath.meilisearch.shapes import count
from scrypath.meilisearch.task_filters import named_filters, query, whole_number
from scrypath.meilisearch.wire import connect

BATCHES = FrameSchema(
    "BATCHES",
    "One row per batch of the server, newest first.",
    (
        Column("uid", COUNT, "The batch's uid"),
        Column("task_count", COUNT, "Tasks in it", "tasks"),
        Column("statuses", TEXT, "Tasks per status, as JSON"),
        Column("types", TEXT, "Tasks per type, as JSON"),
        Column("index_uids", TEXT, "Tasks per index, as JSON"),
        Column("strategy", TEXT, "Why the server stopped adding tasks to it"),
        Column("progress", TEXT, "What it is doing now, as JSON; null unless it is being processed"),
        Column("details", TEXT, "What its tasks touch together, as JSON"),
        Column("stats", TEXT, "What the server measured, as JSON"),
        Column("started_at", UTC, "When it began", "UTC"),
        Column("finished_at", UTC, "When it ended", "UTC"),
        Column("duration", DURATION, "Time from start to end", "µs"),
    ),
)

PAGE = 1_000  # batches in one read


def listing(
    config: Config,
    *,
    limit: int = PAGE,
    reverse: bool = False,
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
) -> pl.DataFrame:
    """List batches, newest first.

    Parameters
    ----------
    limit
        Batches at most.
    reverse
        True: oldest first.
    uids, …
        Filters as in :func:`scrypath.meilisearch.tasks.listing`: batches with a task that matches.

    Returns
    -------
    polars.DataFrame
        Schema ``BATCHES``, at most ``limit`` rows.
    """
    filters = named_filters(locals())
    whole_number("limit", limit)
    params = query(filters) | {"reverse": True if reverse else None}
    rows: list[dict[str, Any]] = []
    cursor: int | None = None
    while len(rows) < limit:
        page = params | {"limit": min(PAGE, limit - len(rows)), "from": cursor}
        reply = connect(config).request("GET", "/batches", params=page)
        results, following = reply.mapping().get("results"), reply.mapping().get("next")
        if not isinstance(results, list):
            raise reply.malformed()
        rows.extend(_row(found if isinstance(found, dict) else {}) for found in results)
        if following is None or not results:
            break
        if count(following) is None or (cursor is not None and following == cursor):
            raise reply.malformed()  # a listing that does not move would never end
        cursor = following
    return BATCHES.rows(rows)


def get(config: Config, uid: int) -> dict[str, Any]:
    """Read one batch as the server describes it."""
    return (
        connect(config)
        .request("GET", f"/batches/{whole_number('The uid of a batch', uid, least=0)}")
        .mapping()
    )


def _row(found: dict[str, Any]) -> dict[str, Any]:
    stats = found.get("stats")
    stats = stats if isinstance(stats, dict) else {}
    strategy = found.get("batchStrategy")
    return {
        "uid": count(found.get("uid")),
        "task_count": count(stats.get("totalNbTasks")),
        "statuses": _json(stats.get("status")),
        "types": _json(stats.get("types")),
        "index_uids": _json(stats.get("indexUids")),
        "strategy": strategy if isinstance(strategy, str) else None,
        "progress": _json(found.get("progress")),
        "details": _json(found.get("details")),
        "stats": _json(stats),
        "started_at": moment(found.get("startedAt")),
        "finished_at": moment(found.get("finishedAt")),
        "duration": duration(found.get("duration")),
    }


def _json(value: Any) -> str | None:
    return None if value is None else orjson.dumps(value).decode()
