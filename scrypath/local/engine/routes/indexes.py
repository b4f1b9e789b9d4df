"""Indexes: list, create, look at, change, delete, swap."""

from __future__ import annotations

from typing import Any, Final

from scrypath.local.engine import deserr, names
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.tasks import Kind


def listing(call: Call) -> Reply:
    """Answer with a page of indexes."""
    params = call.params("offset", "limit")
    offset = params.unsigned("offset", "invalid_index_offset", 0)
    limit = params.unsigned("limit", "invalid_index_limit", 20)
    uids = [uid for uid in call.engine.indexes.names() if call.access.sees(uid)]
    results = list(call.engine.index_views(uids[offset : offset + limit]))
    return answer({"results": results, "offset": offset, "limit": limit, "total": len(uids)})


def _uid(value: Any, code: str, where: str) -> str:
    return names.index_uid(
        deserr.string(value, code, where), lambda text: deserr.value_error(code, where, text)
    )


def _key(body: dict[str, Any]) -> str | None:
    value = body.get("primaryKey")
    return None if value is None else deserr.string(value, "invalid_index_primary_key", ".primaryKey")


def create(call: Call) -> Reply:
    """Enqueue the creation of an index."""
    body = deserr.expect_object(call.json())
    uid: str | None = None
    for key in body:
        if key == "uid":
            uid = _uid(body[key], "invalid_index_uid", ".uid")
        elif key == "primaryKey":
            _key(body)
        else:
            raise deserr.unknown_field("bad_request", "", key, ("uid", "primaryKey"))
    if uid is None:
        raise ApiError("missing_index_uid", "Missing field `uid`")
    if not call.access.sees(uid):
        raise ApiError("invalid_api_key", "The provided API key is invalid.")
    task = call.engine.enqueue(Kind.INDEX_CREATION, uid, {"primaryKey": _key(body)})
    return answer(task.summary(), 202)


def look(call: Call) -> Reply:
    """Answer with one index."""
    return answer(call.engine.index_view(call.index_uid))


_IMMUTABLE: Final = {"createdAt": "created_at", "updatedAt": "updated_at"}


def change(call: Call) -> Reply:
    """Enqueue a new primary key or a new name."""
    body = deserr.expect_object(call.json())
    new_uid: str | None = None
    for key in body:
        if key == "primaryKey":
            _key(body)
        elif key == "uid":
            new_uid = None if body[key] is None else deserr.string(body[key], "invalid_index_uid", ".uid")
        elif key in _IMMUTABLE:
            message = f"Immutable field `{key}`: expected one of `primaryKey`, `uid`"
            raise ApiError(f"immutable_index_{_IMMUTABLE[key]}", message)
        else:
            raise deserr.unknown_field("bad_request", "", key, ("primaryKey", "uid"))
    uid = call.index_uid
    if new_uid is not None:
        names.index_uid(new_uid)
    content = {"primaryKey": _key(body), "newUid": new_uid, "oldUid": uid}
    return answer(call.engine.enqueue(Kind.INDEX_UPDATE, uid, content).summary(), 202)


def delete(call: Call) -> Reply:
    """Enqueue the deletion of an index."""
    return answer(call.engine.enqueue(Kind.INDEX_DELETION, call.index_uid, {}).summary(), 202)


def _swap(value: Any, where: str) -> dict[str, Any]:
    found = deserr.expect_object(value, "bad_request", where)
    code = "invalid_swap_indexes"
    swap: dict[str, Any] = {"indexes": None, "rename": False}
    for key in found:
        if key == "indexes":
            place = f"{where}.indexes"
            if not isinstance(found[key], list):
                raise deserr.type_error(code, place, deserr.ARRAY, found[key])
            swap[key] = [_uid(uid, code, f"{place}[{n}]") for n, uid in enumerate(found[key])]
        elif key == "rename":
            swap[key] = deserr.boolean(found[key], "invalid_swap_rename", f"{where}.rename")
        else:
            raise deserr.unknown_field("bad_request", where, key, ("indexes", "rename"))
    if swap["indexes"] is None:
        raise ApiError("missing_swap_indexes", f"Missing field `indexes` inside `{where}`")
    return swap


def swap(call: Call) -> Reply:
    """Enqueue swaps of indexes."""
    body = call.json()
    if not isinstance(body, list):
        raise deserr.type_error("bad_request", "", deserr.ARRAY, body)
    swaps = [_swap(value, f"[{n}]") for n, value in enumerate(body)]
    for one in swaps:
        uids = one["indexes"]
        if len(uids) != 2:
            listed = ", ".join(f'"{uid}"' for uid in uids)
            message = f"Two indexes must be given for each swap. The list `[{listed}]` contains {len(uids)} indexes."
            raise ApiError("invalid_swap_indexes", message)
        if not all(call.access.sees(uid) for uid in uids):
            raise ApiError("invalid_api_key", "The provided API key is invalid.")
    return answer(call.engine.swap(swaps).summary(), 202)


def compact(call: Call) -> Reply:
    """Enqueue the compaction of an index."""
    return answer(call.engine.enqueue(Kind.INDEX_COMPACTION, call.index_uid, {}).summary(), 202)


ROUTES: Final = (
    Route("GET", "/indexes", "indexes.get", listing),
    Route("POST", "/indexes", "indexes.create", create),
    Route("GET", "/indexes/{index_uid}", "indexes.get", look),
    Route("PATCH", "/indexes/{index_uid}", "indexes.update", change),
    Route("DELETE", "/indexes/{index_uid}", "indexes.delete", delete),
    Route("POST", "/indexes/{index_uid}/compact", "indexes.compact", compact),
    Route("POST", "/swap-indexes", "indexes.swap", swap),
)
