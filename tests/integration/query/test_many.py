"""Several searches in one round trip: each keeps its hits, one that fails fails alone, the order is the server's."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, TransportError
from scrypath.meilisearch import multi_search
from scrypath.search_frames import MERGED_HITS, SEARCH_FAILURES
from scrypath.source.engine import engine
from tests.support.articles import Article, articles
from tests.support.relay import Relay, relaying

pytestmark = pytest.mark.integration


@pytest.fixture
def relay(filled: Config) -> Iterator[Relay]:
    assert filled.meilisearch_url is not None
    with relaying(filled.meilisearch_url) as relay:
        yield relay


def test_the_same_schema_twice_has_its_own_hits_and_one_query_reads_the_rows(
    filled: Config, article: scrypath.SearchSchema, relay: Relay
) -> None:
    seen: list[str] = []
    statements: list[str] = []
    relay.before = lambda asked: seen.append(asked.path)
    sa.event.listen(engine(filled), "before_cursor_execute", lambda *it: statements.append(it[2]))
    options = {"filter": {"published": True}, "facet_filter": {"stars": [1, 2]}, "facets": ["stars", "tags"]}
    with Session(engine(filled)) as session:
        found = scrypath.search_many(
            [
                (article, "river", options),
                (article, "mountain", {"size": 50, "sort": ["title:asc"]}),
                article,
            ],
            session=session,
            check=True,
            config=replace(filled, meilisearch_url=relay.url),
        )
    assert seen == ["/multi-search", f"/indexes/{article.index_name(filled)}/documents/fetch"]
    assert len(statements) == 1
    alone = [
        scrypath.search(article, "river", **options, config=filled),
        scrypath.search(article, "mountain", size=50, sort=["title:asc"], config=filled),
        scrypath.search(article, config=filled),
    ]
    for one, other in zip(found, alone, strict=True):
        assert (one.ids, one.total, one.facets.rows()) == (other.ids, other.total, other.facets.rows())
        assert [str(record.id) for record in one.records] == list(one.ids)
        assert one.stale_ids == one.missing_ids == ()
    assert found.ok
    assert found.failures.schema == SEARCH_FAILURES.polars
    assert (found.merged.schema, found.merged.height) == (MERGED_HITS.polars, 0)
    assert "river" in repr(found)
    assert "mountain" in found._repr_html_()


def test_a_request_that_fails_fails_alone_and_visibly(filled: Config, article: scrypath.SearchSchema) -> None:
    lost = articles(name="Lost", index_prefix="nowhere")
    behind = articles(name="Behind", filterable=[*article.filterable, "title"])
    found = scrypath.search_many(
        [lost, (article, "river"), (behind, "", {"filter": {"title": "x"}})],
        federation=scrypath.Federation(weights=[3, 1, 2]),
        config=filled,
    )
    assert [result is None for result in found.results] == [True, False, True]
    assert found.failures.select("request", "schema", "error").rows() == [
        (0, "Lost", "index_not_found"),
        (2, "Behind", "backend_rejected"),
    ]
    assert set(found.merged["request"]) == {1}
    assert not found.ok
    assert found.headline.startswith("2 of 3 requests failed.")
    assert [result.total for result in found] == [88]
    nothing = scrypath.search_many([lost], config=filled)
    assert nothing.results == (None,)


WEIGHTS = st.floats(0, 5, allow_nan=False).map(lambda it: round(it, 2))


@settings(max_examples=12)
@given(
    st.lists(st.tuples(st.sampled_from(["river", "mountain", "old", ""]), WEIGHTS), min_size=1, max_size=4),
    st.integers(1, 3),
)
def test_the_merged_order_is_the_servers(
    filled: Config, article: scrypath.SearchSchema, asked: list[tuple[str, float]], page: int
) -> None:
    federation = scrypath.Federation(weights=[weight for _, weight in asked], page=page, size=15)
    found = scrypath.search_many([(article, text) for text, _ in asked], federation=federation, config=filled)
    queries = [
        {"indexUid": article.index_name(filled), "q": text, "federationOptions": {"weight": weight}}
        for text, weight in asked
    ]
    window = {"offset": (page - 1) * 15, "limit": 15}
    answer = multi_search(filled, {"queries": queries, "federation": window})["hits"]
    assert found.merged["document_id"].to_list() == [str(hit["id"]) for hit in answer]
    assert found.merged["request"].to_list() == [hit["_federation"]["queriesPosition"] for hit in answer]
    assert found.merged["score"].to_list() == [hit["_federation"]["weightedRankingScore"] for hit in answer]
    assert found.merged["position"].to_list() == list(
        range(window["offset"] + 1, window["offset"] + 1 + len(answer))
    )
    assert [document["id"] for document in found.merged_documents] == [hit["id"] for hit in answer]


def test_all_stands_for_a_declared_list(filled: Config, article: scrypath.SearchSchema) -> None:
    other = articles(name="Other")
    found = scrypath.search_many(
        ["all", (article, "mountain")], "river", schemas=[other, article], config=filled
    )
    assert [(request.schema.name, request.text) for request in found.requests] == [
        ("Other", "river"),
        ("Article", "river"),
        ("Article", "mountain"),
    ]
    weighted = scrypath.search_many(
        [("all", "river")],
        schemas=[other, article],
        federation=scrypath.Federation(weights=[2]),
        config=filled,
    )
    assert weighted.merged["score"].max() > 1
    configured = replace(filled, schemas=("tests.support.shop:Brand", "tests.support.shop:Product"))
    names = [request.schema.name for request in scrypath.search_many(["all"], config=configured).requests]
    assert names == ["Brand", "Product"]
    with pytest.raises(InvalidOptions, match="does not name any schema"):
        scrypath.search_many(["all"], config=filled)


def test_one_deadline_holds_for_the_whole_call(
    filled: Config, article: scrypath.SearchSchema, relay: Relay
) -> None:
    config = replace(filled, meilisearch_url=relay.url)
    relay.before = lambda _: time.sleep(1.5)
    began = time.monotonic()
    with pytest.raises(TransportError, match="no answer within the timeout"):
        scrypath.search_many([article], deadline=0.3, config=config)
    assert time.monotonic() - began < 1.2
    nobody = replace(filled, meilisearch_url="http://127.0.0.1:9")
    with pytest.raises(TransportError, match="connection was refused"):
        scrypath.search_many([article], deadline=0.1, config=nobody)
    assert time.monotonic() - began < 2.0


def test_rows_that_come_too_late_have_failed_and_the_hits_are_there(
    filled: Config, article: scrypath.SearchSchema
) -> None:
    other = articles(name="Other")

    class Slow(Session):
        def scalars(self, *given: Any, **named: Any) -> Any:
            time.sleep(0.6)
            return super().scalars(*given, **named)

    with Slow(engine(filled)) as session:
        found = scrypath.search_many([article, other], session=session, deadline=0.5, config=filled)
    assert [len(result.documents) for result in found] == [20, 20]
    assert [len(result.records) for result in found] == [20, 0]
    assert found.failures.select("schema", "error").rows() == [("Other", "transport")]
    assert "deadline of 0.5 s" in found.failures["message"].item()


REFUSED: list[tuple[Callable[[Any, Config], Any], str]] = [
    (lambda it, config: scrypath.search_many([], config=config), "has 0 requests"),
    (lambda it, config: scrypath.search_many([it] * 11, config=config), "has 11 requests"),
    (lambda it, config: scrypath.search_many("City", config=config), "must be a list"),
    (lambda it, config: scrypath.search_many([(it, "", {"size": 51})], config=config), "1 to 50 hits"),
    (
        lambda it, config: scrypath.search_many([(it, "", {"highlight": 1})], config=config),
        "no option 'highlight'",
    ),
    (lambda it, config: scrypath.search_many([(it,)], config=config), "is not a search request"),
    (lambda it, config: scrypath.search_many([it], deadline=0, config=config), "deadline is 0"),
    (lambda it, config: scrypath.search_many([it], check=True, config=config), "Give session="),
    (lambda it, config: scrypath.Federation(size=51), "1 to 50 hits"),
    (lambda it, config: scrypath.Federation(weights=[-1]), "at least 0"),
    (lambda it, config: scrypath.Federation(page=0), "page is 0"),
    (
        lambda it, config: scrypath.search_many(
            [it], federation=scrypath.Federation(weights=[1, 2]), config=config
        ),
        "2 weights for 1 requests",
    ),
]


@pytest.mark.parametrize("number", range(len(REFUSED)))
def test_what_cannot_be_meant_is_refused(number: int, filled: Config, article: scrypath.SearchSchema) -> None:
    call, said = REFUSED[number]
    with pytest.raises(InvalidOptions, match=said) as caught:
        call(article, filled)
    assert caught.value.hint


def test_each_request_needs_its_tenant(
    filled: Config, article: scrypath.SearchSchema, tenant_article: scrypath.SearchSchema
) -> None:
    with pytest.raises(InvalidOptions, match="TenantArticle needs a filter by its tenant field"):
        scrypath.search_many([article, tenant_article], config=filled)
    own: Mapping[str, Any] = {"filter": {"tenant": "acme"}}
    found = scrypath.search_many(
        [article, (tenant_article, "", own)], federation=scrypath.Federation(size=50), config=filled
    )
    assert found.ok
    assert {document["tenant"] for document in list(found)[1].documents} == {"acme"}


def test_loader_options_go_to_their_schema(filled: Config, article: scrypath.SearchSchema) -> None:
    from sqlalchemy.orm import selectinload

    with Session(engine(filled)) as session:
        found = scrypath.search_many(
            [article], session=session, options={"Article": [selectinload(Article.author)]}, config=filled
        )
        assert {record.author.name for record in next(iter(found)).records} == {"Ada"}
        with pytest.raises(InvalidOptions, match="options names 'City'"):
            scrypath.search_many([article], session=session, options={"City": []}, config=filled)
