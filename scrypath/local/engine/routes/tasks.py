"""Tasks and batches: listed, looked at, canceled, deleted."""

from __future__ import annotations

from typing import Final

from scrypath.local.engine import query
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.tasks import Kind


def _number(text: str, noun: str, code: str) -> int:
    if not (text.isascii() and text.isdigit()) or int(text) > query.UID_TOP:
        raise ApiError(code, f"{noun} uid `{text}` is invalid. It should only contain numeric characters.")
    return int(text)


def tasks(call: Call) -> Reply:
    """Answer with a page of tasks."""
    asked = call.asked(query.parse, *query.LISTED)
    return Reply(call.engine.queue.list(asked, call.visible).encode())


def task(call: Call) -> Reply:
    """Answer with one task."""
    uid = _number(call.path["task_uid"], "Task", "invalid_task_uids")
    return Reply(call.engine.queue.get(uid, call.visible).encode())


def _choose(call: Call, kind: Kind, verb: str) -> Reply:
    asked = call.asked(query.parse, *query.CHOSEN)
    query.require_filters(call.params(*query.CHOSEN), verb)
    return answer(call.engine.enqueue_choice(kind, call.query, asked, call.visible).summary())


def cancel(call: Call) -> Reply:
    """Enqueue the cancelation of tasks."""
    return _choose(call, Kind.TASK_CANCELATION, "cancel")


def delete(call: Call) -> Reply:
    """Enqueue the deletion of tasks."""
    return _choose(call, Kind.TASK_DELETION, "delete")


def batches(call: Call) -> Reply:
    """Answer with a page of batches."""
    asked = call.asked(query.parse, *query.LISTED)
    return answer(call.engine.queue.list_batches(asked, call.visible))


def batch(call: Call) -> Reply:
    """Answer with one batch."""
    uid = _number(call.path["batch_uid"], "Batch", "invalid_batch_uids")
    return answer(call.engine.queue.get_batch(uid, call.visible))


ROUTES: Final = (
    Route("GET", "/tasks", "tasks.get", tasks),
    Route("DELETE", "/tasks", "tasks.delete", delete),
    Route("POST", "/tasks/cancel", "tasks.cancel", cancel),
    Route("GET", "/tasks/{task_uid}", "tasks.get", task),
    Route("GET", "/batches", "tasks.get", batches),
    Route("GET", "/batches/{batch_uid}", "tasks.get", batch),
)
