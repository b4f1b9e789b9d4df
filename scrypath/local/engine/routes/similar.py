"""Similar documents, which take vectors: asked for in the right way, and refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from scrypath.local.engine import deserr
from scrypath.local.engine.checks import anything, snake
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route
from scrypath.local.engine.search.request import number

_READERS: Final[dict[str, Callable[[Any, str, str], Any]]] = {
    "id": anything,
    "offset": deserr.unsigned,
    "limit": deserr.unsigned,
    "filter": anything,
    "embedder": deserr.string,
    "attributesToRetrieve": deserr.strings,
    "retrieveVectors": deserr.boolean,
    "showRankingScore": deserr.boolean,
    "showRankingScoreDetails": deserr.boolean,
    "showPerformanceDetails": deserr.boolean,
    "rankingScoreThreshold": number,
}
_PARAMETERS: Final = (
    "id",
    "embedder",
    "offset",
    "limit",
    "attributesToRetrieve",
    "retrieveVectors",
    "filter",
    "showRankingScore",
    "showRankingScoreDetails",
    "showPerformanceDetails",
    "rankingScoreThreshold",
)
_NUMBERS: Final = ("offset", "limit")
_REQUIRED: Final = ("id", "embedder")


def _code(name: str) -> str:
    return f"invalid_similar_{snake(name)}"


def _refuse(call: Call, embedder: str) -> Reply:
    settings = call.engine.indexes.get(call.index_uid).facts().settings
    if embedder not in settings["embedders"]:
        raise ApiError("invalid_similar_embedder", f"Cannot find embedder with name `{embedder}`.")
    message = "The embedded engine does not support similar documents; use a Meilisearch server."
    raise ApiError("feature_not_enabled", message)


def by_body(call: Call) -> Reply:
    """Refuse to look for similar documents."""
    found = deserr.expect_object(call.json())
    for key, value in found.items():
        if key not in _READERS:
            raise deserr.unknown_field("bad_request", "", key, tuple(_READERS))
        if value is not None or key in _NUMBERS:
            _READERS[key](value, _code(key), f".{key}")
    for key in _REQUIRED:
        if key not in found:
            raise ApiError("bad_request", f"Missing field `{key}`")
    return _refuse(call, found["embedder"])


def by_parameters(call: Call) -> Reply:
    """Refuse to look for similar documents asked for in a query string."""
    params = call.params(*_PARAMETERS)
    for name in _NUMBERS:
        params.unsigned(name, _code(name), 0)
    for name in _REQUIRED:
        if name not in params:
            raise ApiError("bad_request", f"Missing parameter `{name}`")
    return _refuse(call, params.text("embedder") or "")


_PATH: Final = "/indexes/{index_uid}/similar"

ROUTES: Final = (
    Route("GET", _PATH, "search", by_parameters),
    Route("POST", _PATH, "search", by_body),
)
