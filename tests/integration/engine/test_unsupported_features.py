"""What the engine does not do, it refuses as a server does whose experimental features are off."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.engine_client import Client

pytestmark = pytest.mark.integration

FEATURE = (
    "requires enabling the `{}` experimental feature. See https://github.com/orgs/meilisearch/discussions/{}"
)


@pytest.mark.parametrize(
    ("method", "path", "body", "what", "feature"),
    [
        ("GET", "/network", None, "Using the /network route", ("network", 805)),
        ("PATCH", "/network", {"self": "a"}, "Using the /network route", ("network", 805)),
        ("GET", "/chats/x", None, "displaying a chat", ("chat completions", 835)),
        ("DELETE", "/chats/x", None, "deleting a chat", ("chat completions", 835)),
        (
            "PATCH",
            "/chats/x/settings",
            {"source": "openAi"},
            "using the /chats/settings route",
            ("chat completions", 835),
        ),
        (
            "POST",
            "/dynamic-search-rules",
            {"limit": 2},
            "Calling the `POST /dynamic-search-rules` route",
            ("dynamic search rules", 884),
        ),
        (
            "DELETE",
            "/dynamic-search-rules/x",
            None,
            "Using the `/dynamic-search-rules` routes",
            ("dynamic search rules", 884),
        ),
        (
            "POST",
            "/tasks/compact",
            None,
            "Using the /tasks/compact route",
            ("task queue compaction route", 883),
        ),
        (
            "POST",
            "/render-template",
            {"template": {"kind": "inlineDocumentTemplate"}},
            "calling the /render-template route",
            ("render_route", 888),
        ),
        (
            "POST",
            "/indexes/films/documents/edit",
            {"function": "doc.x = 1"},
            "Using the documents edit route",
            ("edit documents by function", 762),
        ),
        (
            "PATCH",
            "/indexes/films/settings/chat",
            {"description": "x"},
            "setting `chat` in the index settings",
            ("chat completions", 835),
        ),
        (
            "PUT",
            "/indexes/films/settings/foreign-keys",
            [],
            "setting `foreignKeys` in the index settings",
            ("foreign_keys", 873),
        ),
        (
            "GET",
            "/indexes/films/search?useNetwork=true",
            None,
            "passing `useNetwork` in a search query",
            ("network", 805),
        ),
    ],
)
def test_an_experimental_feature_is_not_enabled(
    client: Client, method: str, path: str, body: Any, what: str, feature: tuple[str, int]
) -> None:
    client.do("POST", "/indexes", {"uid": "films"})
    status, error = client.ask(method, path, body)
    assert (status, error["code"]) == (400, "feature_not_enabled")
    assert error["message"] == f"{what} {FEATURE.format(*feature)}"


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "message"),
    [
        (
            "PATCH",
            "/chats/x/settings",
            {"source": "x"},
            "bad_request",
            "Unknown value `x` at `.source`: expected one of `openAi`, `mistral`, `azureOpenAi`, `vLlm`",
        ),
        (
            "POST",
            "/chats/x/chat/completions",
            {"messages": []},
            "bad_request",
            "Json deserialize error: missing field `model` at line 1 column 16",
        ),
        (
            "PATCH",
            "/dynamic-search-rules/x",
            {"actions": 1},
            "invalid_dynamic_search_rule_actions",
            "Invalid value type at `.actions`: expected an array, but found a positive integer: `1`",
        ),
        (
            "POST",
            "/indexes/films/documents/edit",
            {},
            "missing_document_edition_function",
            "Missing field `function`",
        ),
        (
            "PATCH",
            "/indexes/films/settings",
            {"foreignKeys": [{"foreignIndexUid": "a"}]},
            "invalid_settings_foreign_keys",
            "Missing field `fieldName` inside `.foreignKeys[0]`",
        ),
        (
            "POST",
            "/webhooks",
            {"isEditable": True},
            "immutable_webhook_is_editable",
            "Immutable field `isEditable`: expected one of `url`, `headers`",
        ),
        (
            "GET",
            "/webhooks/0b9e6c5d-3d1a-4c4e-8a0e-1111111111111",
            None,
            "invalid_webhook_uuid",
            "Invalid UUID: invalid group length in group 4: expected 12, found 13",
        ),
        (
            "GET",
            "/indexes/films/documents?useNetwork=true",
            None,
            "invalid_document_use_network",
            "Invalid value type for parameter `useNetwork`: expected a string, but found a string: `true`",
        ),
        (
            "GET",
            "/indexes/films/search?hybridSemanticRatio=0.5",
            None,
            "invalid_search_hybrid_query",
            "`hybridEmbedder` is mandatory when `hybridSemanticRatio` is present",
        ),
        (
            "POST",
            "/indexes/films/similar",
            {"id": 1, "limit": "a"},
            "invalid_similar_limit",
            'Invalid value type at `.limit`: expected a positive integer, but found a string: `"a"`',
        ),
    ],
)
def test_what_is_wrong_with_a_request_is_said_first(
    client: Client, method: str, path: str, body: Any, code: str, message: str
) -> None:
    client.do("POST", "/indexes", {"uid": "films"})
    status, error = client.ask(method, path, body)
    assert (status, error["code"], error["message"]) == (400, code, message)


@pytest.mark.parametrize("name", ["chat", "foreign-keys"])
def test_settings_of_a_feature_have_their_defaults_and_can_be_reset(client: Client, name: str) -> None:
    client.do("POST", "/indexes", {"uid": "films"})
    before = client.get(f"/indexes/films/settings/{name}")
    task = client.do("DELETE", f"/indexes/films/settings/{name}")
    assert task["details"] == {"chat" if name == "chat" else "foreignKeys": None}
    assert task["status"] == "succeeded"
    assert client.get(f"/indexes/films/settings/{name}") == before
    assert name not in client.get("/indexes/films/settings")


def test_the_compaction_of_a_missing_index_fails(client: Client) -> None:
    task = client.do("POST", "/indexes/none/compact")
    assert (task["status"], task["error"]["code"], task["details"]) == ("failed", "index_not_found", {})


def test_fields_say_what_the_settings_make_of_them(client: Client) -> None:
    client.do(
        "PATCH",
        "/indexes/films/settings",
        {
            "filterableAttributes": ["year", {"attributePatterns": ["t*"]}],
            "displayedAttributes": ["id", "title"],
            "searchableAttributes": ["title"],
            "rankingRules": ["words", "year:desc"],
            "distinctAttribute": "year",
            "faceting": {"sortFacetValuesBy": {"year": "count"}},
            "localizedAttributes": [{"attributePatterns": ["ti*"], "locales": ["fra"]}],
        },
    )
    client.do("POST", "/indexes/films/documents", [{"id": 1, "title": "x", "year": 3}])
    status, found = client.ask("POST", "/indexes/films/fields", {"filter": {"filterable": True}})
    assert (status, found["total"]) == (200, 2)
    title, year = found["results"]
    assert title == {
        "name": "title",
        "displayed": {"enabled": True},
        "searchable": {"enabled": True},
        "sortable": {"enabled": False},
        "distinct": {"enabled": False},
        "rankingRule": {"enabled": False},
        "filterable": {
            "enabled": True,
            "sortBy": "alpha",
            "facetSearch": False,
            "equality": True,
            "comparison": False,
        },
        "localized": {"locales": ["Fra"]},
    }
    assert year["rankingRule"] == {"enabled": True, "order": "desc"}
    assert year["filterable"]["sortBy"] == "count"
    assert year["distinct"]["enabled"]
    asked = {"filter": {"attributePatterns": ["*i*"], "displayed": True}, "limit": 1}
    page = client.ask("POST", "/indexes/films/fields", asked)[1]
    assert ([field["name"] for field in page["results"]], page["total"], page["limit"]) == (["id"], 2, 1)
