"""The fingerprint that a document carries never shows in a search, whatever is asked for, and never matches one."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import orjson
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import BackendRejected
from scrypath.meilisearch import documents
from scrypath.meilisearch.raw import facet_search, multi_search, search
from scrypath.meilisearch.wire import connect
from scrypath.schema import FINGERPRINT_FIELD as FIELD
from scrypath.schema import registry

pytestmark = pytest.mark.integration

EVERY_WISH: dict[str, Any] = {
    "attributesToRetrieve": ["*", FIELD],
    "attributesToHighlight": ["*", FIELD],
    "attributesToCrop": ["*", f"{FIELD}:2"],
    "showMatchesPosition": True,
    "showRankingScore": True,
    "showRankingScoreDetails": True,
    "matchingStrategy": "last",
}
SHOWING: list[dict[str, Any]] = [
    {},
    {"attributesToRetrieve": ["*"]},
    {"attributesToRetrieve": [FIELD]},
    {"attributesToRetrieve": ["id", FIELD]},
    {"attributesToHighlight": ["*"]},
    {"attributesToHighlight": [FIELD]},
    {"attributesToCrop": ["*"], "cropLength": 1},
    {"attributesToCrop": [f"{FIELD}:1"]},
    {"showMatchesPosition": True},
    {"showRankingScoreDetails": True},
    {"facets": ["*"]},
    {"page": 1, "hitsPerPage": 3, "attributesToRetrieve": ["*"]},
    EVERY_WISH,
]
REFUSED_OR_NOTHING: list[dict[str, Any]] = [
    {"attributesToSearchOn": [FIELD]},
    {"facets": [FIELD]},
    {"filter": f"{FIELD} EXISTS"},
    {"filter": f"{FIELD} = 'MARK'"},
    {"filter": [[f"{FIELD} = 'MARK'", f"NOT {FIELD} = 'MARK'"]]},
    {"sort": [f"{FIELD}:asc"]},
    {"distinct": FIELD},
]


class Hidden:
    """An index, and what one of its documents is marked with."""

    def __init__(self, config: Config) -> None:
        self.config = config
        self.index = registry.find("Product").index_name(config)
        found = documents.get_many(config, self.index, [str(number) for number in range(1, 21)])
        self.marks = [str(document[FIELD]) for document in found]
        assert all(len(mark) == 24 for mark in self.marks)  # the documents routes return it: we read it there

    @property
    def mark(self) -> str:
        return self.marks[0]

    def assert_unseen(self, answer: Any) -> None:
        told = orjson.dumps(answer).decode()
        assert FIELD not in told
        assert not [mark for mark in self.marks if mark in told]

    def asked(self, act: Callable[..., dict[str, Any]], *arguments: Any) -> dict[str, Any] | None:
        """What a request brings; None when it is refused, in words that tell no other mark than was asked for."""
        try:
            return act(self.config, *arguments)
        except BackendRejected as error:
            told = str(error)
        return None if not [mark for mark in self.marks[1:] if mark in told] else {"hits": [told]}


@pytest.fixture
def hidden(config: Config, products: list[str]) -> Hidden:
    return Hidden(config)


def test_no_search_shows_it(hidden: Hidden) -> None:
    texts = {"": True, "Product": True, hidden.mark: False, f'"{hidden.mark}"': False}
    for body, (text, found) in product(SHOWING, texts.items()):
        answer = search(hidden.config, hidden.index, {**body, "q": text})
        assert bool(answer["hits"]) is found, (body, text)
        answer.pop("query")
        hidden.assert_unseen(answer)


def test_nothing_can_be_found_counted_or_ordered_by_it(hidden: Hidden) -> None:
    for body, text in product(REFUSED_OR_NOTHING, (hidden.mark, "")):
        asked = orjson.loads(orjson.dumps({**body, "q": text}).replace(b"MARK", hidden.mark.encode()))
        answer = hidden.asked(search, hidden.index, asked)
        assert answer is None or not answer["hits"], (body, text)


def test_a_part_of_it_matches_nothing(hidden: Hidden) -> None:
    for text in (hidden.mark[:20], hidden.mark[4:], hidden.mark.upper(), f"{hidden.mark}x", FIELD):
        for strategy in ("last", "all", "frequency"):
            body = {"q": text, "matchingStrategy": strategy, "attributesToHighlight": ["*"]}
            assert search(hidden.config, hidden.index, body)["hits"] == []


def test_no_facet_holds_it(hidden: Hidden) -> None:
    assert hidden.asked(facet_search, hidden.index, {"facetName": FIELD}) is None
    counted = facet_search(hidden.config, hidden.index, {"facetName": "brand_id", "facetQuery": hidden.mark})
    assert counted["facetHits"] == []


def test_no_search_of_several_indexes_shows_it(hidden: Hidden) -> None:
    query = {"indexUid": hidden.index, **EVERY_WISH}
    by_index = {"facetsByIndex": {hidden.index: ["brand_id"]}, "mergeFacets": {}}
    for federation, text in product((None, {}, by_index), ("", "Product", hidden.mark)):
        body: dict[str, Any] = {"queries": [{**query, "q": text}] * 2}
        if federation is not None:
            body["federation"] = federation
        answer = multi_search(hidden.config, body)
        results = answer.get("results", [])
        for result in results:
            result.pop("query")
        hidden.assert_unseen(answer)
        hits = answer.get("hits", [hit for result in results for hit in result["hits"]])
        assert bool(hits) is (text != hidden.mark)
    body["federation"] = {"facetsByIndex": {hidden.index: [FIELD]}}
    assert hidden.asked(multi_search, body) is None


def test_no_search_by_address_shows_it(hidden: Hidden) -> None:
    wishes = {
        "q": "Product",
        "attributesToRetrieve": "*",
        "attributesToHighlight": "*",
        "attributesToCrop": "*",
    }
    wire, route = connect(hidden.config), f"/indexes/{hidden.index}/search"
    hidden.assert_unseen(wire.request("GET", route, params=wishes).mapping())
    asked = wishes | {"attributesToRetrieve": f"id,{FIELD}", "showMatchesPosition": "true"}
    hidden.assert_unseen(wire.request("GET", route, params=asked).mapping())


def test_the_kits_own_search_does_not_show_it(hidden: Hidden) -> None:
    found = scrypath.search("Product", "Product", config=hidden.config)
    assert found.total == 20
    assert FIELD not in found.hits.columns
    assert scrypath.search("Product", hidden.mark, config=hidden.config).total == 0
