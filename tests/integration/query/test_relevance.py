"""A judgement list against one index and against two: rates by hand, and the queries that changed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

import scrypath
from scrypath.config import Config
from scrypath.errors import IndexNotFound, InvalidOptions
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.query.relevance import Relevance
from scrypath.search_frames import RELEVANCE, RELEVANCE_CHANGES, RELEVANCE_SUMMARY

pytestmark = pytest.mark.integration
LIST = {"lamp": [1, 4], "chair": [2], "sofa": [9]}


@pytest.fixture
def two(config: Config) -> Config:
    """A live index and a target that answers otherwise."""
    live, target = f"{config.index_prefix}_products", f"{config.index_prefix}_products__reindex"
    contents = {
        live: ["Chair", "Lamp", "Chair lamp", "Lamp post"],
        target: ["Lamp", "Chair", "Lamp post", "Lamp"],
    }
    for index, names in contents.items():
        sent = documents.write(
            config, index, [{"id": n, "name": it} for n, it in enumerate(names, 1)], primary_key="id"
        )
        tasks.wait_all(config, [it.uid for it in sent])
    return config


def test_two_indexes_are_compared_query_by_query(two: Config) -> None:
    uids = ["live", f"{two.index_prefix}_products__reindex"]
    found = scrypath.relevance("Product", LIST, indexes=uids, config=two)
    assert (found.frame.schema, found.frame.height) == (RELEVANCE.polars, 6)
    live = {row["query"]: row for row in found.frame.head(3).iter_rows(named=True)}
    ids = {text: list(scrypath.search("Product", text, config=two).ids) for text in LIST}
    for text, wanted in LIST.items():
        expected = [key for key in ids[text] if int(key) in wanted]
        assert live[text]["found"] == expected
        assert live[text]["rank"] == (ids[text].index(expected[0]) + 1 if expected else None)
    assert found.summary.schema == RELEVANCE_SUMMARY.polars
    assert found.summary.height == 2
    assert found.changes.schema == RELEVANCE_CHANGES.polars
    changed = dict(found.changes.select("query", "change").iter_rows())
    assert "sofa" not in changed
    assert changed["lamp"] in ("better", "found")
    assert "mean reciprocal rank" in repr(found)
    assert "Changed" in found._repr_html_()
    indexes.delete(two, uids[1])


def test_a_list_is_a_frame_a_file_or_a_mapping(two: Config, tmp_path: Path) -> None:
    frame = pl.DataFrame({"query": ["lamp", "lamp", "chair", "sofa"], "document_id": [1, 4, 2, 9]})
    path = tmp_path / "judgements.csv"
    frame.write_csv(path)
    one = [scrypath.relevance("Product", it, config=two) for it in (frame, path, str(path), LIST)]
    assert all(it.frame.equals(one[0].frame) for it in one)
    assert one[0].changes.schema == RELEVANCE_CHANGES.polars
    assert one[0].changes.is_empty()
    wrong: list[tuple[Any, str]] = [
        ({}, "is empty"),
        ([1], "is a list"),
        (frame.drop("query"), "no column 'query'"),
        (tmp_path / "nowhere.csv", "cannot be read"),
        ({"lamp": "1"}, "must be a list"),
        (pl.DataFrame({"query": ["a"], "document_id": [None]}), "empty cell"),
    ]
    for given_list, said in wrong:
        with pytest.raises(InvalidOptions, match=said):
            scrypath.relevance("Product", given_list, config=two)
    with pytest.raises(InvalidOptions, match="Name one index, or two"):
        scrypath.relevance("Product", LIST, indexes=["live", "live"], config=two)
    with pytest.raises(IndexNotFound):
        scrypath.relevance("Product", LIST, config=replace(two, index_prefix="nowhere"))


RANKS = st.lists(st.none() | st.integers(1, 10), min_size=1, max_size=8)


@given(RANKS)
def test_hit_rate_and_mean_reciprocal_rank_are_those_of_the_definition(ranks: list[int | None]) -> None:
    rows = [
        {"index": "x", "query": str(n), "rank": rank, "reciprocal_rank": 0.0 if rank is None else 1 / rank}
        for n, rank in enumerate(ranks)
    ]
    (row,) = Relevance(RELEVANCE.rows(rows)).summary.iter_rows(named=True)
    assert row["hits"] == sum(rank is not None for rank in ranks)
    assert row["hit_rate"] == pytest.approx(row["hits"] / len(ranks))
    assert row["mrr"] == pytest.approx(sum(1 / rank for rank in ranks if rank) / len(ranks))
