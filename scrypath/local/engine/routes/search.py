"""Searches: one index, several, or the values of a facet."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

from scrypath.local.engine.checks import snake
from scrypath.local.engine.deserr import Params
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.payload import loads
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.routes.documents import split_sort
from scrypath.local.engine.search import facet_search, query, request
from scrypath.local.engine.search.multi import multi_search

PARAMETERS: Final = (
    "q",
    "offset",
    "limit",
    "page",
    "hitsPerPage",
    "attributesToRetrieve",
    "attributesToCrop",
    "cropLength",
    "cropMarker",
    "attributesToHighlight",
    "highlightPreTag",
    "highlightPostTag",
    "showMatchesPosition",
    "filter",
    "sort",
    "distinct",
    "facets",
    "matchingStrategy",
    "attributesToSearchOn",
    "rankingScoreThreshold",
    "locales",
    "hybridEmbedder",
    "hybridSemanticRatio",
    "vector",
    "retrieveVectors",
    "personalizeUserContext",
    "useNetwork",
    "showRankingScore",
    "showRankingScoreDetails",
    "showPerformanceDetails",
)
_NUMBERS: Final = ("offset", "limit", "page", "hitsPerPage", "cropLength")
_FLAGS: Final = (
    "showMatchesPosition",
    "showRankingScore",
    "showRankingScoreDetails",
    "showPerformanceDetails",
    "retrieveVectors",
    "useNetwork",
)
_LISTS: Final = (
    "attributesToRetrieve",
    "attributesToCrop",
    "attributesToHighlight",
    "facets",
    "attributesToSearchOn",
    "locales",
)


def _code(name: str) -> str:
    return f"invalid_search_{snake(name)}"


def _filter(text: str) -> Any:
    """Return a filter of a query string, which may be JSON."""
    try:
        value = loads(text)
    except ValueError:
        return text
    return value if isinstance(value, (str, list)) else text


def _number(params: Params, name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        expected = "expected a float between `0.0` and `1.0`."
        raise params.invalid(name, _code(name), f"the value of `{name}` is invalid, {expected}") from None


def body_of(params: Params) -> dict[str, Any]:
    """Return the body that asks for what the parameters of a GET search ask for."""
    body: dict[str, Any] = {}
    for name in PARAMETERS:
        text = params.text(name)
        if text is None:
            continue
        if name in _NUMBERS:
            body[name] = params.unsigned(name, _code(name), 0)
        elif name in _FLAGS:
            body[name] = params.boolean(name, _code(name))
        elif name in _LISTS:
            body[name] = text.split(",")
        elif name == "sort":
            body[name] = split_sort(text)
        elif name == "filter":
            body[name] = _filter(text)
        elif name == "rankingScoreThreshold":
            body[name] = _number(params, name, text)
        elif name == "vector":
            body[name] = _vector(params, text)
        elif name == "personalizeUserContext":
            body["personalize"] = {"userContext": text}
        elif name == "hybridSemanticRatio":
            _ratio(params, text)
        elif name != "hybridEmbedder":
            body[name] = text
    return body


_HYBRID: Final = ("hybridEmbedder", "hybridSemanticRatio")


def _vector(params: Params, text: str) -> list[float]:
    try:
        return [float(part) for part in text.split(",")]
    except ValueError:
        raise params.invalid("vector", "invalid_search_vector", "invalid float literal") from None


def _hybrid(params: Params, body: dict[str, Any]) -> dict[str, Any]:
    """Return the hybrid part of a body that parameters ask for, nothing when they do not."""
    embedder, ratio = (params.text(name) for name in _HYBRID)
    chosen: dict[str, Any] = {"embedder": embedder}
    if ratio is not None:
        chosen["semanticRatio"] = _ratio(params, ratio)
        if embedder is None:
            message = "`hybridEmbedder` is mandatory when `hybridSemanticRatio` is present"
            raise ApiError("invalid_search_hybrid_query", message)
    if embedder is None and "vector" in body:
        raise ApiError("missing_search_hybrid", "`hybridEmbedder` is mandatory when `vector` is present")
    return {} if embedder is None else {"hybrid": chosen}


def _ratio(params: Params, text: str) -> float:
    try:
        ratio = float(text)
    except ValueError:
        ratio = -1.0
    if not 0 <= ratio <= 1:
        reason = "the value of `semanticRatio` is invalid, expected a float between `0.0` and `1.0`."
        raise params.invalid("hybridSemanticRatio", "invalid_search_semantic_ratio", reason)
    return ratio


def _narrowed(call: Call, uid: str, body: Any) -> Any:
    """Return a search body with the filter that a tenant token imposes."""
    rule = call.access.filter(uid)
    if rule is None or not isinstance(body, dict):
        return body
    asked = body.get("filter")
    rules = rule if isinstance(rule, list) else [rule]
    if asked is None:
        return {**body, "filter": rule}
    return {**body, "filter": [*asked, *rules] if isinstance(asked, list) else [asked, *rules]}


def _search(call: Call, body: Any) -> Reply:
    asked, _ = request.read(_narrowed(call, call.path["index_uid"], body))
    uid = call.index_uid
    query.parsed_filter(asked, serialised=False)
    with call.engine.indexes.get(uid).read() as (conn, facts):
        return answer(query.answer(conn, facts.settings, asked, uid=uid))


def by_body(call: Call) -> Reply:
    """Answer a search."""
    return _search(call, call.json())


def by_parameters(call: Call) -> Reply:
    """Answer a search asked for in a query string."""
    body = call.asked(body_of, *PARAMETERS)
    return _search(call, body | _hybrid(call.params(*PARAMETERS), body))


def of_facet(call: Call) -> Reply:
    """Answer a search among the values of a facet."""
    asked = facet_search.read(_narrowed(call, call.path["index_uid"], call.json()))
    with call.engine.indexes.get(call.index_uid).read() as (conn, facts):
        return answer(facet_search.answer(conn, facts.settings, asked))


@contextmanager
def _opened(call: Call, uid: str) -> Iterator[tuple[sqlite3.Connection, dict[str, Any], str | None]]:
    with call.engine.indexes.get(uid).read() as (conn, facts):
        yield conn, facts.settings, facts.primary_key


def several(call: Call) -> Reply:
    """Answer several searches at once."""
    body = call.json()
    queries = body.get("queries") if isinstance(body, dict) else None
    if isinstance(queries, list):
        narrowed = []
        for n, query in enumerate(queries):
            uid = query.get("indexUid") if isinstance(query, dict) else None
            if isinstance(uid, str) and not call.access.sees(uid):
                raise ApiError("invalid_api_key", f"Inside `.queries[{n}]`: The provided API key is invalid.")
            narrowed.append(_narrowed(call, uid, query) if isinstance(uid, str) else query)
        body = {**body, "queries": narrowed}
    open_index: Callable[[str], Any] = lambda uid: _opened(call, uid)  # noqa: E731
    try:
        return answer(multi_search(open_index, body))
    except ApiError as error:
        return answer(error.body(), 400)


ROUTES: Final = (
    Route("GET", "/indexes/{index_uid}/search", "search", by_parameters),
    Route("POST", "/indexes/{index_uid}/search", "search", by_body),
    Route("POST", "/indexes/{index_uid}/facet-search", "search", of_facet),
    Route("POST", "/multi-search", "search", several),
)
