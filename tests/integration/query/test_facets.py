"""Facets against a search server: counts equal those made by hand, and one round trip brings them all."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.search_frames import FACET_COUNTS, FACET_STATS, FACET_TREE
from tests.support.articles import LEVELS, Colour
from tests.support.relay import Relay, relaying

pytestmark = pytest.mark.integration
type Rows = list[Mapping[str, Any]]

CHOICES: dict[str, list[Any]] = {
    "colour": list(Colour),
    "stars": [1, 2, 3, 4, 5],
    "published": [True, False],
    "tags": ["new", "sale", "rare", "heavy"],
    "categories.lvl0": ["Books", "Music"],
    "categories.lvl1": ["Books > Old", "Books > New", "Music > Old"],
    "categories.lvl2": ["Books > Old > A", "Music > Old > B"],
}


def values(row: Mapping[str, Any], facet: str) -> list[Any]:
    """A row's values of a facet."""
    base, _, level = facet.partition(".")
    found = row[base][level] if level else row[base]
    return found if isinstance(found, list) else [] if found is None else [found]


def shown(value: Any) -> str:
    """A value as facet counts write it."""
    if isinstance(value, Colour):
        return value.name
    return str(value).lower() if isinstance(value, bool) else str(value)


def ignored(facet: str, chosen: str) -> bool:
    """Whether the counts of a facet ignore what is chosen in another: itself, or a level below it."""
    return facet == chosen or (facet in LEVELS and chosen in LEVELS and chosen > facet)


def by_hand(rows: Rows, facet: str, chosen: Mapping[str, list[Any]], least: int) -> dict[str, int]:
    counted = Counter(
        shown(value)
        for row in rows
        if row["stars"] is not None and row["stars"] >= least
        if all(ignored(facet, it) or set(values(row, it)) & set(any_of) for it, any_of in chosen.items())
        for value in values(row, facet)
    )
    return dict(counted)


@st.composite
def choices(draw: st.DrawFn) -> dict[str, list[Any]]:
    facets = draw(st.lists(st.sampled_from(sorted(CHOICES)), unique=True, max_size=4))
    return {name: draw(st.lists(st.sampled_from(CHOICES[name]), min_size=1, unique=True)) for name in facets}


@settings(max_examples=25)
@given(choices(), st.integers(1, 3))
def test_counts_ignore_only_what_is_chosen_in_the_facet_itself(
    filled: Config,
    article: scrypath.SearchSchema,
    rows: Rows,
    chosen: dict[str, list[Any]],
    least: int,
) -> None:
    found = scrypath.search(
        article,
        filter={"stars": {"gte": least}},
        facet_filter=chosen,
        facets=sorted(CHOICES),
        config=filled,
    )
    for facet in CHOICES:
        counted = dict(found.facets.filter(pl.col("facet") == facet).select("value", "count").iter_rows())
        assert counted == by_hand(rows, facet, chosen, least), facet
    whole = [row for row in rows if row["stars"] is not None and row["stars"] >= least]
    kept = [row for row in whole if all(set(values(row, it)) & set(any_of) for it, any_of in chosen.items())]
    assert found.total == len(kept)


@pytest.fixture
def counted(filled: Config) -> Iterator[tuple[Config, Relay]]:
    assert filled.meilisearch_url is not None
    with relaying(filled.meilisearch_url) as relay:
        yield replace(filled, meilisearch_url=relay.url), relay


def test_one_round_trip_brings_the_counts_of_four_facets(
    counted: tuple[Config, Relay], article: scrypath.SearchSchema
) -> None:
    config, relay = counted
    chosen = {"colour": Colour.RED, "stars": [1, 2], "published": True, "tags": ["new"]}
    seen: list[str] = []
    relay.before = lambda asked: seen.append(asked.path)
    scrypath.search(article, facet_filter=chosen, facets=[*chosen, "label"], config=config)
    assert seen == ["/multi-search"]


