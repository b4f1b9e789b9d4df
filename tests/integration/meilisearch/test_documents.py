from __future__ import annotations

from dataclasses import replace

import pytest

from scrypath.config import Config
from scrypath.errors import BackendRejected, IndexNotFound, Unauthorised
from scrypath.meilisearch import (
    client,
    connect,
    documents,
    indexes,
    multi_search,
    search,
    settings,
    tasks,
    version,
)
from scrypath.redaction import Secret

pytestmark = pytest.mark.integration

FINGERPRINT = "_scrypath"


def filled(config: Config, index: str, count: int) -> None:
    rows = ({"id": f"k-{n}", "name": f"name {n}", FINGERPRINT: f"f{n:023}"} for n in range(count))
    sent = documents.write(replace(config, batch_size=400), index, rows, primary_key="id")
    assert sum(one.document_count or 0 for one in sent) == count
    for task in tasks.wait_all(config, [one.uid for one in sent]):
        task.require_success()


def test_the_server_is_one_that_the_kit_supports(config: Config) -> None:
    assert version.health(config)
    assert version.server_version(config).supported


def test_what_was_written_is_read_back_page_by_page(config: Config, index: str) -> None:
    filled(config, index, 1_050)
    pages = list(documents.pages(config, index, fields=["id", FINGERPRINT]))
    assert len(pages) == 11
    assert {page.total for page in pages} == {1_050}
    columns = [documents.columns(page, ["id", FINGERPRINT], id_field="id") for page in pages]
    read = {
        (id_, mark) for table in columns for id_, mark, _ in zip(*table.to_pydict().values(), strict=True)
    }
    assert read == {(f"k-{n}", f"f{n:023}") for n in range(1_050)}
    part = list(documents.pages(config, index, start=1_000, stop=1_010, page_size=4))
    assert [page.count for page in part] == [4, 4, 2]


def test_ids_that_are_numbers_read_as_text(config: Config, index: str) -> None:
    (sent,) = documents.write(config, index, [{"id": 1}, {"id": "2"}, {"id": "x"}], primary_key="id")
    tasks.wait(config, sent.uid).require_success()
    (page,) = documents.pages(config, index, fields=["id"])
    read = documents.columns(page, ["id"], id_field="id").to_pydict()
    assert dict(zip(read["id"], read["id_kind"], strict=True)) == {
        "1": "number",
        "2": "string",
        "x": "string",
    }


def test_documents_are_read_by_id_and_strangers_left_out(config: Config, index: str) -> None:
    filled(config, index, 20)
    found = documents.get_many(config, index, ["k-3", "k-17", "k-99"], fields=["id", "name"])
    assert sorted(found, key=lambda one: one["id"]) == [
        {"id": "k-17", "name": "name 17"},
        {"id": "k-3", "name": "name 3"},
    ]


def test_deleted_documents_are_gone(config: Config, index: str) -> None:
    filled(config, index, 20)
    (sent,) = documents.delete(config, index, ["k-3", "k-17", "k-99"], reference="scry-2")
    assert tasks.wait(config, sent.uid).require_success().custom_metadata == "scry-2"
    assert indexes.stats(config, index).number_of_documents == 18
    tasks.wait(config, documents.delete_all(config, index, reference="scry-3").uid).require_success()
    assert indexes.stats(config, index).number_of_documents == 0


def test_an_update_keeps_what_it_does_not_name(config: Config, index: str) -> None:
    filled(config, index, 1)
    (sent,) = documents.write(config, index, [{"id": "k-0", "name": "new"}], content="update")
    tasks.wait(config, sent.uid).require_success()
    assert documents.get_many(config, index, ["k-0"]) == [
        {"id": "k-0", "name": "new", FINGERPRINT: f"f{0:023}"}
    ]


def test_compression_changes_nothing_but_the_wire(config: Config, index: str) -> None:
    slow = replace(config, compress=True)
    filled(slow, index, 500)
    assert {page.total for page in documents.pages(slow, index)} == {500}


def test_a_payload_that_is_not_json_is_refused_at_once(config: Config, index: str) -> None:
    with pytest.raises(BackendRejected) as caught:
        documents.write_payload(config, index, b'{"id": 1\n{')
    assert caught.value.error_code == "malformed_payload"


def test_an_index_that_is_not_there_is_said(config: Config, index: str) -> None:
    for ask in (
        lambda: next(documents.pages(config, index)),
        lambda: documents.get_many(config, index, ["1"]),
        lambda: indexes.stats(config, index),
        lambda: settings.read(config, index),
        lambda: search(config, index, {"q": ""}),
    ):
        with pytest.raises(IndexNotFound, match=f"Index `{index}` not found"):
            ask()
    assert indexes.get(config, index) is None


