"""What a search gives: a frame whose dtypes the declaration decides, and a text and a page that show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import BackendRejected, IndexNotFound, InvalidOptions, TransportError
from scrypath.query.result import decoded

pytestmark = pytest.mark.integration
DTYPES = {
    "id": pl.Int64(),
    "title": pl.String(),
    "stars": pl.Int64(),
    "price": pl.Float64(),
    "ratio": pl.Float64(),
    "colour": pl.String(),
    "published": pl.Boolean(),
    "at": pl.Datetime("us", "UTC"),
    "day": pl.Date(),
    "token": pl.String(),
    "label": pl.String(),
    "tags": pl.List(pl.String()),
    "categories": pl.String(),
    "_geo": pl.String(),
}


def test_the_frame_holds_the_rows_in_the_declared_dtypes(
    filled: Config, article: scrypath.SearchSchema, rows: list[Mapping[str, Any]]
) -> None:
    found = scrypath.search(article, sort=["title:asc"], size=1000, config=filled)
    assert dict(found.frame.schema) == DTYPES
    by_id = {row["id"]: row for row in rows}
    for row in found.frame.iter_rows(named=True):
        stored = by_id[row["id"]]
        assert (row["at"], row["day"], row["tags"]) == (stored["at"], stored["day"], stored["tags"])
        assert row["price"] == (None if stored["price"] is None else float(stored["price"]))
    assert found.frame.to_pandas().shape == found.to_pandas().shape == (200, 14)


def test_an_empty_page_has_the_same_columns(filled: Config, article: scrypath.SearchSchema) -> None:
    nothing = scrypath.search(article, "zzzzzz", facets=["tags"], config=filled)
    assert dict(nothing.frame.schema) == DTYPES
    assert (nothing.total, nothing.pages, nothing.ids, nothing.facets.height) == (0, 0, (), 0)
    assert "0 of 0 hits" in repr(nothing)
    assert "none" in nothing._repr_html_()


def test_scores_and_distances_are_columns_when_they_are_asked_for(
    filled: Config, article: scrypath.SearchSchema
) -> None:
    scored = {"show_ranking_score": True, "show_ranking_score_details": True}
    for text in ("river", "zzzzzz"):
        found = scrypath.search(
            article, text, sort=["_geoPoint(47.5, 8.5):asc"], per_query=scored, config=filled
        )
        added = {name: dtype for name, dtype in found.frame.schema.items() if name not in DTYPES}
        assert added == {
            "_rankingScore": pl.Float64(),
            "_rankingScoreDetails": pl.String(),
            "_geoDistance": pl.Int64(),
        }
    near = scrypath.search(article, sort=["_geoPoint(47.5,8.5):asc"], size=200, config=filled)
    distances = near.frame["_geoDistance"].to_list()
    assert distances == sorted(distances)


def test_a_threshold_leaves_out_what_matches_badly(filled: Config, article: scrypath.SearchSchema) -> None:
    every = scrypath.search(article, "blue river", config=filled)
    good = scrypath.search(article, "blue river", per_query={"ranking_score_threshold": 0.9}, config=filled)
    assert 0 < good.total < every.total


def test_pages_are_counted_and_shown(filled: Config, article: scrypath.SearchSchema) -> None:
    first = scrypath.search(article, "river <", page=2, size=30, facets=["colour"], config=filled)
    assert first.pages == -(-first.total // 30)
    assert f"page 2 of {first.pages}" in first.headline
    assert not first.capped
    shown = first._repr_html_()
    assert "river &lt;" in shown
    assert "river <" not in shown
    assert "colour" in repr(first)


def test_a_value_that_its_column_cannot_hold_is_null_there(article: scrypath.SearchSchema) -> None:
    hit = {
        "id": 1,
        "title": 3,
        "stars": "many",
        "at": "yesterday",
        "tags": "one",
        "price": True,
        "day": "2026-13-01",
    }
    found = decoded(scrypath.SearchRequest(article), [{"hits": [hit], "totalHits": 1}])
    (row,) = found.frame.iter_rows(named=True)
    assert (row["id"], row["title"]) == (1, "3")
    assert [row[name] for name in ("stars", "at", "tags", "price", "day")] == [None] * 5
    assert found.documents == (hit,)


def test_an_answer_that_is_none_is_named(article: scrypath.SearchSchema) -> None:
    with pytest.raises(TransportError, match="no hits"):
        decoded(scrypath.SearchRequest(article), [{"message": "hello"}])
    with pytest.raises(TransportError, match="a hit has no 'id'"):
        decoded(scrypath.SearchRequest(article), [{"hits": [{"title": "x"}], "totalHits": 1}])


def test_an_index_that_is_not_there_or_not_as_declared_is_named(
    filled: Config, article: scrypath.SearchSchema
) -> None:
    with pytest.raises(IndexNotFound):
        scrypath.search(article, config=replace(filled, index_prefix="nowhere"))
    behind = replace(article, filterable=(*article.filterable, "title"))
    with pytest.raises(BackendRejected, match="index_contract_drift"):
        scrypath.search(behind, filter={"title": "x"}, config=filled)


def test_a_request_is_searched_as_it_is(filled: Config, article: scrypath.SearchSchema) -> None:
    request = scrypath.SearchRequest(article, "river", filter={"published": True}, size=3)
    found = scrypath.search(request, config=filled)
    assert found.request is request
    assert (
        found.ids == scrypath.search(article, "river", filter={"published": True}, size=3, config=filled).ids
    )
    with pytest.raises(InvalidOptions, match="size is given beside a SearchRequest"):
        scrypath.search(request, size=5, config=filled)