def test_facets_stand_in_the_order_asked_for_and_values_in_the_declared_one(
    filled: Config, article: scrypath.SearchSchema
) -> None:
    found = scrypath.search(
        article, facet_filter={"tags": ["new"]}, facets=["tags", "stars", "colour"], config=filled
    )
    assert found.facets["facet"].unique(maintain_order=True).to_list() == ["tags", "stars", "colour"]
    by_count = found.facets.filter(pl.col("facet") == "tags")["count"].to_list()
    assert by_count == sorted(by_count, reverse=True)
    colours = found.facets.filter(pl.col("facet") == "colour")["value"].to_list()
    assert colours == sorted(colours)
    assert found.facet_stats.rows() == [("stars", 1.0, 5.0)]
    assert (found.facets.schema, found.facet_stats.schema) == (FACET_COUNTS.polars, FACET_STATS.polars)


def test_a_hierarchy_is_a_tree(filled: Config, article: scrypath.SearchSchema, rows: Rows) -> None:
    found = scrypath.search(
        article, facet_filter={"categories.lvl1": "Books > Old"}, facets=LEVELS, config=filled
    )
    tree = found.facet_tree("categories")
    assert tree.schema == FACET_TREE.polars
    assert tree["label"].to_list()[:2] == ["Books", "New"]
    assert tree.filter(pl.col("level") == 0)["value"].to_list() == ["Books", "Music"]
    deepest = tree.filter(pl.col("level") == 2)
    assert set(deepest["parent"]) == {"Books > Old"}
    assert deepest["count"].sum() == sum(row["categories"]["lvl1"] == "Books > Old" for row in rows)
    assert found.facet_tree("nothing").is_empty()


def test_values_of_a_facet_are_searched(filled: Config, article: scrypath.SearchSchema, rows: Rows) -> None:
    found = scrypath.search_facet_values(
        article, "tags", "ra", facet_filter={"tags": "sale", "published": True}, config=filled
    )
    expected = sum(bool(row["published"]) and "rare" in row["tags"] for row in rows)
    assert found.frame.rows() == [("tags", "rare", expected)]
    nothing = scrypath.search_facet_values(article, "tags", "zzz", config=filled).frame
    assert (nothing.schema, nothing.height) == (FACET_COUNTS.polars, 0)


def test_search_within_a_facet(filled: Config, article: scrypath.SearchSchema, rows: Rows) -> None:
    found = scrypath.search_within_facet(article, "river", ("tags", ["new", "rare"]), size=500, config=filled)
    assert {int(key) for key in found.ids} == {
        row["id"] for row in rows if "river" in row["title"] and {"new", "rare"} & set(row["tags"])
    }
    with pytest.raises(InvalidOptions, match="facet_filter names 'tags' too"):
        scrypath.search_within_facet(
            article, "", ("tags", "new"), facet_filter={"tags": "rare"}, config=filled
        )
    with pytest.raises(InvalidOptions, match="Give a facet and a value"):
        scrypath.search_within_facet(article, "", "tags", config=filled)  # type: ignore[arg-type]


REFUSED: list[tuple[Callable[[Any], Any], str]] = [
    (lambda schema: scrypath.SearchRequest(schema, facets=["price"]), "does not declare 'price' for facets"),
    (lambda schema: scrypath.SearchRequest(schema, facets="tags"), "must be a list"),
    (lambda schema: scrypath.SearchRequest(schema, facets=["tags", "tags"]), "twice"),
    (lambda schema: scrypath.SearchRequest(schema, facets=["*"]), "does not declare"),
    (lambda schema: scrypath.SearchRequest(schema, facet_filter={"tags": []}), "empty list"),
    (lambda schema: scrypath.SearchRequest(schema, facet_filter={"price": 1}), "for facet_filter"),
    (lambda schema: scrypath.SearchRequest(schema, facet_filter=["tags"]), "Give a mapping"),
    (lambda schema: scrypath.SearchRequest(schema, facet_filter={"stars": "one"}), "cannot be 'one'"),
    (lambda schema: scrypath.search_facet_values(schema, "titel"), "does not declare 'titel'"),
    (
        lambda schema: scrypath.search_facet_values(schema, "stars", "1"),
        "numbers, which the server does not search",
    ),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_facets_that_are_not_there_are_refused(number: int, article: scrypath.SearchSchema) -> None:
    call, said = REFUSED[number]
    with pytest.raises(InvalidOptions, match=said):
        call(article)
