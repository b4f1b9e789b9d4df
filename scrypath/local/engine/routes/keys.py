"""API keys: listed, made, looked at, renamed, deleted."""

from __future__ import annotations

from typing import Final

from scrypath.local.engine import keys
from scrypath.local.engine.routes.call import Call, Reply, Route, answer


def listing(call: Call) -> Reply:
    """Answer with a page of keys."""
    params = call.params("offset", "limit")
    offset = params.unsigned("offset", "invalid_api_key_offset", 0)
    limit = params.unsigned("limit", "invalid_api_key_limit", 20)
    found = call.engine.keys.all()
    results = [call.engine.keys.view(key) for key in found[offset : offset + limit]]
    return answer({"results": results, "offset": offset, "limit": limit, "total": len(found)})


def create(call: Call) -> Reply:
    """Make a key."""
    key = keys.parse(call.json())
    call.engine.keys.create(key)
    return answer(call.engine.keys.view(key), 201)


def look(call: Call) -> Reply:
    """Answer with one key."""
    return answer(call.engine.keys.view(call.engine.keys.get(call.path["key"])))


def change(call: Call) -> Reply:
    """Rename or describe a key."""
    return answer(call.engine.keys.view(call.engine.keys.change(call.path["key"], call.json())))


def delete(call: Call) -> Reply:
    """Remove a key."""
    call.engine.keys.delete(call.path["key"])
    return Reply(status=204)


ROUTES: Final = (
    Route("GET", "/keys", "keys.get", listing),
    Route("POST", "/keys", "keys.create", create),
    Route("GET", "/keys/{key}", "keys.get", look),
    Route("PATCH", "/keys/{key}", "keys.update", change),
    Route("DELETE", "/keys/{key}", "keys.delete", delete),
)
