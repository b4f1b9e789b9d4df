"""Failures asked for over HTTP, on the loopback interface only."""

from __future__ import annotations

from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.hooks import Failure
from scrypath.local.engine.routes.call import Call, Reply, Route, answer

PREFIX: Final = "/_hooks"


def _body(call: Call, *accepted: str) -> dict[str, Any]:
    body = deserr.expect_object(call.json()) if call.body else {}
    deserr.known_keys(body, accepted)
    return body


def _count(body: dict[str, Any], default: int | None) -> int | None:
    value = body.get("count", default)
    return None if value is None else deserr.unsigned(value, "bad_request", ".count")


def _text(body: dict[str, Any], name: str) -> str | None:
    value = body.get(name)
    return None if value is None else deserr.string(value, "bad_request", f".{name}")


def state(call: Call) -> Reply:
    """Answer with what is in force."""
    return answer(call.engine.hooks.state())


def pause(call: Call) -> Reply:
    """Keep the worker from taking a new batch."""
    call.engine.hooks.pause()
    return answer({})


def resume(call: Call) -> Reply:
    """Let the worker go on."""
    call.engine.hooks.resume()
    call.engine.worker.wake()
    return answer({})


def fail_next(call: Call) -> Reply:
    """Let the next matching task fail."""
    body = _body(call, "code", "message", "count", "indexUid", "type")
    code = _text(body, "code")
    if code is None:
        raise ApiError("bad_request", "Missing field `code`")
    message = _text(body, "message") or f"Failed on demand with `{code}`."
    count = _count(body, 1)
    failure = Failure(
        code, message, 1 if count is None else count, _text(body, "indexUid"), _text(body, "type")
    )
    call.engine.hooks.fail_next(failure)
    return answer({})


def stall(call: Call) -> Reply:
    """Let the next task take longer."""
    seconds = _body(call, "seconds").get("seconds")
    if isinstance(seconds, bool) or not isinstance(seconds, (int, float)) or seconds < 0:
        raise deserr.type_error("bad_request", ".seconds", deserr.NUMBER, seconds)
    call.engine.hooks.stall(float(seconds))
    return answer({})


def respond(call: Call) -> Reply:
    """Let requests get a status instead of their answer."""
    body = _body(call, "status", "count")
    status = deserr.unsigned(body.get("status", 503), "bad_request", ".status", top=599)
    call.engine.hooks.respond(status, _count(body, None))
    return answer({})


def refuse(call: Call) -> Reply:
    """Let connections be closed without an answer."""
    call.engine.hooks.respond(None, _count(_body(call, "count"), None))
    return answer({})


def version(call: Call) -> Reply:
    """Let the engine say it is of another version."""
    call.engine.hooks.version = _text(_body(call, "pkgVersion"), "pkgVersion")
    return answer({})


def reset(call: Call) -> Reply:
    """Take everything back."""
    call.engine.hooks.reset()
    call.engine.worker.wake()
    return answer({})


ROUTES: Final = (
    Route("GET", PREFIX, None, state),
    Route("POST", f"{PREFIX}/pause", None, pause),
    Route("POST", f"{PREFIX}/resume", None, resume),
    Route("POST", f"{PREFIX}/fail-next", None, fail_next),
    Route("POST", f"{PREFIX}/stall", None, stall),
    Route("POST", f"{PREFIX}/respond", None, respond),
    Route("POST", f"{PREFIX}/refuse", None, refuse),
    Route("POST", f"{PREFIX}/version", None, version),
    Route("POST", f"{PREFIX}/reset", None, reset),
)
