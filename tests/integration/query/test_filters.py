"""Filters against a search server: they select the rows that Python would, and nothing gets out of a value."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import multi_search
from scrypath.query.values import folded
from scrypath.source.engine import engine
from tests.support import articles
from tests.support.articles import Colour

pytestmark = pytest.mark.integration
type Rows = list[Mapping[str, Any]]
type Test = Callable[[Mapping[str, Any]], bool]
Search = Callable[[Mapping[str, Any]], set[int]]
MOMENT = datetime(2026, 2, 1, tzinfo=UTC)


@pytest.fixture
def selected(filled: Config, article: scrypath.SearchSchema) -> Search:
    """Ids of the articles that a filter selects."""
    return lambda given: {
        int(key) for key in scrypath.search(article, filter=given, size=1000, config=filled).ids
    }


def having(rows: Rows, test: Test) -> set[int]:
    return {row["id"] for row in rows if test(row)}


CASES: dict[str, tuple[Mapping[str, Any], Test]] = {
    "a number": ({"stars": 3}, lambda row: row["stars"] == 3),
    "none": ({"stars": None}, lambda row: row["stars"] is None),
    "not none": ({"stars": {"ne": None}}, lambda row: row["stars"] is not None),
    "is_null": ({"price": {"is_null": True}}, lambda row: row["price"] is None),
    "is not null": ({"price": {"is_null": False}}, lambda row: row["price"] is not None),
    "exists": ({"price": {"exists": True}}, lambda row: True),
    "ne counts nulls in": ({"stars": {"ne": 3}}, lambda row: row["stars"] != 3),
    "a range": (
        {"price": {"gte": Decimal("20.00"), "lt": Decimal("60.50")}},
        lambda row: row["price"] is not None and 20 <= row["price"] < Decimal("60.50"),
    ),
    "gt and lte": (
        {"stars": {"gt": 1, "lte": 4}},
        lambda row: row["stars"] is not None and 1 < row["stars"] <= 4,
    ),
    "one of several": ({"stars": {"in_": [1, 5]}}, lambda row: row["stars"] in (1, 5)),
    "one of several, null": ({"stars": {"in_": {1, None}}}, lambda row: row["stars"] in (1, None)),
    "an enum": ({"colour": Colour.BLUE}, lambda row: row["colour"] is Colour.BLUE),
    "enums": (
        {"colour": {"in_": [Colour.BLUE, Colour.RED]}},
        lambda row: row["colour"] in (Colour.BLUE, Colour.RED),
    ),
    "a boolean": ({"published": True}, lambda row: row["published"]),
    "a boolean, not": ({"published": {"ne": True}}, lambda row: not row["published"]),
    "a moment": ({"at": {"gte": MOMENT}}, lambda row: row["at"] >= MOMENT),
    "a moment elsewhere": (
        {"at": {"lt": datetime.fromisoformat("2026-02-01T02:00:00+02:00")}},
        lambda row: row["at"] < MOMENT,
    ),
    "a day": ({"day": {"gt": date(2026, 5, 1)}}, lambda row: row["day"] > date(2026, 5, 1)),
    "a tiny number": ({"ratio": 5e-324}, lambda row: row["ratio"] == 5e-324),
    "a huge number": (
        {"ratio": {"gte": 1e300}},
        lambda row: row["ratio"] is not None and row["ratio"] >= 1e300,
    ),
    "zero with either sign": ({"ratio": 0.0}, lambda row: row["ratio"] == 0),
    "no zero": ({"ratio": {"ne": -0.0}}, lambda row: row["ratio"] != 0),
    "more than zero": ({"ratio": {"gt": 0.0}}, lambda row: row["ratio"] is not None and row["ratio"] > 0),
    "zero or more": ({"ratio": {"gte": -0.0}}, lambda row: row["ratio"] is not None and row["ratio"] >= 0),
    "zero or less": ({"ratio": {"lte": 0.0}}, lambda row: row["ratio"] is not None and row["ratio"] <= 0),
    "zero or one": ({"ratio": {"in_": [0.0, 0.1]}}, lambda row: row["ratio"] in (0, 0.1)),
    "an empty text": ({"label": ""}, lambda row: row["label"] == ""),
    "no empty text": ({"label": {"ne": ""}}, lambda row: row["label"] != ""),
    "empty or plain": ({"label": {"in_": ["", "plain"]}}, lambda row: row["label"] in ("", "plain")),
    "quotes": ({"label": 'with "quotes"'}, lambda row: row["label"] == 'with "quotes"'),
    "backslashes": (
        {"label": {"in_": ["ends with \\", "back\\slash"]}},
        lambda row: "\\" in (row["label"] or ""),
    ),
    "letters of any case": ({"label": "ZÜRICH"}, lambda row: row["label"] == "Zürich"),
    "an item of a list": ({"tags": "sale"}, lambda row: "sale" in row["tags"]),
    "a level": ({"categories.lvl1": "Books > Old"}, lambda row: row["categories"]["lvl1"] == "Books > Old"),
    "or": (
        {"or_": [{"stars": 5}, {"price": {"lt": 10}, "published": True}]},
        lambda row: (
            row["stars"] == 5 or (row["price"] is not None and row["price"] < 10 and row["published"])
        ),
    ),
    "not": (
        {"not_": {"stars": {"gte": 3}, "published": True}},
        lambda row: not (row["stars"] is not None and row["stars"] >= 3 and row["published"]),
    ),
    "groups in groups": (
        {"published": True, "and_": [{"or_": [{"stars": 1}, {"stars": 2}]}, {"not_": {"tags": "rare"}}]},
        lambda row: row["published"] and row["stars"] in (1, 2) and "rare" not in row["tags"],
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_a_filter_selects_the_rows_that_it_says(case: str, selected: Search, rows: Rows) -> None:
    given, test = CASES[case]
    expected = having(rows, test)
    assert expected, "a case that selects nothing proves nothing"
    assert selected(given) == expected


def test_every_stored_value_is_found_again(selected: Search, rows: Rows) -> None:
    for field in ("stars", "price", "ratio", "colour", "published", "at", "day", "token", "label"):
        for value in {row[field] for row in rows[:40]}:
            assert selected({field: value}) == having(rows, lambda row: row[field] == value), (field, value)  # noqa: B023


def test_places(selected: Search, rows: Rows) -> None:
    def metres(row: Mapping[str, Any]) -> float:
        there, here = math.radians(row["latitude"]), math.radians(47.5)
        east, north = math.radians(row["longitude"] - 8.5), there - here
        inner = math.sin(north / 2) ** 2 + math.cos(here) * math.cos(there) * math.sin(east / 2) ** 2
        return 2 * 6_371_000 * math.asin(math.sqrt(inner))

    near = selected({"_geo": {"radius": (47.5, 8.5, 20_000)}})
    assert (
        having(rows, lambda row: metres(row) < 19_800)
        <= near
        <= having(rows, lambda row: metres(row) < 20_200)
    )
    boxed = selected({"_geo": {"box": ((47.6, 8.7), (47.4, 8.3))}})
    assert boxed == having(
        rows, lambda row: 47.4 <= row["latitude"] <= 47.6 and 8.3 <= row["longitude"] <= 8.7
    )


REFUSED: dict[str, tuple[Any, str]] = {
    "undeclared": ({"title": "x"}, "cannot|does not declare 'title' for filterable"),
    "misspelt": ({"star": 1}, "Did you mean 'stars'?"),
    "operator": ({"stars": {"like": 1}}, "no operator 'like'"),
    "no operator": ({"stars": {}}, "Give an operator"),
    "empty list": ({"stars": {"in_": []}}, "empty list"),
    "text as list": ({"label": {"in_": "plain"}}, "Give a list"),
    "list as value": ({"stars": [1, 2]}, "in_"),
    "text in a number": ({"stars": "3"}, "'stars' .integer. cannot be '3'"),
    "number in a text": ({"label": 3}, "'label' .text. cannot be 3"),
    "half a star": ({"stars": 2.5}, "cannot be 2.5"),
    "not a number": ({"ratio": math.nan}, "cannot be nan"),
    "beyond doubles": ({"stars": 2**53 + 1}, "cannot distinguish 9007199254740993"),
    "blanks": ({"label": " "}, "trims"),
    "long": ({"label": "ä" * 400}, "1200 bytes|468"),
    "order of booleans": ({"published": {"gt": False}}, "has no order"),
    "order of null": ({"stars": {"gt": None}}, "has no order"),
    "exists": ({"stars": {"exists": 1}}, "True or False"),
    "a group of nothing": ({"or_": []}, "list of filters"),
    "a group with nothing in it": ({"or_": [{}]}, "empty"),
    "nothing is not": ({"not_": {}}, "not_"),
    "a mapping as group": ({"or_": {"stars": 1}}, "list of filters"),
    "not a mapping": ("stars = 1", "Give a mapping"),
    "a place on no map": ({"_geo": {"radius": (91, 0, 10)}}, "-90 to 90"),
    "a box upside down": ({"_geo": {"box": ((47.0, 8.0), (48.0, 7.0))}}, "north-east"),
    "a place compared": ({"_geo": {"eq": 1}}, "radius"),
    "too deep": ((deep := {"stars": 1}) and [deep := {"not_": deep} for _ in range(30)][-1], "flatter"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_meant_is_refused(case: str, article: scrypath.SearchSchema) -> None:
    given, said = REFUSED[case]
    with pytest.raises(InvalidOptions, match=said) as caught:
        scrypath.SearchRequest(article, filter=given)
    assert caught.value.hint


# A text that is stored as it is: PostgreSQL takes no NUL, and half a surrogate pair is no text.
TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=60)
VALUES = {
    "label": st.one_of(
        TEXTS, st.sampled_from(['"', "\\", '\\"', '" OR stars = 1 OR "', "\n", "'", "𝕊", "ﬁ", "İ", "ß"])
    ),
    "stars": st.integers(-(2**53), 2**53),
    "price": st.decimals(-(10**9), 10**9, places=2),
    "ratio": st.floats(allow_nan=False, allow_infinity=False),
    "colour": st.sampled_from(Colour),
    "published": st.booleans(),
    "at": st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30), timezones=st.timezones()),
    "day": st.dates(),
    "token": st.uuids(),
}
ROWS = st.lists(
    st.fixed_dictionaries({name: st.none() | values for name, values in VALUES.items()}),
    min_size=8,
    max_size=30,
)


@settings(max_examples=6)
@given(ROWS)
def test_any_value_that_can_be_stored_is_found_again(
    filled: Config, many: Sequence[Mapping[str, Any]]
) -> None:
    schema = articles.articles(index_prefix=f"{filled.index_prefix}_{uuid4().hex[:6]}", query=None)
    rows = [{"id": 10_000 + n, "title": "x", "tenant": "x", **row} for n, row in enumerate(many)]
    with engine(filled).begin() as connection:
        connection.execute(sa.delete(articles.Article).where(articles.Article.id >= 10_000))
        connection.execute(sa.insert(articles.Article), rows)
    try:
        scrypath.backfill(schema, config=filled)
    finally:
        with engine(filled).begin() as connection:
            connection.execute(sa.delete(articles.Article).where(articles.Article.id >= 10_000))
    asked, expected = [], []
    for name in VALUES:
        for row in rows:
            try:
                request = scrypath.SearchRequest(schema, filter={name: row[name]}, size=1000)
            except InvalidOptions:
                text = row[name]  # the one value that is refused: of blanks alone, or too long
                assert name == "label"
                assert not folded(text) or len(folded(text).encode()) > 468
                continue
            asked.append(request.body() | {"indexUid": schema.index_name(filled)})
            expected.append({it["id"] for it in rows if same(it[name], row[name])})
    answers = multi_search(filled, {"queries": asked})["results"]
    for body, answer, wanted in zip(asked, answers, expected, strict=True):
        found = {hit["id"] for hit in answer["hits"] if hit["id"] >= 10_000}
        assert found == wanted, body["filter"]


def same(left: Any, right: Any) -> bool:
    """Whether the server takes two values for one."""
    if isinstance(left, str) and isinstance(right, str):
        return (left == right == "") or (bool(left) and bool(right) and folded(left) == folded(right))
    return bool(left == right) and (left is None) == (right is None)


def test_the_moments_of_all_time_zones_are_told_apart(selected: Search, rows: Rows) -> None:
    row = rows[0]
    elsewhere = row["at"].astimezone(datetime.fromisoformat("2026-01-01T00:00:00-05:00").tzinfo)
    assert row["id"] in selected({"at": elsewhere})
    assert row["id"] not in selected({"at": row["at"] + timedelta(microseconds=1)})
    assert row["id"] in selected({"token": UUID(str(row["token"]).upper())})
