"""The official client cannot tell the engine from a server, on every method the kit or its users may call."""

from __future__ import annotations

import ast
import datetime
import inspect
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import meilisearch
import pytest
from meilisearch.errors import MeilisearchApiError

from scrypath.local.engine.engine import Engine
from scrypath.local.engine.serving import serving

pytestmark = pytest.mark.integration

KEY = "a-master-key-of-sixteen"
FILMS = [
    {
        "id": 1,
        "title": "Solaris",
        "year": 1972,
        "genre": ["drama", "space"],
        "_geo": {"lat": 55.7, "lng": 37.6},
    },
    {"id": 2, "title": "Stalker", "year": 1979, "genre": ["drama"]},
    {"id": 3, "title": "Alien", "year": 1979, "genre": ["horror", "space"]},
]


@pytest.fixture
def server(tmp_path: Path) -> Iterator[meilisearch.Client]:
    with Engine(tmp_path, master_key=KEY) as engine, serving(engine) as url:
        yield meilisearch.Client(url, KEY)


@pytest.fixture
def films(server: meilisearch.Client) -> meilisearch.index.Index:
    index = server.index("films")
    done(server, server.create_index("films", {"primaryKey": "id"}))
    attributes = {
        "filterableAttributes": ["genre", "year", "_geo", "id"],
        "sortableAttributes": ["year", "_geo"],
    }
    done(server, index.update_settings(attributes))
    done(server, index.add_documents(FILMS))
    return index


def done(server: meilisearch.Client, task: Any) -> Any:
    ended = server.wait_for_task(task.task_uid, 30_000, 5)
    assert ended.status == "succeeded", ended.error
    return ended


