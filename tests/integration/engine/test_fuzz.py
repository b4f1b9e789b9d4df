"""Garbage in, Meilisearch's refusals out: never a 500, never a broken database."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import urllib3
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.local.engine import settings as wire
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.keys import FIELDS
from scrypath.local.engine.query import LISTED
from scrypath.local.engine.routes import (
    documents,
    fields,
    indexes,
    keys,
    off,
    search,
    similar,
    system,
    tasks,
    webhooks,
)
from scrypath.local.engine.routes import settings as settings_routes
from tests.support.engine_client import Client

pytestmark = pytest.mark.integration

ROUTES = [
    route
    for room in (
        system,
        indexes,
        documents,
        fields,
        settings_routes,
        search,
        similar,
        tasks,
        keys,
        webhooks,
        off,
    )
    for route in room.ROUTES
    if route.path not in ("/dumps", "/snapshots")
]
NAMES = st.sampled_from(["films", "other", "none", "a b", "", "é", "x" * 500])
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["", "id", "*", "films", "year > 3", "year:desc", "a b", "_geoPoint(1,2):asc", "\u0000", "\U0001f600"]
    ),
    st.text(max_size=6),
)
OTHER_KEYS = [
    "uid",
    "primaryKey",
    "queries",
    "indexUid",
    "federation",
    "facetName",
    "facetQuery",
    "indexes",
    "rename",
    "federationOptions",
]
KEYS = st.one_of(
    st.sampled_from([*search.PARAMETERS, *wire.KEYS, *FIELDS, *documents._BROWSED, *OTHER_KEYS]),
    st.text(max_size=5),
)
JSON = st.recursive(
    SCALARS,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(KEYS, inner, max_size=4)),
    max_leaves=12,
)
BODIES = st.one_of(
    JSON.map(lambda value: json.dumps(value).encode()),
    st.binary(max_size=40),
    JSON.map(lambda value: json.dumps(value).encode()[:-1]),
)
PARAMETERS = st.dictionaries(
    st.one_of(
        st.sampled_from([*LISTED, *search.PARAMETERS, *documents._BROWSED, "customMetadata"]),
        st.text(max_size=4),
    ),
    SCALARS.map(str),
    max_size=3,
)
HEADERS = st.fixed_dictionaries(
    {
        "content-type": st.sampled_from(
            ["application/json", "application/x-ndjson", "text/csv", "x", "", "a/b;c=d"]
        )
    },
    optional={
        "content-encoding": st.sampled_from(["gzip", "deflate", "br", "nope", ""]),
        "authorization": st.sampled_from(["Bearer x", "Bearer", "x", "Bearer a.b.c", "Basic \u00e9"]),
    },
)


@pytest.fixture
def filled(client: Client, engine: Engine, eventually: Any) -> Iterator[Client]:
    """A client of an engine with documents; whatever is done with it, its databases are sound in the end."""
    client.do(
        "POST", "/indexes/films/documents", [{"id": n, "title": f"film {n}", "year": n} for n in range(20)]
    )
    client.do(
        "PATCH", "/indexes/films/settings", {"filterableAttributes": ["year"], "sortableAttributes": ["year"]}
    )
    yield client
    eventually(lambda: not client.get("/tasks?statuses=enqueued,processing&limit=1")["results"])
    indexes = list(engine.indexes.all())
    for file in (engine.queue.database.path, *(index.database.path for _, index in indexes)):
        assert _integrity(file) == "ok"
    for uid, index in indexes:
        with index.database.write() as conn:
            conn.execute("INSERT INTO search_text (search_text) VALUES ('integrity-check')")
        found = client.get(f"/indexes/{uid}/documents?limit=100000")
        assert (
            len(found["results"])
            == found["total"]
            == client.get(f"/indexes/{uid}/stats")["numberOfDocuments"]
        )


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_request_is_answered_with_a_500(filled: Client, data: st.DataObject) -> None:
    route = data.draw(st.sampled_from(ROUTES))
    name = data.draw(NAMES)
    path = "/".join(quote(name, safe="") if part.startswith("{") else part for part in route.path.split("/"))
    query = "&".join(f"{quote(key)}={quote(value)}" for key, value in data.draw(PARAMETERS).items())
    body: bytes | None = data.draw(BODIES) if route.method != "GET" else None
    headers: dict[str, Any] = data.draw(HEADERS)
    sent = {key: value.encode("latin-1") for key, value in headers.items()}
    reply = filled._pool.request(
        route.method,
        f"{filled.url}{path}?{query}",
        body=body,
        headers=sent,
        timeout=30,
        retries=urllib3.Retry(0),
    )
    shown = f"{route.method} {path}?{query} {body!r} {headers}: {reply.status} {reply.data[:300]!r}"
    assert reply.status < 500, shown
    if reply.status >= 400 and reply.data:
        assert list(json.loads(reply.data)) == ["message", "code", "type", "link"], shown


def test_broken_documents_fail_their_task_or_are_refused(filled: Client, eventually: Any) -> None:
    for body in (
        b"[{",
        b"\xff",
        b'[{"id":"' + b"x" * 600 + b'"}]',
        b'[{"id":{}}]',
        b'{"id":1e400}',
        b"[" * 5000,
    ):
        filled.raw("POST", "/indexes/films/documents", body, {"content-type": "application/json"})
    eventually(lambda: not filled.get("/tasks?statuses=enqueued,processing")["results"])
    assert not filled.get("/tasks?limit=100000&statuses=failed")["results"] or all(
        task["error"]["type"] == "invalid_request" for task in filled.get("/tasks?statuses=failed")["results"]
    )


def _integrity(file: Path) -> str:
    with sqlite3.connect(f"file:{file}?mode=ro", uri=True) as conn:
        (found,) = conn.execute("PRAGMA integrity_check").fetchone()
    conn.close()
    return str(found)
