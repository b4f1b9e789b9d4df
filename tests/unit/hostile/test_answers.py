"""Whatever answers where Meilisearch is expected: an error of the kit with its next step, in time; nothing else."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import scrypath
from scrypath.config import Config
from scrypath.errors import ScrypathError
from scrypath.meilisearch import batches, documents, indexes, raw, tasks, version
from scrypath.meilisearch import settings as index_settings
from scrypath.schema import Faceting
from tests.support import shop  # noqa: F401 - declares Product and Brand
from tests.support.hostile import answers
from tests.support.schemas import build
from tests.support.scripted_server import Answer, Script, enqueued, serving, task, task_list

CASES = int(os.environ.get("SCRYPATH_TEST_HOSTILE", "1200"))  # 20 000 in the long run
TIMEOUT = 2.0  # seconds for one answer
DEADLINE = TIMEOUT + 2.0  # seconds for a call
MOST_REQUESTS = 100  # of one call
HIT = {"id": 1, "name": "Lamp", "price": 10.5, "stock": 3, "brand_id": 1, "_rankingScore": 0.5}
FOUND = {
    "hits": [HIT, HIT | {"id": 2}],
    "query": "",
    "processingTimeMs": 1,
    "page": 1,
    "hitsPerPage": 20,
    "totalPages": 1,
    "totalHits": 2,
    "facetDistribution": {"brand_id": {"1": 2}},
    "facetStats": {"brand_id": {"min": 1.0, "max": 1.0}},
}
MERGED = {
    "hits": [
        HIT | {"_federation": {"indexUid": "products", "queriesPosition": 0, "weightedRankingScore": 1.0}}
    ]
}
DOCUMENTS = {"results": [HIT, HIT | {"id": 2}], "offset": 0, "limit": 20, "total": 2}
INDEX = {
    "uid": "products",
    "createdAt": "2026-11-24T00:25:08.276481302Z",
    "updatedAt": "2026-11-24T00:25:08.276481302Z",
    "primaryKey": "id",
}
STATS = {"numberOfDocuments": 2, "isIndexing": False, "fieldDistribution": {"id": 2, "name": 2}}
SETTINGS: dict[str, Any] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": ["brand_id", "price"],
    "sortableAttributes": ["price"],
    "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
    "stopWords": ["the"],
    "synonyms": {"lamp": ["light"]},
    "distinctAttribute": None,
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
    },
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
}
TASK = task(7, indexUid="products")
FAILED = task(
    8, indexUid="products", status="failed", error={"message": "No.", "code": "internal", "type": "internal"}
)
BATCH = {
    "uid": 1,
    "progress": None,
    "details": {"receivedDocuments": 2},
    "stats": {"totalNbTasks": 1, "status": {"succeeded": 1}, "types": {}, "indexUids": {"products": 1}},
    "duration": "PT0.1S",
    "startedAt": "2026-11-24T00:25:08.27722732Z",
    "finishedAt": "2026-11-24T00:25:08.27722732Z",
    "batchStrategy": "batched all enqueued tasks",
}
NOTE = build(
    sa.Table(
        "notes", sa.MetaData(), sa.Column("id", sa.BigInteger, primary_key=True), sa.Column("title", sa.Text)
    ),
    {
        "name": "Note",
        "fields": ["id", "title"],
        "filterable": ["title"],
        "faceting": Faceting(attributes=["title"]),
    },
)
FACET_VALUES = {"facetHits": [{"value": "red", "count": 2}], "facetQuery": None, "processingTimeMs": 0}


@dataclass(frozen=True)
class Route:
    """A call of the kit, and sound answers to the requests that it sends, in order."""

    call: Callable[[Config], Any]
    sound: Sequence[Any]


def _pages(config: Config) -> list[Any]:
    read = documents.pages(config, "products", page_size=2, overlap=1)
    return [(page.documents(), documents.columns(page, ["id", "name"], id_field="id")) for page in read]


def _version(config: Config) -> Any:
    found = version.server_version(config)
    return found.parts, found.warnings, found.features


def _search(config: Config) -> Any:
    found = scrypath.search(
        "Product",
        "lamp",
        filter={"price": {"gt": 1}},
        facets=["brand_id"],
        per_query={"show_ranking_score": True},
        config=config,
    )
    return found.frame, repr(found), found._repr_html_()


def _facets(config: Config) -> Any:
    return repr(scrypath.search("Product", facets=["brand_id"], facet_filter={"brand_id": 1}, config=config))


def _many(config: Config, federation: scrypath.Federation | None = None) -> Any:
    found = scrypath.search_many(["Product", "Brand"], "lamp", federation=federation, config=config)
    assert all(found.failures["hint"])
    return repr(found), found._repr_html_()


def _hot_apply(config: Config) -> Any:
    return index_settings.hot_apply(config, "products", {"stop_words": ["a"]}, acknowledge=True)


SENT = enqueued().body
TASKS = task_list([TASK, task(6)]).body
BATCHES = {"results": [BATCH], "total": 1, "limit": 20, "from": 1, "next": None}
CHANGED = SETTINGS | {"stopWords": ["a"]}

ROUTES: dict[str, Route] = {
    "tasks.get": Route(lambda it: tasks.get(it, 7), [TASK]),
    "tasks.listing": Route(lambda it: tasks.TASKS.check(tasks.listing(it).frame), [TASKS]),
    "tasks.wait_all": Route(lambda it: tasks.wait_all(it, [7, 6]), [TASKS]),
    "tasks.cancel": Route(lambda it: tasks.cancel(it, uids=[7]), [SENT]),
    "tasks.delete": Route(lambda it: tasks.delete(it, uids=[7]), [SENT]),
    "batches.listing": Route(lambda it: batches.BATCHES.check(batches.listing(it)), [BATCHES]),
    "batches.get": Route(lambda it: batches.get(it, 1), [BATCH]),
    "documents.pages": Route(_pages, [DOCUMENTS]),
    "documents.get_many": Route(lambda it: documents.get_many(it, "products", ["1", "2"]), [DOCUMENTS]),
    "documents.write": Route(lambda it: documents.write(it, "products", [{"id": 1}]), [SENT]),
    "documents.delete": Route(lambda it: documents.delete(it, "products", ["1"]), [SENT]),
    "documents.delete_all": Route(lambda it: documents.delete_all(it, "products"), [SENT]),
    "indexes.get": Route(lambda it: indexes.get(it, "products"), [INDEX]),
    "indexes.listing": Route(indexes.listing, [{"results": [INDEX], "offset": 0, "limit": 20, "total": 1}]),
    "indexes.stats": Route(lambda it: indexes.stats(it, "products"), [STATS]),
    "indexes.all_stats": Route(indexes.all_stats, [{"databaseSize": 1, "indexes": {"products": STATS}}]),
    "indexes.create": Route(lambda it: indexes.create(it, "products", "id"), [SENT]),
    "indexes.delete": Route(lambda it: indexes.delete(it, "products"), [SENT]),
    "indexes.swap": Route(lambda it: indexes.swap(it, [("a", "b")]), [SENT]),
    "settings.read": Route(lambda it: index_settings.read(it, "products"), [SETTINGS]),
    "settings.patch": Route(lambda it: index_settings.patch(it, "products", {"stopWords": []}), [SENT]),
    "settings.hot_apply": Route(_hot_apply, [SETTINGS, SENT, task_list([task(1)]).body, CHANGED]),
    "version.server_version": Route(_version, [{"pkgVersion": "1.50.0"}]),
    "version.health": Route(version.health, [{"status": "available"}]),
    "raw.search": Route(lambda it: raw.search(it, "products"), [FOUND]),
    "raw.multi_search": Route(lambda it: raw.multi_search(it, {"queries": []}), [{"results": [FOUND]}]),
    "search": Route(_search, [FOUND]),
    "search with facets": Route(_facets, [{"results": [FOUND, FOUND]}]),
    "search_within_facet": Route(
        lambda it: scrypath.search_within_facet("Product", "", ("brand_id", 1), config=it).frame, [FOUND]
    ),
    "search_facet_values": Route(
        lambda it: scrypath.search_facet_values(NOTE, "title", config=it).frame, [FACET_VALUES]
    ),
    "search_many": Route(_many, [{"results": [FOUND, FOUND]}]),
    "search_many, merged": Route(
        lambda it: _many(it, scrypath.Federation()), [{"results": [FOUND, FOUND]}, MERGED]
    ),
    "relevance": Route(
        lambda it: repr(scrypath.relevance("Product", {"lamp": [1]}, config=it)), [{"results": [FOUND]}]
    ),
    "explain_search": Route(
        lambda it: repr(scrypath.explain_search("Product", 1, "lamp", config=it)),
        [DOCUMENTS, {"results": [FOUND, FOUND, FOUND]}],
    ),
    "index_contract_drift": Route(
        lambda it: repr(scrypath.index_contract_drift("Product", config=it)), [SETTINGS]
    ),
    "sync_status": Route(lambda it: repr(scrypath.sync_status("Product", config=it)), [TASKS]),
    "sync_work": Route(lambda it: repr(scrypath.sync_work("Product", config=it)), [TASKS]),
    "failed_sync_work": Route(
        lambda it: repr(scrypath.failed_sync_work("Product", config=it)), [task_list([FAILED]).body]
    ),
    "preflight": Route(lambda it: repr(scrypath.preflight("Product", config=it)), [{"pkgVersion": "1.50.0"}]),
}


@pytest.fixture(scope="module")
def server() -> Iterator[Script]:
    with serving() as script:
        yield script


@pytest.fixture
def config(server: Script, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr("scrypath.meilisearch.wire.RETRY_PAUSES", ())
    return Config(
        meilisearch_url=server.url,
        database_url="postgresql://127.0.0.1:1/nowhere",
        home=tmp_path,
        connect_timeout=1.0,
        request_timeout=TIMEOUT,
        task_timeout=0.05,
        schemas=("tests.support.shop:Product",),
    )


def judged(call: Callable[[], Any]) -> Any:
    """What a call gives: its result, or its error of the kit; anything else, or a late one, fails the test."""
    began = time.monotonic()
    try:
        found = call()
    except ScrypathError as error:
        found = error
    assert time.monotonic() - began < DEADLINE
    assert not isinstance(found, ScrypathError) or (found.message and found.hint), repr(found)
    return found


@pytest.mark.parametrize("name", ROUTES)
@given(data=st.data())
@settings(max_examples=CASES // len(ROUTES), suppress_health_check=list(HealthCheck))
def test_whatever_is_answered(name: str, server: Script, config: Config, data: st.DataObject) -> None:
    route = ROUTES[name]
    said = [Answer(sound) for sound in route.sound]
    place = data.draw(st.integers(0, len(said) - 1))
    said[place] = data.draw(answers(route.sound[place]))
    server.asked.clear()
    server.say(*said)
    judged(lambda: route.call(config))
    assert len(server.asked) < MOST_REQUESTS


@pytest.mark.parametrize("name", ROUTES)
def test_a_sound_answer_is_read(name: str, server: Script, config: Config) -> None:
    """Or the answers that are made up from it would test nothing."""
    server.asked.clear()
    server.say(*map(Answer, ROUTES[name].sound))
    found = judged(lambda: ROUTES[name].call(config))
    assert not isinstance(found, ScrypathError), found
