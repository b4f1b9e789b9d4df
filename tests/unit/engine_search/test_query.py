from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.local.engine.errors import ApiError

BOOKS = [
    {"id": 1, "title": "The quick brown fox", "author": "Ann Lee", "year": 1999, "tags": ["animal", "fast"]},
    {"id": 2, "title": "Brown bread at home", "author": "Bo Fox", "year": 2004, "tags": ["food"]},
    {"id": 3, "title": "Foxes of the north", "author": "Ann Lee", "year": 2010, "tags": []},
    {"id": 4, "title": "A quiet sunflower garden", "author": "Cy Marsh", "year": 2010, "tags": ["plant"]},
    {"id": 5, "title": "Sun and flower. Garden talk", "author": "Di Brown", "year": None},
]
LISTED: dict[str, Any] = {
    "searchableAttributes": ["title", "author"],
    "filterableAttributes": ["year", "author", "tags"],
    "sortableAttributes": ["year", "title"],
}


@pytest.fixture
def books(make_index: Callable[..., Any]) -> Any:
    return make_index(BOOKS, **LISTED)


def refused(index: Any, **body: Any) -> ApiError:
    with pytest.raises(ApiError) as caught:
        index.search(**body)
    return caught.value


def test_without_words_everything_comes_in_the_order_of_writing(books: Any) -> None:
    reply = books.search(limit=2, attributesToRetrieve=["id"])
    assert reply["hits"] == [{"id": 1}, {"id": 2}]
    assert (reply["estimatedTotalHits"], reply["limit"], reply["offset"]) == (5, 2, 0)


def test_the_last_word_is_a_beginning_the_others_are_whole(books: Any) -> None:
    assert books.ids("fo") == [3, 1, 2]
    assert books.ids("fo brown") == []
    assert books.ids("fo ") == []
    books.configure(prefixSearch="disabled")
    assert books.ids("fo") == []


def test_typos_by_the_length_of_the_word(books: Any) -> None:
    assert books.ids("quikc ") == [1]
    assert books.ids("fix ") == []
    assert books.ids("sunflowre ") == [4]
    books.configure(typoTolerance={**books.settings["typoTolerance"], "enabled": False})
    assert books.ids("quikc ") == []


def test_typo_settings_spare_words_and_attributes(books: Any) -> None:
    tolerance = books.settings["typoTolerance"]
    books.configure(typoTolerance={**tolerance, "disableOnWords": ["quikc"]})
    assert books.ids("quikc ") == []
    books.configure(typoTolerance={**tolerance, "disableOnAttributes": ["title"]})
    assert books.ids("quikc ") == []
    assert books.ids("borwn ") == [5]


def test_words_written_together_or_apart(books: Any) -> None:
    assert set(books.ids("sun flower ")) == {5, 4}
    assert books.ids("brownbread ") == [2]


def test_strategies_decide_which_words_may_be_missing(books: Any) -> None:
    assert books.ids("brown fox") == [1, 2, 5]
    assert books.ids("brown fox", matchingStrategy="all") == [1, 2]
    assert books.ids("zzzz brown") == []
    assert books.ids("the zzzz", matchingStrategy="frequency") == [1, 3]


def test_phrases_and_negations(books: Any) -> None:
    assert books.ids('"brown fox"') == [1]
    assert books.ids('"fox brown"') == []
    assert books.ids("brown -fox") == [5]
    assert books.ids('-"brown fox"') == [2, 3, 4, 5]
    assert books.ids('"flower garden"') == [], "a full stop keeps words apart"


def test_synonyms_and_stop_words(books: Any) -> None:
    books.configure(synonyms={"loaf": ["bread", "quick brown"]}, stopWords=["the"])
    assert books.ids("loaf ") == [1, 2]
    assert books.ids("the north") == [3]


def test_sort_keeps_those_without_a_value_last(books: Any) -> None:
    assert books.ids(sort=["year:asc"]) == [1, 2, 3, 4, 5]
    assert books.ids(sort=["year:desc", "title:asc"]) == [4, 3, 2, 1, 5]
    assert books.ids("brown", sort=["year:desc"]) == [2, 1, 5]


