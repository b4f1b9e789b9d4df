from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search.multi import multi_search

FILTERS = {"filterableAttributes": ["brand", "price"], "sortableAttributes": ["price"]}


@pytest.fixture
def ask(make_index: Callable[..., Any]) -> Callable[..., dict[str, Any]]:
    indexes = {
        "products": make_index(
            [
                {"id": 1, "t": "oak chair", "brand": "Ostra", "price": 3},
                {"id": 2, "t": "a chair of oak", "brand": "Kestrel", "price": 1},
            ],
            **FILTERS,
        ),
        "makers": make_index([{"id": 1, "n": "Oak & Sons", "brand": "Ostra", "price": 2}], **FILTERS),
    }

    @contextmanager
    def open_index(uid: str) -> Iterator[Any]:
        if uid not in indexes:
            raise ApiError("index_not_found", f"Index `{uid}` not found.")
        yield indexes[uid].conn, indexes[uid].settings, "id"

    return lambda **body: multi_search(open_index, body)


def found(reply: dict[str, Any]) -> list[tuple[str, int]]:
    return [(hit["_federation"]["indexUid"], hit["id"]) for hit in reply["hits"]]


def test_searches_side_by_side(ask: Any) -> None:
    results = ask(queries=[{"indexUid": "products", "q": "oak"}, {"indexUid": "makers", "q": "zzz"}])[
        "results"
    ]
    assert [(result["indexUid"], len(result["hits"])) for result in results] == [
        ("products", 2),
        ("makers", 0),
    ]
    assert results[0]["requestUid"] == results[1]["requestUid"]
    assert ask(queries=[]) == {"results": []}


def test_merged_by_score_then_by_the_order_of_the_queries(ask: Any) -> None:
    queries: list[dict[str, Any]] = [{"indexUid": uid, "q": "oak"} for uid in ("products", "makers")]
    reply = ask(federation={}, queries=queries)
    assert found(reply) == [("products", 1), ("makers", 1), ("products", 2)]
    assert reply["estimatedTotalHits"] == 3
    queries[0]["federationOptions"] = {"weight": 0.1}
    assert found(ask(federation={}, queries=queries))[0] == ("makers", 1)
    assert found(ask(federation={"limit": 1, "offset": 1}, queries=queries)) == [("products", 1)]
    assert ask(federation={"hitsPerPage": 2}, queries=queries)["totalPages"] == 2


def test_merged_by_the_same_sort(ask: Any) -> None:
    queries: list[dict[str, Any]] = [
        {"indexUid": uid, "sort": ["price:asc"]} for uid in ("products", "makers")
    ]
    assert found(ask(federation={}, queries=queries)) == [("products", 2), ("makers", 1), ("products", 1)]
    queries[1]["sort"] = ["price:desc"]
    with pytest.raises(ApiError, match="cannot compare two sort rules in opposite directions"):
        ask(federation={}, queries=queries)


def test_one_document_found_twice_is_shown_once(ask: Any) -> None:
    queries = [
        {"indexUid": "products", "q": "oak"},
        {"indexUid": "products", "q": "oak", "filter": "price = 1"},
    ]
    reply = ask(federation={}, queries=queries)
    assert found(reply) == [("products", 1), ("products", 2)]
    assert reply["estimatedTotalHits"] == 2


def test_distinct_over_all_indexes(ask: Any) -> None:
    queries = [{"indexUid": uid, "q": "oak"} for uid in ("products", "makers")]
    reply = ask(federation={"distinct": "brand"}, queries=queries)
    assert found(reply) == [("products", 1), ("products", 2)]
    assert reply["estimatedTotalHits"] == 2


def test_facets_by_index_and_merged(ask: Any) -> None:
    queries = [{"indexUid": uid, "q": "oak"} for uid in ("products", "makers")]
    by_index = {"products": ["brand"], "makers": ["brand", "price"]}
    reply = ask(federation={"facetsByIndex": by_index}, queries=queries)
    assert reply["facetsByIndex"]["makers"]["stats"] == {"price": {"min": 2.0, "max": 2.0}}
    merged = ask(federation={"facetsByIndex": by_index, "mergeFacets": {}}, queries=queries)
    assert merged["facetDistribution"]["brand"] == {"Kestrel": 1, "Ostra": 2}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({}, "bad_request", "Missing field `queries`"),
        ({"queries": {}}, "bad_request", "Invalid value type at `.queries`: expected an array"),
        ({"queries": [{}]}, "missing_index_uid", "Missing field `indexUid` inside `.queries[0]`"),
        ({"queries": [{"indexUid": "no"}]}, "index_not_found", "Inside `.queries[0]`: Index `no` not found."),
        ({"queries": [{"indexUid": "a b"}]}, "invalid_index_uid", "`a b` is not a valid index uid."),
        (
            {"queries": [{"indexUid": "makers", "nope": 1}]},
            "bad_request",
            "Unknown field `nope` inside `.queries[0]`: expected one of `indexUid`, `q`",
        ),
        (
            {"queries": [{"indexUid": "makers", "federationOptions": {"weight": 1}}]},
            "invalid_multi_search_federation_options",
            "Using `federationOptions` is not allowed in a non-federated search.",
        ),
        (
            {"federation": {}, "queries": [{"indexUid": "makers", "limit": 1}]},
            "invalid_multi_search_query_pagination",
            "Hint: remove `limit` from the query",
        ),
        (
            {"federation": {}, "queries": [{"indexUid": "makers", "facets": ["brand"]}]},
            "invalid_multi_search_query_facets",
            'pass `federation.facetsByIndex.makers: ["brand"]`',
        ),
        (
            {"federation": {"facetsByIndex": {"makers": ["n"]}}, "queries": [{"indexUid": "makers"}]},
            "invalid_search_facets",
            "Inside `.queries[0]`: Inside `.federation.facetsByIndex.makers`: Invalid facet distribution",
        ),
        (
            {"federation": {"facetsByIndex": {"no": ["n"]}}, "queries": []},
            "index_not_found",
            "Note: index `no` is not used in queries",
        ),
        (
            {"federation": {}, "queries": [{"indexUid": "makers", "federationOptions": {"remote": "x"}}]},
            "feature_not_enabled",
            "requires enabling the `network` experimental feature",
        ),
        (
            {"federation": {"nope": 1}, "queries": []},
            "bad_request",
            "Unknown field `nope` inside `.federation`",
        ),
    ],
)
def test_bad_requests_are_refused(ask: Any, body: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        ask(**body)
    assert caught.value.code == code
    assert message in caught.value.message
