"""Fragments make one request: nothing widens what is fixed, and who disagrees is named."""

from __future__ import annotations

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath import Composition, QueryParams
from scrypath.errors import InvalidOptions, InvalidParams
from tests.support.articles import articles, tenanted

ARTICLE = articles()
TENANTED = tenanted()


def test_fragments_hold_together() -> None:
    composed = (
        Composition(
            ARTICLE,
            defaults={"sort": ["stars:desc"], "filter": {"published": True, "price": {"lte": 5}}, "size": 10},
            fixed={"filter": {"colour": "RED"}, "facets": ["tags"]},
        )
        .add(
            QueryParams.parse(ARTICLE, "q=river&filter[price][lt]=9&facet[tags]=new&facet[tags]=rare&page=2")
        )
        .add(
            {
                "filter": {"price": {"gte": 1}, "or_": [{"stars": 1}, {"stars": 2}]},
                "facets": ["stars", "tags"],
            }
        )
        .add({"filter": {"not_": {"label": "x"}}, "facet_filter": {"tags": ["new", "rare"]}}, name="third")
    )
    request = composed.request()
    assert request.text == "river"
    assert request.filter == {
        "colour": {"eq": "RED"},
        "price": {"lt": 9.0, "gte": 1},
        "and_": ({"or_": ({"stars": 1}, {"stars": 2})}, {"not_": {"label": "x"}}),
        "published": True,
    }
    assert request.facet_filter == {"tags": ("new", "rare")}
    assert (request.facets, request.sort, request.page, request.size) == (
        ("tags", "stars"),
        ("stars:desc",),
        2,
        10,
    )


CONFLICTS: list[tuple[dict[str, Any], dict[str, Any], str]] = [
    ({"text": "a"}, {"text": "b"}, "disagree on text: 'a' and 'b'"),
    ({"filter": {"stars": 1}}, {"filter": {"stars": 2}}, "disagree on filter 'stars'"),
    ({"filter": {"stars": {"gt": 1}}}, {"filter": {"stars": {"gt": 2}}}, "{'gt': 1} and {'gt': 2}"),
    ({"facet_filter": {"tags": ["a"]}}, {"facet_filter": {"tags": ["b"]}}, "disagree on facet_filter 'tags'"),
    ({"sort": ["stars:asc"]}, {"sort": ["stars:desc"]}, "disagree on sort"),
    ({"page": 2}, {"page": 3}, "disagree on page: 2 and 3"),
    ({"size": 5}, {"size": 6}, "disagree on size"),
    (
        {"per_query": {"show_ranking_score": True}},
        {"per_query": {"show_ranking_score": False}},
        "show_ranking_score",
    ),
]


@pytest.mark.parametrize(("one", "other", "said"), CONFLICTS)
def test_who_disagrees_is_named(one: dict[str, Any], other: dict[str, Any], said: str) -> None:
    composed = Composition(ARTICLE).add(one, name="form").add(other, name="page")
    with pytest.raises(InvalidOptions) as caught:
        composed.request()
    assert said in caught.value.message
    assert caught.value.message.startswith("'form' and 'page'")
    fixed = Composition(ARTICLE, fixed=one).add(other, name="page")
    with pytest.raises(InvalidOptions, match="'fixed' and 'page' disagree"):
        fixed.request()
    alike = Composition(ARTICLE, fixed=one).add(one)
    alike.request()


def test_what_is_no_fragment_is_refused() -> None:
    with pytest.raises(InvalidOptions, match="fixed has no option 'filters'"):
        Composition(ARTICLE, fixed={"filters": {}})
    with pytest.raises(InvalidOptions, match="filter of fragment 1 is 'stars'"):
        Composition(ARTICLE).add({"filter": "stars"})
    with pytest.raises(InvalidOptions, match="fragment 1 is 3"):
        Composition(ARTICLE).add(3)  # type: ignore[arg-type]
    with pytest.raises(InvalidParams):
        Composition(ARTICLE).add(QueryParams.parse(ARTICLE, "page=x"))


def test_the_tenant_is_asked_of_what_the_fragments_make_together() -> None:
    composed = Composition(TENANTED, fixed={"filter": {"tenant": "acme"}})
    assert composed.add({"text": "x"}).request().tenants() == {"acme"}
    with pytest.raises(InvalidOptions, match="needs a filter by its tenant"):
        Composition(TENANTED).add({"filter": {"or_": [{"tenant": "acme"}]}}).request().body()
    with pytest.raises(InvalidOptions, match="disagree on filter 'tenant'"):
        composed.add({"filter": {"tenant": "bolt"}}).request()
    with pytest.raises(InvalidOptions, match="needs a filter by its tenant"):
        Composition(TENANTED).add({"filter": {"tenant": {"ne": "bolt"}}}).request().body()
    wider = composed.add({"filter": {"or_": [{"tenant": "bolt"}, {"stars": 1}]}}).request()
    assert wider.tenants() == {"acme"}
    assert wider.body()["filter"].startswith('"tenant" = "acme" AND ')


FILTERS = st.dictionaries(
    st.sampled_from(["stars", "price", "id"]),
    st.dictionaries(st.sampled_from(["gt", "lte", "ne"]), st.integers(0, 2), min_size=1),
)
FRAGMENTS = st.fixed_dictionaries(
    {},
    optional={
        "filter": FILTERS,
        "facet_filter": st.dictionaries(st.sampled_from(["tags", "label"]), st.just(["a"])),
        "text": st.sampled_from(["", "x"]),
        "size": st.just(7),
    },
)


@given(FRAGMENTS, FRAGMENTS, st.lists(FRAGMENTS, max_size=4), st.randoms())
def test_the_order_of_fragments_changes_nothing_and_defaults_never_win(
    defaults: dict[str, Any], fixed: dict[str, Any], fragments: list[dict[str, Any]], chance: random.Random
) -> None:
    def made(given: list[dict[str, Any]]) -> Any:
        composed = Composition(ARTICLE, defaults=defaults, fixed=fixed)
        for fragment in given:
            composed = composed.add(fragment)
        try:
            return composed.request()
        except InvalidOptions:
            return None

    shuffled = chance.sample(fragments, len(fragments))
    one, other = made(fragments), made(shuffled)
    assert (one is None) == (other is None)
    said: dict[tuple[str, str], set[int]] = {}
    for part in (fixed, *fragments):
        for name, operators in part.get("filter", {}).items():
            for operator, value in operators.items():
                said.setdefault((name, operator), set()).add(value)
    assert (one is None) == any(len(values) > 1 for values in said.values())
    if one is None:
        return
    assert one.filter == other.filter
    for (name, operator), values in said.items():
        assert one.filter[name][operator] in values
    for name, operators in defaults.get("filter", {}).items():
        if name not in {field for field, _ in said}:
            assert one.filter[name] == operators
        else:
            assert {(name, operator) for operator in one.filter[name]} <= set(said)
