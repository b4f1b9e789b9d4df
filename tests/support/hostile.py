"""Answers and values that nobody who means well would give, for tests that make up thousands of them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from tests.support.scripted_server import Answer

DIGITS = "9" * 5_000
DEEP = "[" * 5_000 + "]" * 5_000
HTML = b"<!doctype html><html><body><h1>502 Bad Gateway</h1><script>alert(1)</script></body></html>"

# What stands where something else is expected, in JSON.
ODD: tuple[Any, ...] = (
    None,
    True,
    -1,
    0,
    0.5,
    1e308,
    2**63,
    2**64 - 1,
    10**30,
    "",
    "abc",
    "\x1b[31m\u202e",
    "9" * 400,
    DIGITS,
    f"1.{DIGITS}.0",
    "P99999999999999999999D",
    "PT" + DIGITS + "S",
    "0000-00-00T00:00:00Z",
    "0001-01-01T00:00:00+23:59",
    "9999-12-31T23:59:59-23:59",
    [],
    {},
    [1, None],
    [[]],
    [{}],
    {"": None},
    {"uid": "abc"},
)


def odd_values() -> st.SearchStrategy[Any]:
    """Values of JSON, the odd ones first."""
    plain = (
        st.none()
        | st.booleans()
        | st.integers(-(2**70), 2**70)
        | st.floats(allow_nan=False)
        | st.text(max_size=12)
    )
    nested = st.recursive(
        plain,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
        max_leaves=6,
    )
    return st.sampled_from(ODD) | nested


@st.composite
def spoilt(draw: st.DrawFn, sound: Any) -> Any:
    """A sound answer with one to three of its parts replaced, removed or repeated."""
    answer = json.loads(json.dumps(sound))
    for _ in range(draw(st.integers(1, 3))):
        answer = _spoil(draw, answer)
    return answer


def _spoil(draw: st.DrawFn, value: Any) -> Any:
    deeper = isinstance(value, dict | list) and bool(value) and draw(st.integers(0, 3)) > 0
    if not deeper:
        return draw(odd_values())
    changed: Any = value.copy()
    if isinstance(changed, dict):
        name = draw(st.sampled_from(sorted(changed)))
        if draw(st.integers(0, 4)) == 0:
            del changed[name]
        else:
            changed[name] = _spoil(draw, changed[name])
        return changed
    place = draw(st.integers(0, len(changed) - 1))
    match draw(st.integers(0, 4)):
        case 0:
            del changed[place]
        case 1:
            changed.append(changed[place])
        case _:
            changed[place] = _spoil(draw, changed[place])
    return changed


_BODIES = (HTML, b"", DEEP.encode(), DIGITS.encode(), b"\xff\xfe", b"NaN", b'{"a":')


@st.composite
def answers(draw: st.DrawFn, sound: Any) -> Answer:
    """What a server, a proxy or a stranger may answer where an answer like ``sound`` is expected."""
    kind = draw(st.sampled_from(_KINDS))
    return kind(draw, sound)


def _spoilt(draw: st.DrawFn, sound: Any) -> Answer:
    return Answer(draw(spoilt(sound)))


def _any(draw: st.DrawFn, sound: Any) -> Answer:
    return Answer(draw(odd_values()), draw(st.sampled_from((200, 202, 204, 400, 500))))


def _cut(draw: st.DrawFn, sound: Any) -> Answer:
    body = json.dumps(sound).encode()
    return Answer(body[: draw(st.integers(0, len(body) - 1))])


def _short(draw: st.DrawFn, sound: Any) -> Answer:
    return Answer(
        json.dumps(sound).encode()[:-1], headers={"Connection": "close"}, missing=draw(st.integers(1, 99))
    )


def _bytes(draw: st.DrawFn, sound: Any) -> Answer:
    body = draw(
        st.sampled_from((HTML, b"", DEEP.encode(), DIGITS.encode(), b"\xff\xfe", b"NaN", b'{"a":'))
        | st.binary(max_size=60)
    )
    return Answer(body, draw(st.sampled_from((200, 202, 401, 404, 500, 502))))


def _redirect(draw: st.DrawFn, sound: Any) -> Answer:
    return Answer(
        HTML, draw(st.sampled_from((301, 302, 307, 308))), {"Location": "http://127.0.0.1:1/elsewhere"}
    )


def _compressed(draw: st.DrawFn, sound: Any) -> Answer:
    body = gzip.compress(json.dumps(sound).encode())
    cut = draw(st.integers(0, len(body)))
    return Answer(
        body[:cut], headers={"Content-Encoding": draw(st.sampled_from(("gzip", "deflate", "zstd", "br")))}
    )


def _refusal(draw: st.DrawFn, sound: Any) -> Answer:
    said = {"message": "No.", "code": "index_not_found", "type": "invalid_request", "link": ""}
    return Answer(draw(spoilt(said)), draw(st.sampled_from((400, 401, 403, 404, 413, 429, 500, 503))))


def _dropped(draw: st.DrawFn, sound: Any) -> Answer:
    return Answer(drop=True)


# As often as it stands here.
_KINDS: tuple[Callable[[st.DrawFn, Any], Answer], ...] = (
    *(_spoilt,) * 10,
    _any,
    _any,
    _cut,
    _short,
    _bytes,
    _redirect,
    _compressed,
    _refusal,
    _dropped,
)
