"""A search request: checked when it is made, frozen afterwards, and never wider than it says."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace
from inspect import signature
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

import scrypath
from scrypath.errors import InvalidOptions
from scrypath.local.engine.search.nodes import Condition
from scrypath.local.engine.search.parser import parse_text
from scrypath.query.request import PER_QUERY
from scrypath.query.values import quoted
from scrypath.schema import Faceting
from tests.support.schemas import build

TABLE = sa.Table(
    "notes",
    sa.MetaData(),
    sa.Column("id", sa.BigInteger, primary_key=True),
    sa.Column("title", sa.Text),
    sa.Column("stars", sa.BigInteger),
)
NOTE = build(
    TABLE,
    {
        "name": "Note",
        "fields": ["id", "title", "stars"],
        "filterable": ["title", "stars"],
        "sortable": ["stars"],
        "faceting": Faceting(attributes=["title"]),
    },
)
OWN_KEYS = {"q", "page", "hitsPerPage", "filter", "facets", "sort", *PER_QUERY.values()}

REFUSED: list[tuple[dict[str, Any], str]] = [
    ({"text": None}, "text is None"),
    ({"page": 0}, "no page 0"),
    ({"page": 1.0}, "page is 1.0"),
    ({"page": True}, "page is True"),
    ({"size": 0}, "size goes from 1 to 1000"),
    ({"size": 1001}, "size goes from 1 to 1000"),
    ({"page": 51}, "begins after hit 1000"),
    ({"page": 2, "size": 1000}, "begins after hit 1000"),
    ({"sort": ["stars"]}, "Write stars:asc or stars:desc"),
    ({"sort": ["stars:down"]}, "no direction"),
    ({"sort": ["title:asc"]}, "does not declare 'title' for sort"),
    ({"sort": "stars:asc"}, "must be a list"),
    ({"sort": ["_geoPoint(1,2):asc"]}, "does not declare '_geo' for sort"),
    ({"per_query": {"show_ranking_score": 1}}, "True or False"),
    ({"per_query": {"ranking_score_threshold": 2}}, "from 0 to 1"),
    ({"per_query": {"ranking_score_threshold": True}}, "from 0 to 1"),
    ({"per_query": {"matching_strategy": "all"}}, "scrypath.meilisearch.search"),
    ({"per_query": ["show_ranking_score"]}, "Give a mapping"),
    ({"filter": {"stars": 10**20}}, "cannot be"),
]


@pytest.mark.parametrize(("options", "said"), REFUSED, ids=str)
def test_what_cannot_be_meant_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(InvalidOptions, match=said) as caught:
        scrypath.SearchRequest(NOTE, **options)
    assert caught.value.hint


def test_a_request_is_frozen_through_and_through() -> None:
    mine = {"stars": {"in_": [1, 2]}}
    request = scrypath.SearchRequest(NOTE, "x", filter=mine, sort=["stars:asc"])
    body = request.body()
    mine["stars"]["in_"].append(3)
    assert request.body() == body
    with pytest.raises(FrozenInstanceError):
        request.text = "y"  # type: ignore[misc]
    with pytest.raises(TypeError):
        request.filter["stars"] = 1  # type: ignore[index]
    assert replace(request, page=2).body() == body | {"page": 2}
    assert request == scrypath.SearchRequest(NOTE, "x", filter={"stars": {"in_": [1, 2]}}, sort=["stars:asc"])


def test_the_body_holds_what_was_asked_for() -> None:
    request = scrypath.SearchRequest(
        NOTE,
        "paris",
        filter={"stars": {"gt": 1}},
        facet_filter={"title": ["a", "b"]},
        facets=["title"],
        sort=["stars:desc"],
        page=2,
        size=10,
        per_query={"ranking_score_threshold": 0.5, "show_ranking_score": True},
    )
    assert request.body() == {
        "q": "paris",
        "page": 2,
        "hitsPerPage": 10,
        "filter": '"stars" > 1 AND "title" IN ["a", "b"]',
        "facets": ["title"],
        "sort": ["stars:desc"],
        "rankingScoreThreshold": 0.5,
        "showRankingScore": True,
    }
    assert set(request.body()) <= OWN_KEYS


def test_the_servers_own_options_stay_behind_the_boundary() -> None:
    native = {
        "highlight",
        "crop",
        "vector",
        "hybrid",
        "matching_strategy",
        "attributes",
        "locales",
        "distinct",
        "body",
    }
    public = (
        scrypath.search,
        scrypath.search_within_facet,
        scrypath.search_facet_values,
        scrypath.SearchRequest,
    )
    for function in public:
        assert not [name for name in signature(function).parameters if any(word in name for word in native)]


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_text_gets_out_of_its_quotes(text: str) -> None:
    node = parse_text(f"{quoted('title')} = {quoted(text)}")
    assert isinstance(node, Condition)
    assert (node.field.text, node.operator, [value.text for value in node.values]) == ("title", "=", [text])


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_no_input_adds_a_condition(text: str) -> None:
    try:
        request = scrypath.SearchRequest(NOTE, filter={"title": text})
    except InvalidOptions:
        return
    expression = request.expression()
    assert expression is not None
    node = parse_text(expression)
    assert isinstance(node, Condition)
    assert node.field.text == "title"
    assert node.operator in ("=", "IS EMPTY")