def test_large_sets_are_sorted_like_small_ones(make_index: Callable[..., Any], monkeypatch: Any) -> None:
    documents = [{"id": n, "k": [n % 7, "x" * (n % 3)] if n % 2 else n % 5} for n in range(60)]
    index = make_index(documents, filterableAttributes=["k"], sortableAttributes=["k"])
    few = [index.ids(sort=[order], filter="k EXISTS") for order in ("k:asc", "k:desc")]
    monkeypatch.setattr("scrypath.local.engine.search.sorting.FEW", 0)
    many = [index.ids(sort=[order], filter="k EXISTS") for order in ("k:asc", "k:desc")]
    assert few == many


def test_custom_ranking_rules_break_ties(books: Any) -> None:
    books.configure(rankingRules=["words", "year:desc"])
    assert books.ids("brown") == [2, 1, 5]


def test_the_first_fields_count_more(books: Any) -> None:
    assert books.ids("fox ") == [1, 2]
    books.configure(searchableAttributes=["author", "title"])
    assert books.ids("fox ") == [2, 1]


def test_pages_count_exactly_and_are_capped(books: Any) -> None:
    reply = books.search(hitsPerPage=2, page=2)
    assert (reply["totalHits"], reply["totalPages"], reply["page"], reply["hitsPerPage"]) == (5, 3, 2, 2)
    assert [hit["id"] for hit in reply["hits"]] == [3, 4]
    assert books.search(page=0)["hits"] == []
    books.configure(pagination={"maxTotalHits": 2})
    assert books.ids() == [1, 2]


def test_distinct_keeps_the_first_of_each_value(books: Any) -> None:
    assert books.ids(distinct="author") == [1, 2, 4, 5]
    books.configure(distinctAttribute="year")
    reply = books.search(hitsPerPage=10)
    assert [hit["id"] for hit in reply["hits"]] == [1, 2, 3, 5]
    assert reply["totalHits"] == 4


def test_attributes_to_search_on(books: Any) -> None:
    assert books.ids("fox", attributesToSearchOn=["author"]) == [2]
    error = refused(books, q="fox", attributesToSearchOn=["tags"])
    assert error.code == "invalid_search_attributes_to_search_on"
    assert error.message == (
        "Index `i`: Attribute `tags` is not searchable. Available searchable attributes are: `author, title`."
    )


def test_highlight_crop_and_positions(books: Any) -> None:
    hit = books.search(
        "brown",
        filter="year = 1999",
        attributesToHighlight=["title"],
        attributesToCrop=["title"],
        cropLength=2,
        showMatchesPosition=True,
        attributesToRetrieve=["id"],
    )["hits"][0]
    assert hit["_formatted"] == {"id": "1", "title": "…quick <em>brown</em>…"}
    assert hit["_matchesPosition"] == {"title": [{"start": 10, "length": 5}]}


def test_positions_are_bytes_and_name_the_element(make_index: Callable[..., Any]) -> None:
    index = make_index([{"id": 1, "names": ["Ål", "Ålesund é"]}])
    hit = index.search("ales", showMatchesPosition=True)["hits"][0]
    assert hit["_matchesPosition"] == {"names": [{"start": 0, "length": 5, "indices": [1]}]}


def test_scores_fall_with_the_rank(books: Any) -> None:
    reply = books.search("brown fox", showRankingScore=True, showRankingScoreDetails=True)
    found = [hit["_rankingScore"] for hit in reply["hits"]]
    assert found == sorted(found, reverse=True)
    assert 0 < found[-1] < found[0] <= 1
    words = [hit["_rankingScoreDetails"]["words"]["matchingWords"] for hit in reply["hits"]]
    assert words == [2, 2, 1]
    assert books.ids("brown fox", rankingScoreThreshold=found[0]) == [1]


def test_large_buckets_are_cut_by_what_looks_best(books: Any, monkeypatch: Any) -> None:
    few = books.ids("brown fox")
    monkeypatch.setattr("scrypath.local.engine.search.ranking.MANY", 1)
    assert set(books.ids("brown fox")) == set(few)
    assert books.ids("brown fox")[0] == few[0]


