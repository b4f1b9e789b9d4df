"""What is refused first, and what is lost on the way, as a real 1.50 server was seen to do it."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine_client import Client

pytestmark = pytest.mark.integration


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("POST", "/indexes/none/search", {"limit": "x"}, "invalid_search_limit"),
        ("POST", "/indexes/a%20b/search", {"limit": "x"}, "invalid_search_limit"),
        ("POST", "/indexes/none/search", {"filter": "a ="}, "invalid_search_filter"),
        ("POST", "/indexes/a%20b/search", {"filter": "a ="}, "invalid_index_uid"),
        ("POST", "/indexes/none/search", {"sort": ["a"]}, "index_not_found"),
        ("POST", "/indexes/none/facet-search", {}, "missing_facet_search_facet_name"),
        ("POST", "/indexes/none/facet-search", {"facetName": "a", "filter": "a ="}, "index_not_found"),
        ("POST", "/indexes/none/documents/fetch", {"filter": 1}, "index_not_found"),
        ("POST", "/indexes/none/documents/fetch", {"sort": ["a"]}, "invalid_document_sort"),
        ("POST", "/indexes/a%20b/documents/fetch", {"ids": ["*"]}, "invalid_index_uid"),
        ("GET", "/indexes/films/documents?filter=1", None, "invalid_document_filter"),
        ("GET", "/indexes/films/documents?ids=a.b&offset=x", None, "invalid_document_offset"),
        (
            "GET",
            "/indexes/films/documents?retrieveVectors=x&limit=y",
            None,
            "invalid_document_retrieve_vectors",
        ),
        ("GET", "/indexes/films/documents?limit=x&limit=1&offset=y", None, "invalid_document_offset"),
        ("GET", "/tasks?from=x&nope=1", None, "invalid_task_from"),
        ("GET", "/tasks?nope=1&from=x", None, "bad_request"),
    ],
)
def test_the_first_thing_that_is_wrong_is_refused(
    client: Client, method: str, path: str, body: Any, code: str
) -> None:
    client.do("POST", "/indexes", {"uid": "films"})
    status, error = client.ask(method, path, body)
    assert (status >= 400, error["code"]) == (True, code)


def test_of_a_parameter_given_twice_the_last_counts(client: Client) -> None:
    client.do("POST", "/indexes/films/documents", [{"id": n} for n in range(3)])
    assert client.get("/indexes/films/documents?limit=x&limit=2")["limit"] == 2


def test_an_operator_that_is_not_allowed_is_refused_as_in_a_search(client: Client) -> None:
    rule = {"attributePatterns": ["year"], "features": {"filter": {"comparison": False}}}
    client.do("PATCH", "/indexes/films/settings", {"filterableAttributes": [rule]})
    client.do("POST", "/indexes/films/documents", [{"id": 1, "year": 3}])
    refused = client.ask("POST", "/indexes/films/documents/fetch", {"filter": "year > 1"})[1]
    assert refused["code"] == "invalid_search_filter"
    task = client.do("POST", "/indexes/films/documents/delete", {"filter": "year > 1"})
    assert task["error"]["code"] == "invalid_search_filter"


def test_sorted_documents_lose_those_whose_field_holds_no_value(client: Client) -> None:
    client.do("PATCH", "/indexes/films/settings", {"sortableAttributes": ["year"]})
    years = [{"year": 3}, {}, {"year": None}, {"year": 1}, {"year": []}, {"year": ""}, {"year": {"a": 1}}]
    client.do("POST", "/indexes/films/documents", [{"id": n, **year} for n, year in enumerate(years)])
    page = client.get("/indexes/films/documents?sort=year:asc")
    assert [document["id"] for document in page["results"]] == [3, 0, 1]
    assert page["total"] == len(years)
    found = client.ask("POST", "/indexes/films/search", {"sort": ["year:asc"]})[1]
    assert [hit["id"] for hit in found["hits"]] == [3, 0, 1, 2, 4, 5, 6]
    unsorted = client.ask("POST", "/indexes/films/documents/fetch", {"sort": []})[1]
    assert [document["id"] for document in unsorted["results"]] == list(range(len(years)))


def test_a_place_that_is_none_stops_every_change_of_settings(client: Client) -> None:
    assert client.do("POST", "/indexes/films/documents", [{"id": 1, "_geo": 1}])["status"] == "succeeded"
    task = client.do("PATCH", "/indexes/films/settings", {"stopWords": ["the"]})
    assert (task["status"], task["error"]["code"]) == ("failed", "invalid_document_geo_field")
    assert client.get("/indexes/films/settings/stop-words") == []


@pytest.mark.parametrize(
    ("vectors", "code", "message"),
    [
        (1, "internal", "invalid type: integer `1`, expected a map at line 1 column 1"),
        ("a", "internal", 'invalid type: string "a", expected a map at line 1 column 3'),
        (None, "internal", "invalid type: null, expected a map at line 1 column 4"),
        (True, "internal", "invalid type: boolean `true`, expected a map at line 1 column 4"),
        ([1], "internal", "invalid type: sequence, expected a map at line 1 column 0"),
        (
            {"a": True},
            "invalid_vectors_type",
            "Bad embedder configuration in the document with id: `1`. Expected `._vectors.a` to be an array of floats,"
            " an array of arrays of floats, or an object with at least the field `regenerate`, but got the boolean"
            " `true`",
        ),
        (
            {"a": {"regenerate": 1}},
            "invalid_vectors_type",
            "Bad embedder configuration in the document with id: `1`. Could not parse `._vectors.a.regenerate`:"
            " invalid type: integer `1`, expected a boolean at line 1 column 16",
        ),
    ],
)
def test_vectors_that_are_none_fail_their_task(client: Client, vectors: Any, code: str, message: str) -> None:
    task = client.do("POST", "/indexes/films/documents", [{"id": 1, "_vectors": vectors}])
    assert (task["status"], task["error"]["code"]) == ("failed", code)
    assert task["error"]["message"] == f"Index `films`: {message}"
    kept = client.do("POST", "/indexes/films/documents", [{"id": 1, "_vectors": {"a": [1, 2], "b": None}}])
    assert kept["status"] == "succeeded"
