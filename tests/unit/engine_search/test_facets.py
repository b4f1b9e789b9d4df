from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from scrypath.local.engine.errors import ApiError

DOCUMENTS = [
    {"id": 1, "brand": "Ostra", "price": 10, "tags": ["new", "New", "sale"], "maker": {"country": "DK"}},
    {"id": 2, "brand": "ostra", "price": 2.5, "tags": ["sale"], "notes": ""},
    {"id": 3, "brand": "Almeda", "price": 10.0, "tags": [], "in_stock": True},
    {"id": 4, "brand": "Kestrel", "price": "n/a", "maker": {"country": "JP"}},
]
FILTERABLE = ["brand", "price", "tags", "in_stock", "maker.country", "notes"]


@pytest.fixture
def shop(make_index: Callable[..., Any]) -> Any:
    return make_index(DOCUMENTS, filterableAttributes=FILTERABLE)


def test_counts_by_value_the_first_spelling_shown(shop: Any) -> None:
    reply = shop.search(facets=["*"], limit=0)
    assert reply["facetDistribution"] == {
        "brand": {"Almeda": 1, "Kestrel": 1, "Ostra": 2},
        "price": {"10": 2, "2.5": 1, "n/a": 1},
        "tags": {"new": 1, "sale": 2},
        "in_stock": {"true": 1},
        "maker.country": {"DK": 1, "JP": 1},
        "notes": {},
    }
    assert reply["facetStats"] == {"price": {"min": 2.5, "max": 10.0}}


def test_counts_follow_filter_and_words(shop: Any) -> None:
    reply = shop.search(facets=["brand"], filter="price = 10")
    assert reply["facetDistribution"] == {"brand": {"Almeda": 1, "Ostra": 1}}
    assert shop.search("kestrel", facets=["brand"])["facetDistribution"] == {"brand": {"Kestrel": 1}}


def test_large_sets_are_counted_like_small_ones(shop: Any, monkeypatch: Any) -> None:
    few = shop.search(facets=["*"], filter="brand != Kestrel")
    monkeypatch.setattr("scrypath.local.engine.search.facets.FEW", 0)
    many = shop.search(facets=["*"], filter="brand != Kestrel")
    assert few["facetDistribution"] == many["facetDistribution"]
    assert few["facetStats"] == many["facetStats"]


def test_the_number_of_values_is_limited_after_sorting(shop: Any) -> None:
    shop.configure(faceting={"maxValuesPerFacet": 1, "sortFacetValuesBy": {"*": "alpha", "brand": "count"}})
    reply = shop.search(facets=["brand", "maker.country"])
    assert reply["facetDistribution"] == {"brand": {"Ostra": 2}, "maker.country": {"DK": 1}}


def test_a_facet_that_is_not_filterable_is_refused(shop: Any) -> None:
    with pytest.raises(ApiError) as caught:
        shop.search(facets=["id"])
    assert caught.value.code == "invalid_search_facets"
    assert caught.value.message.startswith(
        "Invalid facet distribution: Pattern `id` is not filterable. Available filterable attributes patterns"
    )


def test_values_are_searched_by_beginning_and_with_typos(shop: Any) -> None:
    assert shop.facet_search(facetName="brand") == {"Almeda": 1, "Kestrel": 1, "Ostra": 2}
    assert shop.facet_search(facetName="brand", facetQuery="OS") == {"Ostra": 2}
    assert shop.facet_search(facetName="brand", facetQuery="kesrtel") == {"Kestrel": 1}
    assert shop.facet_search(facetName="brand", facetQuery="x") == {}
    assert shop.facet_search(facetName="price", facetQuery="1") == {}
    assert shop.facet_search(facetName="brand", filter="price > 5", q="ostra") == {"Ostra": 1}


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({}, "missing_facet_search_facet_name", "Missing field `facetName`"),
        ({"facetName": 1}, "invalid_facet_search_facet_name", "Invalid value type at `.facetName`"),
        ({"facetName": "id"}, "invalid_facet_search_facet_name", "Attribute `id` is not facet-searchable."),
        ({"facetName": "brand", "filter": "id = 1"}, "invalid_search_filter", "\n1:3 id = 1"),
    ],
)
def test_bad_facet_searches_are_refused(shop: Any, body: dict[str, Any], code: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        shop.facet_search(**body)
    assert caught.value.code == code
    assert message in caught.value.message


def test_facet_search_can_be_off(shop: Any) -> None:
    shop.configure(facetSearch=False)
    with pytest.raises(ApiError, match="The facet search is disabled for this index"):
        shop.facet_search(facetName="brand")
