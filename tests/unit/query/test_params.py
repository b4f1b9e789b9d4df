"""Parameters of web requests: typed and bounded, errors by parameter, and back to the same query string."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

import scrypath
from scrypath import QueryParams
from scrypath.errors import InvalidOptions, InvalidParams
from scrypath.query.typed_text import condition
from tests.support.articles import articles, tenanted

ARTICLE = articles()
TENANTED = tenanted()


def parse(given: Any, **options: Any) -> QueryParams:
    return QueryParams.parse(ARTICLE, given, **options)


def test_every_kind_of_value_is_typed() -> None:
    params = parse(
        {
            "q": "blue river",
            "filter[stars][gte]": "2",
            "filter[price][lt]": "9.5",
            "filter[published]": "true",
            "filter[at][gt]": "2026-01-01T00:00:00+01:00",
            "filter[day]": ["2026-01-01", "2026-02-01"],
            "filter[token]": "00000000-0000-0000-0000-00000000000A",
            "filter[colour]": "RED",
            "filter[tags]": "new",
            "filter[label][is_null]": "false",
            "filter[_geo][radius]": "47.4, 8.5,1000",
            "filter[id]": "",
            "facet[stars]": ["1", "2"],
            "facet[categories.lvl1]": "Books > Old",
            "sort": "-stars,price:asc,_geoPoint(47.4,8.5):asc",
            "page": "2",
            "size": "50",
        }
    )
    assert params.errors == {}
    assert params.filter == {
        "stars": {"gte": 2},
        "price": {"lt": 9.5},
        "published": {"eq": True},
        "at": {"gt": datetime.fromisoformat("2026-01-01T00:00:00+01:00")},
        "day": {"in_": (date(2026, 1, 1), date(2026, 2, 1))},
        "token": {"eq": UUID(int=10)},
        "colour": {"eq": "RED"},
        "tags": {"eq": "new"},
        "label": {"is_null": False},
        "_geo": {"radius": [47.4, 8.5, 1000.0]},
    }
    assert params.facet_filter == {"stars": (1, 2), "categories.lvl1": ("Books > Old",)}
    assert params.sort == ("stars:desc", "price:asc", "_geoPoint(47.4, 8.5):asc")
    assert (params.text, params.page, params.size) == ("blue river", 2, 50)
    assert parse(params.query_string()) == params
    request = params.request(facets=["stars"])
    assert (request.page, request.size, request.facets) == (2, 50, ("stars",))


WRONG = {
    "filter[stars]": ("many", "Give a whole number"),
    "filter[price][lt]": ("1_0", "Give a number"),
    "filter[published]": ("maybe", "true or false"),
    "filter[at]": ("yesterday", "a point in time"),
    "filter[day]": ("2026-02-30", "a date"),
    "filter[token]": ("x", "a UUID"),
    "filter[title]": ("x", "There is no filter 'title'"),
    "filter[stars][in_]": ("1", "There is no operator 'in_'"),
    "filter[stars][like]": ("1", "There is no operator 'like'"),
    "filter[label]": (" ", "trims"),
    "filter[_geo]": ("1,2,3", "There is no operator 'eq'"),
    "filter[_geo][radius]": ("1,2", "radius is in metres"),
    "filter[_geo][box]": ("1,2,3", "north-east"),
    "filter[stars][gte]": (["1", "2"], "more than once"),
    "filter[id]": (str(2**60), "cannot distinguish"),
    "facet[price]": ("1", "There is no facet 'price'"),
    "facet[stars]": ("x", "Give a whole number"),
    "facet[tags][ne]": ("new", "There is no facet"),
    "sort": ("title:down", "no direction"),
    "page": ("0", "from 1"),
    "size": ("101", "from 1 to 100"),
    "q": ("x" * 501, "longer than 500"),
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_wrong_is_said_beside_its_parameter(name: str) -> None:
    value, said = WRONG[name]
    params = parse({name: value, "filter[colour]": "BLUE"})
    assert list(params.errors) == [name]
    assert said in params.errors[name]
    assert not params.ok
    assert params.filter == {"colour": {"eq": "BLUE"}}  # what is right is kept
    assert params.given[name] == tuple([value] if isinstance(value, str) else value)
    with pytest.raises(InvalidParams) as caught:
        params.request()
    assert caught.value.errors == params.errors


def test_pages_past_the_last_hit_that_is_shown_are_an_error() -> None:
    assert "begins after hit 1000" in parse("page=100").errors["page"]


def test_others_parameters_are_left_alone() -> None:
    params = parse("utm_source=mail&q=x&filters=1")
    assert (params.ignored, params.errors, params.text) == (("utm_source", "filters"), {}, "x")


def test_a_tenant_is_never_taken_from_a_request() -> None:
    for name in ("filter[tenant]", "facet[tenant]", "filter[tenant][ne]"):
        params = QueryParams.parse(TENANTED, {name: "bolt"})
        assert list(params.errors) == [name]
    open_to_all = QueryParams.parse(TENANTED, {"filter[tenant]": "bolt"}, filterable=["tenant", "stars"])
    assert not open_to_all.ok
    with pytest.raises(InvalidOptions, match="needs a filter by its tenant"):
        QueryParams.parse(TENANTED, "q=x").request().body()


def test_only_the_filters_that_are_opened_may_be_used() -> None:
    assert parse("filter[stars]=1", filterable=["stars"]).ok
    assert not parse("filter[price]=1", filterable=["stars"]).ok


class Multi(dict[str, list[str]]):
    """As Werkzeug and Django have it."""

    def lists(self) -> Any:
        return self.items()


def test_every_framework_s_mapping_is_read() -> None:
    from starlette.datastructures import QueryParams as StarletteParams

    text = "facet[stars]=1&facet[stars]=2&q=x"
    expected = parse(text)
    assert expected.facet_filter == {"stars": (1, 2)}
    assert parse(StarletteParams(text)) == expected
    assert parse(Multi({"facet[stars]": ["1", "2"], "q": ["x"]})) == expected
    assert parse([("facet[stars]", "1"), ("facet[stars]", "2"), ("q", "x")]) == expected
    assert parse("?" + text) == expected
    assert "more than 200" in parse([("x", "1")] * 201).errors[""]


def test_links_to_other_pages_and_choices() -> None:
    params = parse("q=x&page=3&facet[stars]=1")
    assert params.at(4).query_string() == "q=x&facet%5Bstars%5D=1&page=4"
    assert params.toggled("stars", 2).query_string() == "q=x&facet%5Bstars%5D=1&facet%5Bstars%5D=2"
    assert params.toggled("stars", "1").query_string() == "q=x"
    assert params.toggled("tags", "new").facet_filter == {"stars": (1,), "tags": ("new",)}


NAMES = st.sampled_from(
    [*WRONG, "filter[day][lt]", "facet[colour]", "facet[tags]", "filter[tags]", "filter[ratio]"]
)
TEXTS = st.text(max_size=12) | st.sampled_from(
    ["1", "true", "2026-01-01", "RED", "new", "-5.5", "null", "1e3", "47,8,9"]
)


@given(st.lists(st.tuples(NAMES | st.text(max_size=20), TEXTS), max_size=8))
def test_whatever_comes_is_read_and_what_is_read_round_trips(pairs: list[tuple[str, str]]) -> None:
    params = parse(pairs)
    assert set(params.errors) <= {*dict(pairs), ""}
    if params.ok:
        body = params.request().body()
        again = parse(params.query_string())
        assert again == params
        assert again.request().body() == body
        assert parse(urlencode(params.pairs())).query_string() == params.query_string()


CONDITIONS = {
    "stars>3": ("stars", {"gt": 3}),
    "stars >= 3": ("stars", {"gte": 3}),
    "price<9.5": ("price", {"lt": 9.5}),
    "colour!=RED": ("colour", {"ne": "RED"}),
    "colour=RED,BLUE": ("colour", {"in_": ["RED", "BLUE"]}),
    "label:eq=a,b": ("label", {"eq": "a,b"}),
    "stars=null": ("stars", {"eq": None}),
    "label:exists=true": ("label", {"exists": True}),
    "stars:in_=1,2": ("stars", {"in_": [1, 2]}),
    "label=a=b": ("label", {"eq": "a=b"}),
    "_geo:radius=47.4,8.5,10": ("_geo", {"radius": [47.4, 8.5, 10.0]}),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_of_a_command_line_is_read(text: str) -> None:
    assert condition(ARTICLE, text) == CONDITIONS[text]
    name, operators = CONDITIONS[text]
    scrypath.SearchRequest(ARTICLE, filter={name: operators})


def test_what_is_no_condition_is_refused() -> None:
    for text in ("stars", "", ">3", "stars 3"):
        with pytest.raises(InvalidOptions, match="is not a condition"):
            condition(ARTICLE, text)