@pytest.mark.parametrize(
    ("body", "code", "message"),
    [
        ({"nope": 1}, "bad_request", "Unknown field `nope`: expected one of `q`, `offset`, `limit`"),
        ({"limits": 1}, "bad_request", "Unknown field `limits`: did you mean `limit`? expected one of"),
        ({"q": 1}, "invalid_search_q", "Invalid value type at `.q`: expected a string, but found a positive"),
        ({"offset": None}, "invalid_search_offset", "expected a positive integer, but found null"),
        ({"facets": "a"}, "invalid_search_facets", "Invalid value type at `.facets`: expected an array"),
        ({"sort": ["year"]}, "invalid_search_sort", "expected expression ending by `:asc` or `:desc`"),
        ({"sort": ["author:asc"]}, "invalid_search_sort", "Index `i`: Attribute `author` is not sortable."),
        ({"sort": ["_geoPoint(1):asc"]}, "invalid_search_sort", "Invalid syntax for the geo parameter"),
        ({"filter": "title = 1"}, "invalid_search_filter", '.\n2:7 "title" = "1"'),
        (
            {"distinct": "title"},
            "invalid_search_distinct",
            "Index `i`: Attribute `title` is not filterable and thus",
        ),
        (
            {"matchingStrategy": "x"},
            "invalid_search_matching_strategy",
            "expected one of `last`, `all`, `frequency`",
        ),
        ({"locales": ["xx"]}, "invalid_search_locales", "Unknown value `xx` at `.locales[0]`"),
        ({"vector": [1]}, "missing_search_hybrid", "missing `hybrid` parameter when `vector` or `media`"),
        (
            {"q": "a", "hybrid": {"embedder": "e"}},
            "invalid_search_embedder",
            "Cannot find embedder with name `e`.",
        ),
        ({"hybrid": {}}, "invalid_search_hybrid_query", "Missing field `embedder` inside `.hybrid`"),
        ({"useNetwork": True}, "feature_not_enabled", "requires enabling the `network` experimental feature"),
        (
            {"personalize": {"userContext": "x"}},
            "feature_not_enabled",
            "`personalization` experimental feature",
        ),
        ({"rankingScoreThreshold": 2}, "invalid_search_ranking_score_threshold", "between `0.0` and `1.0`."),
    ],
)
def test_bad_requests_are_refused_in_the_words_of_the_server(
    books: Any, body: dict[str, Any], code: str, message: str
) -> None:
    error = refused(books, **body)
    assert (error.code, error.status) == (code, 400)
    assert message in error.message


SECRET = "fp0secretfp"
NAMES = ["id", "title", "secret", "nested", "nested.secret", "*", "nope"]


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "q": st.sampled_from(["", "oak", SECRET, "fp0", f'"{SECRET}"', f"-{SECRET}", "oak fp0secret"]),
            "attributesToRetrieve": st.lists(st.sampled_from(NAMES), max_size=3),
            "attributesToHighlight": st.lists(st.sampled_from(NAMES), max_size=3),
            "attributesToCrop": st.lists(st.sampled_from([*NAMES, "secret:3", "*:1"]), max_size=3),
            "attributesToSearchOn": st.just(["*"]),
            "showMatchesPosition": st.booleans(),
            "showRankingScore": st.booleans(),
            "showRankingScoreDetails": st.booleans(),
            "retrieveVectors": st.booleans(),
            "sort": st.sampled_from([["secret:asc"], ["nested.secret:desc"], ["title:asc"]]),
            "matchingStrategy": st.sampled_from(["last", "all", "frequency"]),
            "facets": st.sampled_from([[], ["title"]]),
            "distinct": st.just("title"),
        },
    )
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_field_kept_from_searchers_never_shows_and_never_matches(
    make_index: Callable[..., Any], body: dict[str, Any]
) -> None:
    documents = [
        {"id": n, "title": f"oak {n}", "secret": SECRET, "nested": {"secret": SECRET, "open": "yes"}}
        for n in range(3)
    ]
    index = make_index(
        documents,
        displayedAttributes=["id", "title", "nested.open"],
        searchableAttributes=["title"],
        filterableAttributes=["title"],
        sortableAttributes=["secret", "nested", "title"],
        rankingRules=["words", "sort", "secret:desc"],
    )
    reply = index.search(**body)
    assert SECRET not in json.dumps({**reply, "query": ""})
    if body.get("q") in {SECRET, f'"{SECRET}"', "fp0"}:
        assert reply["hits"] == []