def test_an_index_is_created_with_its_key(config: Config, index: str) -> None:
    tasks.wait(config, indexes.create(config, index, "sku")).require_success()
    found = indexes.get(config, index)
    assert found is not None
    assert (found.uid, found.primary_key) == (index, "sku")
    assert tasks.wait(config, indexes.create(config, index, "sku")).error_code == "index_already_exists"


def test_settings_that_were_sent_are_no_difference(config: Config, index: str) -> None:
    declared = {
        "displayedAttributes": ["id", "name"],
        "searchableAttributes": ["name", "id"],
        "filterableAttributes": ["name", "id"],
        "sortableAttributes": ["name"],
        "stopWords": ["the", "a", "The"],
        "synonyms": {"sofa": ["settee", "couch"]},
        "typoTolerance": {"minWordSizeForTypos": {"oneTypo": 4}, "disableOnWords": ["Shrek"]},
        "faceting": {"maxValuesPerFacet": 7, "sortFacetValuesBy": {"name": "count"}},
        "rankingRules": ["words", "typo", "name:desc", "exactness"],
    }
    tasks.wait(config, indexes.create(config, index, "id")).require_success()
    assert {one.key for one in settings.diff(declared, settings.read(config, index))} == set(declared)
    tasks.wait(config, settings.patch(config, index, declared)).require_success()
    assert settings.diff(declared, settings.read(config, index)) == []
    tasks.wait(config, settings.patch(config, index, dict.fromkeys(declared))).require_success()
    assert settings.diff(dict.fromkeys(declared), settings.read(config, index)) == []


def test_a_hot_apply_can_be_taken_back(config: Config, index: str) -> None:
    tasks.wait(config, indexes.create(config, index, "id")).require_success()
    before = settings.read(config, index)
    changes = {"synonyms": {"a": ["b"]}, "typo_tolerance": {"min_word_size_for_typos": {"one_typo": 4}}}
    done = settings.hot_apply(config, index, changes, acknowledge=True)
    assert settings.read(config, index)["synonyms"] == {"a": ["b"]}
    assert settings.hot_apply(config, index, changes, acknowledge=True).task_uid is None
    settings.hot_apply(config, index, done.previous, acknowledge=True)
    assert settings.read(config, index) == before


def test_a_field_that_is_not_displayed_is_still_read_by_us(config: Config, index: str) -> None:
    hidden = {"displayedAttributes": ["id", "name"], "searchableAttributes": ["name"]}
    tasks.wait(config, indexes.create(config, index, "id")).require_success()
    tasks.wait(config, settings.patch(config, index, hidden)).require_success()
    filled(config, index, 3)
    asked = {"q": "name", "attributesToRetrieve": ["*", FINGERPRINT], "attributesToHighlight": ["*"]}
    assert all(FINGERPRINT not in str(hit) for hit in search(config, index, asked)["hits"])
    assert search(config, index, {"q": f"f{1:023}"})["hits"] == []
    (page,) = documents.pages(config, index, fields=["id", FINGERPRINT])
    assert all(document[FINGERPRINT] for document in page.documents())


def test_a_raw_search_says_what_the_official_client_says(config: Config, index: str) -> None:
    filled(config, index, 30)
    body = {"limit": 3, "attributesToHighlight": ["name"], "showMatchesPosition": True}
    ours = search(config, index, {"q": "name 7", **body})
    assert ours["hits"] == client(config).index(index).search("name 7", body)["hits"]
    assert len(ours["hits"]) == 3
    several = multi_search(
        config, {"queries": [{"indexUid": index, "q": "7"}, {"indexUid": index, "q": "8"}]}
    )
    assert [one["query"] for one in several["results"]] == ["7", "8"]
    with pytest.raises(BackendRejected, match="nope"):
        search(config, index, {"nope": 1})


def test_an_unknown_route_is_refused_by_name(config: Config) -> None:
    with pytest.raises(Exception, match="GET /no/such/route"):
        connect(config).request("GET", "/no/such/route")


def test_a_wrong_key_is_refused_without_being_shown(config: Config) -> None:
    if config.meilisearch_key is None:
        pytest.skip("the server asks for no key")
    wrong = replace(config, meilisearch_key=Secret("not-the-key-at-all"))
    with pytest.raises(Unauthorised, match=r"API key is invalid.*Check the key") as caught:
        version.server_version(wrong)
    assert "not-the-key" not in str(caught.value)
    with pytest.raises(Unauthorised, match=r"Authorization header is missing.*SCRYPATH_MEILISEARCH_KEY"):
        indexes.listing(replace(config, meilisearch_key=None))
    assert version.health(wrong)
