"""The filters of the task and batch lists, from query string to SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scrypath.local.engine import clock
from scrypath.local.engine.deserr import Params, dumps
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.names import index_uid
from scrypath.local.engine.tasks import GLOBAL_KINDS, Kind, Status

CURSORS: Final = ("limit", "from", "reverse")
SHARED: Final = (
    "canceledBy",
    "types",
    "statuses",
    "indexUids",
    "afterEnqueuedAt",
    "beforeEnqueuedAt",
    "afterStartedAt",
    "beforeStartedAt",
    "afterFinishedAt",
    "beforeFinishedAt",
)
LISTED: Final = (*CURSORS, "batchUids", "uids", *SHARED)
CHOSEN: Final = ("uids", "batchUids", *SHARED)

UID_TOP: Final = 2**32 - 1

type Visible = Callable[[str], bool] | None
type Bounds = tuple[int | None, int | None]
type Clause = tuple[str, list[Any]]


@dataclass(frozen=True, slots=True)
class Query:
    """What a client asked of a list; None means every task.

    Bounds are exclusive, in nanoseconds: (after, before).
    """

    limit: int = 20
    start: int | None = None
    reverse: bool = False
    batch_uids: Sequence[int] | None = None
    uids: Sequence[int] | None = None
    canceled_by: Sequence[int] | None = None
    types: Sequence[Kind] | None = None
    statuses: Sequence[Status] | None = None
    index_uids: Sequence[str] | None = None
    enqueued: Bounds = (None, None)
    started: Bounds = (None, None)
    finished: Bounds = (None, None)

    def without_page(self) -> Query:
        """Return the same filters without cursor."""
        return replace(self, start=None)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _word[T: (Kind, Status)](
    params: Params, name: str, of: type[T], noun: str, plural: str
) -> list[T] | None:
    lower = {member.value.lower(): member for member in of}

    def read(text: str, label: str) -> T:
        if text.lower() in lower:
            return lower[text.lower()]
        available = ", ".join(f"`{member}`" for member in of)
        message = f"`{text}` is not a valid task {noun}. Available {plural} are {available}."
        raise params.invalid(label, f"invalid_task_{name}", message)

    return params.each(name, read)


def _numbers(params: Params, name: str, code: str) -> list[int] | None:
    def read(text: str, label: str) -> int:
        digits = text.removeprefix("+")
        if not (digits.isascii() and digits.isdigit()) or int(digits) > UID_TOP:
            raise params.invalid(label, code, f"could not parse `{text}` as a positive integer")
        return int(digits)

    return params.each(name, read)


def _bounds(params: Params, moment: str) -> Bounds:
    def bound(name: str, *, after: bool) -> int | None:
        text = params.text(name)
        if text is None or text == "*":
            return None
        found = clock.date_bound(text, after=after)
        if found is None:
            message = f"`{text}` is an invalid date-time. It should follow the YYYY-MM-DD or RFC 3339 date-time format."
            raise params.invalid(name, f"invalid_task_{_snake(name)}", message)
        return found

    return bound(f"after{moment}", after=True), bound(f"before{moment}", after=False)


def parse(params: Params) -> Query:
    """Return the query of a list, a cancelation or a deletion."""

    def index(text: str, label: str) -> str:
        return index_uid(text, lambda message: params.invalid(label, "invalid_index_uid", message))

    return Query(
        limit=params.unsigned("limit", "invalid_task_limit", 20, top=UID_TOP),
        start=params.unsigned("from", "invalid_task_from", 0, top=UID_TOP) if "from" in params else None,
        reverse=params.boolean("reverse", "invalid_task_reverse"),
        batch_uids=_numbers(params, "batchUids", "invalid_batch_uids"),
        uids=_numbers(params, "uids", "invalid_task_uids"),
        canceled_by=_numbers(params, "canceledBy", "invalid_task_canceled_by"),
        types=_word(params, "types", Kind, "type", "types"),
        statuses=_word(params, "statuses", Status, "status", "statuses"),
        index_uids=params.each("indexUids", index),
        enqueued=_bounds(params, "EnqueuedAt"),
        started=_bounds(params, "StartedAt"),
        finished=_bounds(params, "FinishedAt"),
    )


def _among(column: str, values: Collection[Any]) -> Clause:
    return f"{column} IN (SELECT value FROM json_each(?))", [dumps(list(values))]


def _between(column: str, bounds: Bounds) -> list[Clause]:
    after, before = bounds
    clauses: list[Clause] = []
    if after is not None:
        clauses.append((f"{column} > ?", [after]))
    if before is not None:
        clauses.append((f"{column} < ?", [before]))
    return clauses


def _inside(moment: int, bounds: Bounds) -> bool:
    after, before = bounds
    return (after is None or moment > after) and (before is None or moment < before)


def _either(left: Clause, right: Clause) -> Clause:
    return f"({left[0]} OR {right[0]})", [*left[1], *right[1]]


def _join(clauses: Sequence[Clause]) -> Clause:
    sql = " AND ".join(clause for clause, _ in clauses) or "1"
    return sql, [value for _, values in clauses for value in values]


def _from(query: Query) -> list[Clause]:
    if query.start is None:
        return []
    return [(f"uid {'>=' if query.reverse else '<='} ?", [query.start])]


def task_clause(query: Query, batch: int | None, busy: Collection[int], started_at: int | None) -> Clause:
    """Return the SQL condition for the tasks a query means.

    Parameters
    ----------
    query
        The filters.
    batch, busy, started_at
        The batch at work, its tasks and its start (nanoseconds): the stored rows still say enqueued.
    """
    at_work = _among("uid", busy)
    clauses = _from(query)
    if query.uids is not None:
        clauses.append(_among("uid", query.uids))
    if query.batch_uids is not None:
        stored = _among("batch_uid", query.batch_uids)
        clauses.append(_either(stored, at_work) if batch in query.batch_uids else stored)
    if query.statuses is not None:
        stored = _among("status", query.statuses)
        if Status.PROCESSING in query.statuses:
            clauses.append(_either(stored, at_work))
        else:
            clauses += [stored, (f"NOT {at_work[0]}", at_work[1])]
    if query.canceled_by is not None:
        clauses.append(_among("canceled_by", query.canceled_by))
    if query.types is not None:
        clauses.append(_among("type", query.types))
    if query.index_uids is not None:
        marks, names = _among("index_uid", query.index_uids)
        swaps = f"uid IN (SELECT task_uid FROM swap_members WHERE {marks})"
        clauses.append(_either((marks, names), (swaps, names)))
    if query.started != (None, None):
        stored_start = _join(_between("started_at", query.started))
        inside = started_at is not None and _inside(started_at, query.started)
        clauses.append(_either(stored_start, at_work) if inside else stored_start)
    clauses += _between("enqueued_at", query.enqueued)
    clauses += _between("finished_at", query.finished)
    return _join(clauses)


def shown(query: Query, index_uid: str | None, kind: str, visible: Visible) -> bool:
    """Return whether a task that a query means is shown to the caller.

    A filter on indexes, or a key limited to some, leaves out what belongs to no single index: after the
    tasks were counted and cut to a page.
    """
    if query.index_uids is None and visible is None:
        return True
    if kind in GLOBAL_KINDS:
        return False
    return visible is None or (index_uid is not None and visible(index_uid))


def batch_clause(query: Query) -> Clause:
    """Return the SQL condition for the finished batches a query means."""
    clauses = _from(query)
    if query.batch_uids is not None:
        clauses.append(_among("uid", query.batch_uids))
    if query.uids is not None:
        marks, uids = _among("uid", query.uids)
        clauses.append((f"uid IN (SELECT batch_uid FROM tasks WHERE {marks})", uids))
    if query.canceled_by is not None:
        marks, uids = _among("uid", query.canceled_by)
        done = f"type = '{Kind.TASK_CANCELATION}' AND status = '{Status.SUCCEEDED}'"
        clauses.append((f"uid IN (SELECT batch_uid FROM tasks WHERE {marks} AND {done})", uids))
    for values, column, source in (
        (query.statuses, "key", "stats, '$.status'"),
        (query.types, "key", "stats, '$.types'"),
        (query.index_uids, "value", "indexes"),
    ):
        if values is not None:
            wanted = "SELECT value FROM json_each(?)"
            sql = f"EXISTS (SELECT 1 FROM json_each({source}) AS held WHERE held.{column} IN ({wanted}))"
            clauses.append((sql, [dumps(list(values))]))
    if query.enqueued != (None, None):
        oldest, latest = (_join(_between(column, query.enqueued)) for column in ("oldest", "latest"))
        clauses.append(_either(oldest, latest))
    clauses += _between("started_at", query.started)
    clauses += _between("finished_at", query.finished)
    return _join(clauses)


def covers(query: Query, uid: int, tasks: Collection[Any], started_at: int) -> bool:
    """Return whether the batch at work is one a query means."""
    if query.start is not None and (uid < query.start if query.reverse else uid > query.start):
        return False
    tests: list[tuple[Collection[Any] | None, Callable[[Any], bool]]] = [
        (query.batch_uids, lambda wanted: wanted == uid),
        (query.uids, lambda _: False),
        (query.canceled_by, lambda _: False),
        (query.statuses, lambda wanted: wanted is Status.PROCESSING),
        (query.types, lambda wanted: any(task.type is wanted for task in tasks)),
        (query.index_uids, lambda wanted: any(wanted in task.indexes() for task in tasks)),
    ]
    if any(values is not None and not any(map(test, values)) for values, test in tests):
        return False
    moments = [task.enqueued_at for task in tasks]
    ends = [min(moments), max(moments)] if moments else []
    if query.enqueued != (None, None) and not any(_inside(moment, query.enqueued) for moment in ends):
        return False
    return _inside(started_at, query.started) and query.finished == (None, None)


def require_filters(params: Params, verb: str) -> None:
    """Refuse a cancelation or deletion that names no filter."""
    if len(params):
        return
    raise ApiError(
        "missing_task_filters",
        f"Query parameters to filter the tasks to {verb} are missing. Available query parameters are: `uids`,"
        " `indexUids`, `statuses`, `types`, `canceledBy`, `beforeEnqueuedAt`, `afterEnqueuedAt`,"
        " `beforeStartedAt`, `afterStartedAt`, `beforeFinishedAt`, `afterFinishedAt`.",
    )