def test_the_server_itself(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    assert server.health() == {"status": "available"}
    assert server.is_healthy()
    assert server.version()["pkgVersion"] == server.get_version()["pkgVersion"] == "1.50.0"
    assert server.get_all_stats()["indexes"]["films"]["numberOfDocuments"] == 3
    assert done(server, server.create_dump()).type == "dumpCreation"
    assert done(server, server.create_snapshot()).type == "snapshotCreation"


def test_indexes(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    done(server, server.create_index("other"))
    assert [index.uid for index in server.get_indexes()["results"]] == ["films", "other"]
    assert server.get_raw_indexes()["total"] == 2
    assert server.get_index("films").primary_key == "id"
    assert server.get_raw_index("films")["primaryKey"] == "id"
    assert films.fetch_info().created_at is not None
    assert films.get_primary_key() == "id"
    done(server, server.index("other").update(primary_key="sku"))
    assert server.get_raw_index("other")["primaryKey"] == "sku"
    done(server, server.swap_indexes([{"indexes": ["films", "other"]}]))
    assert server.index("other").get_stats().number_of_documents == 3
    done(server, server.delete_index("films"))
    done(server, server.index("other").delete())
    assert server.get_indexes()["total"] == 0
    with pytest.raises(MeilisearchApiError) as refused:
        server.get_index("films")
    assert (refused.value.code, refused.value.status_code) == ("index_not_found", 404)


def test_documents(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    assert films.get_document(1).title == "Solaris"
    assert films.get_document("1", {"fields": ["title"]}).title == "Solaris"
    assert films.get_documents({"limit": 1, "offset": 1}).results[0].id == 2
    assert films.get_documents({"filter": "year > 1975", "fields": ["id"]}).total == 2
    for tasks in (
        films.add_documents_in_batches([{"id": n} for n in range(10, 15)], 2),
        films.update_documents_in_batches([{"id": n, "x": n} for n in range(10, 15)], 2),
    ):
        for task in tasks:
            done(server, task)
    assert films.get_document(14).x == 14
    done(server, films.update_documents([{"id": 1, "seen": True}]))
    assert films.get_document(1).title == "Solaris"
    done(server, films.add_documents_json(b'[{"id": 20}]'))
    done(server, films.add_documents_ndjson(b'{"id": 21}\n{"id": 22}'))
    done(server, films.add_documents_csv(b"id,price:number\n23,1.5\n"))
    done(server, films.add_documents_raw(b'[{"id": 24}]', content_type="application/json"))
    done(server, films.update_documents_json(b'[{"id": 20, "y": 1}]'))
    done(server, films.update_documents_ndjson(b'{"id": 21, "y": 1}'))
    done(server, films.update_documents_csv(b"id,y:number\n23,2\n"))
    assert films.get_document(23).y == 2
    done(server, films.delete_document(24))
    done(server, films.delete_documents(filter="id IN [20, 21, 22]"))
    done(server, films.delete_documents(filter="year = 1972"))
    assert sorted(
        document.id for document in films.get_documents({"limit": 100}).results if document.id != "23"
    ) == [
        2,
        3,
        10,
        11,
        12,
        13,
        14,
    ]
    done(server, films.delete_all_documents())
    assert films.get_documents().total == 0


def test_searches(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    assert films.search("solaris")["hits"][0]["id"] == 1
    found = films.search("", {"filter": "genre = space", "sort": ["year:desc"], "facets": ["genre"]})
    assert [hit["id"] for hit in found["hits"]] == [3, 1]
    assert found["facetDistribution"] == {"genre": {"drama": 1, "horror": 1, "space": 2}}
    assert films.facet_search("genre", "dra")["facetHits"] == [{"value": "drama", "count": 2}]
    assert films.search("", {"filter": "_geoRadius(55, 37, 500000)"})["estimatedTotalHits"] == 1
    several = server.multi_search([{"indexUid": "films", "q": "alien"}, {"indexUid": "films", "limit": 1}])
    assert [len(one["hits"]) for one in several["results"]] == [1, 1]
    merged = server.multi_search([{"indexUid": "films", "q": "alien"}], {"limit": 5})
    assert merged["hits"][0]["_federation"]["indexUid"] == "films"
    with pytest.raises(MeilisearchApiError) as refused:
        films.search("", {"filter": "nope = 1"})
    assert refused.value.code == "invalid_search_filter"


SETTINGS = {
    "displayed_attributes": ["id", "title"],
    "searchable_attributes": ["title"],
    "filterable_attributes": ["year"],
    "sortable_attributes": ["title"],
    "ranking_rules": ["words", "typo"],
    "stop_words": ["the"],
    "synonyms": {"film": ["movie"]},
    "distinct_attribute": "year",
    "dictionary": ["J. R. R."],
    "separator_tokens": ["&"],
    "non_separator_tokens": ["#"],
    "proximity_precision": "byAttribute",
    "search_cutoff_ms": 100,
    "facet_search_settings": False,
    "prefix_search": "disabled",
}


@pytest.mark.parametrize("name", SETTINGS)
def test_one_setting(server: meilisearch.Client, films: meilisearch.index.Index, name: str) -> None:
    get, update, reset = (getattr(films, f"{verb}_{name}") for verb in ("get", "update", "reset"))
    done(server, reset())
    default = get()
    done(server, update(SETTINGS[name]))
    assert get() == SETTINGS[name]
    done(server, reset())
    assert get() == default


def test_settings_of_several_parts(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    done(server, films.update_typo_tolerance({"enabled": False, "minWordSizeForTypos": {"oneTypo": 6}}))
    tolerance = films.get_typo_tolerance()
    assert (tolerance.enabled, tolerance.min_word_size_for_typos.one_typo) == (False, 6)
    done(server, films.reset_typo_tolerance())
    done(server, films.update_pagination_settings({"maxTotalHits": 7}))
    assert films.get_pagination_settings().max_total_hits == 7
    done(server, films.reset_pagination_settings())
    done(
        server,
        films.update_faceting_settings({"maxValuesPerFacet": 3, "sortFacetValuesBy": {"genre": "count"}}),
    )
    assert films.get_faceting_settings().max_values_per_facet == 3
    done(server, films.reset_faceting_settings())
    done(server, films.update_localized_attributes([{"attributePatterns": ["title"], "locales": ["eng"]}]))
    assert films.get_localized_attributes()[0].locales == ["eng"]
    done(server, films.reset_localized_attributes())
    assert films.get_embedders() is None or films.get_embedders().embedders == {}
    done(server, films.reset_settings())
    assert films.get_settings()["pagination"] == {"maxTotalHits": 1000}


def test_tasks_and_batches(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    assert [task.uid for task in server.get_tasks({"limit": 2}).results] == [2, 1]
    assert films.get_tasks().total == 3
    assert films.get_task(0).type == server.get_task(0).type == "indexCreation"
    assert server.get_task(2).details["receivedDocuments"] == 3
    assert server.get_batches().total == 3
    assert server.get_batch(0).stats["totalNbTasks"] == 1
    assert done(server, server.cancel_tasks({"uids": ["0"]})).details["canceledTasks"] == 0
    assert done(server, server.delete_tasks({"uids": ["0"]})).details["deletedTasks"] == 1
    with pytest.raises(MeilisearchApiError, match="Task `0` not found"):
        server.get_task(0)


def test_keys_and_tenants(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    assert server.get_keys().total == 4
    key = server.create_key({"name": "s", "actions": ["search"], "indexes": ["films"], "expiresAt": None})
    assert server.get_key(key.uid).key == key.key
    assert server.update_key(key.uid, {"name": "renamed"}).name == "renamed"
    soon = datetime.datetime.now(datetime.UTC) + datetime.timedelta(hours=1)
    token = server.generate_tenant_token(
        key.uid, {"films": {"filter": "year > 1975"}}, api_key=key.key, expires_at=soon
    )
    tenant = meilisearch.Client(server.config.url, token)
    assert tenant.index("films").search("", {"filter": "genre = space"})["estimatedTotalHits"] == 1
    with pytest.raises(MeilisearchApiError):
        tenant.index("films").get_documents()
    assert server.delete_key(key.uid) == 204


def test_webhooks_and_features_are_listed_as_none(
    server: meilisearch.Client, films: meilisearch.index.Index
) -> None:
    assert server.get_webhooks().results == []
    assert set(server.get_experimental_features().values()) == {False}
    assert set(server.update_experimental_features({"metrics": False}).values()) == {False}
    assert films.get_foreign_keys() == []
    done(server, films.reset_foreign_keys())
    done(server, films.reset_embedders())


def test_fields_and_compaction(server: meilisearch.Client, films: meilisearch.index.Index) -> None:
    fields = films.get_fields(limit=2, filter={"filterable": True})
    assert (fields.total, len(fields.results)) == (6, 2)
    sortable = {field["name"]: field["sortable"]["enabled"] for field in films.get_fields(0, 100).results}
    assert (sortable["year"], sortable["title"]) == (True, False)
    for n in range(0, 500, 50):
        done(server, films.add_documents([{"id": 1000 + m, "text": "word " * 200} for m in range(n, n + 50)]))
    done(server, films.delete_documents(filter="id >= 1000"))
    sizes = done(server, films.compact()).details
    assert set(sizes) == {"preCompactionSize", "postCompactionSize"}
    assert films.get_documents().total == 3
    assert films.search("solaris")["hits"][0]["id"] == 1


def test_a_document_with_a_reference_and_one_that_must_exist(
    server: meilisearch.Client, films: meilisearch.index.Index
) -> None:
    task = films.update_documents_raw(
        b'[{"id": 1, "seen": true}, {"id": 9}]',
        content_type="application/json",
        skip_creation=True,
        metadata="run 7",
    )
    assert done(server, task).details == {"receivedDocuments": 2, "indexedDocuments": 2}
    assert server.http.get(f"tasks/{task.task_uid}")["customMetadata"] == "run 7"
    assert films.get_documents().total == 3
    created = meilisearch.index.Index.create(server.config, "made", {"primaryKey": "id"})
    assert done(server, created).type == "indexCreation"


UUID = "0b9e6c5d-3d1a-4c4e-8a0e-111111111111"
REFUSED: dict[str, tuple[str, Callable[[meilisearch.Client, meilisearch.index.Index], Any]]] = {
    "update_embedders": (
        "invalid_settings_embedders",
        lambda _, films: films.update_embedders({"e": {"source": "openAi", "apiKey": "x"}}),
    ),
    "get_similar_documents": (
        "invalid_similar_embedder",
        lambda _, films: films.get_similar_documents({"id": 1, "embedder": "e"}),
    ),
    "update_foreign_keys": (
        "feature_not_enabled",
        lambda _, films: films.update_foreign_keys([{"foreignIndexUid": "other", "fieldName": "x"}]),
    ),
    "update_documents_by_function": (
        "feature_not_enabled",
        lambda server, _: server.update_documents_by_function("films", {"function": "doc.x = 1"}),
    ),
    "update_experimental_features": (
        "feature_not_enabled",
        lambda server, _: server.update_experimental_features({"network": True}),
    ),
    "get_all_networks": ("feature_not_enabled", lambda server, _: server.get_all_networks()),
    "add_or_update_networks": (
        "feature_not_enabled",
        lambda server, _: server.add_or_update_networks({"self": "a", "remotes": {"a": {"url": "http://a"}}}),
    ),
    "get_chat_workspaces": ("feature_not_enabled", lambda server, _: server.get_chat_workspaces()),
    "get_chat_workspace_settings": (
        "feature_not_enabled",
        lambda server, _: server.get_chat_workspace_settings("x"),
    ),
    "update_chat_workspace_settings": (
        "feature_not_enabled",
        lambda server, _: server.update_chat_workspace_settings("x", {"source": "openAi"}),
    ),
    "create_chat_completion": (
        "feature_not_enabled",
        lambda server, _: list(server.create_chat_completion("x", [{"role": "user", "content": "hi"}])),
    ),
    "get_dynamic_search_rules": ("feature_not_enabled", lambda server, _: server.get_dynamic_search_rules()),
    "get_dynamic_search_rule": ("feature_not_enabled", lambda server, _: server.get_dynamic_search_rule("x")),
    "update_dynamic_search_rule": (
        "feature_not_enabled",
        lambda server, _: server.update_dynamic_search_rule("x", {"active": True}),
    ),
    "delete_dynamic_search_rule": (
        "feature_not_enabled",
        lambda server, _: server.delete_dynamic_search_rule("x"),
    ),
    "render_template": (
        "feature_not_enabled",
        lambda server, _: server.render_template({"kind": "inlineDocumentTemplate", "inline": "x"}),
    ),
    "export": ("feature_not_enabled", lambda server, _: server.export("http://127.0.0.1:9")),
    "create_webhook": (
        "feature_not_enabled",
        lambda server, _: server.create_webhook({"url": "http://127.0.0.1:9"}),
    ),
    "get_webhook": ("webhook_not_found", lambda server, _: server.get_webhook(UUID)),
    "update_webhook": (
        "webhook_not_found",
        lambda server, _: server.update_webhook(UUID, {"url": "http://a"}),
    ),
    "delete_webhook": ("webhook_not_found", lambda server, _: server.delete_webhook(UUID)),
}


@pytest.mark.parametrize("name", REFUSED)
def test_what_is_not_there_says_so(
    server: meilisearch.Client, films: meilisearch.index.Index, name: str
) -> None:
    code, ask = REFUSED[name]
    with pytest.raises(MeilisearchApiError) as refused:
        ask(server, films)
    assert refused.value.code == code


@pytest.mark.parametrize("kind", [meilisearch.Client, meilisearch.index.Index])
def test_no_method_of_the_client_is_left_out(kind: type) -> None:
    tree = ast.parse(Path(__file__).read_text(encoding="utf-8"))
    driven = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    driven |= {f"{verb}_{name}" for verb in ("get", "update", "reset") for name in SETTINGS}
    public = {name for name, _ in inspect.getmembers(kind, callable) if not name.startswith("_")}
    assert public - driven == set()
