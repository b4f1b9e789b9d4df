"""Many documents, little memory, and an answer whenever one looks."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.engine_client import Client, Process

pytestmark = [pytest.mark.integration, pytest.mark.slow]

DOCUMENTS = 200_000
POSTED = 50_000
PAGE = 20_000
MEMORY = 300 << 20


@pytest.fixture
def process(tmp_path: Path) -> Iterator[Process]:
    with Process(tmp_path) as process:
        yield process


class Watch(threading.Thread):
    """Looks at the health of an engine all the time."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self._client = Client(url)
        self._done = threading.Event()
        self.longest = 0.0

    def run(self) -> None:
        while not self._done.wait(0.01):
            began = time.perf_counter()
            self._client.get("/health")
            self.longest = max(self.longest, time.perf_counter() - began)

    def stop(self) -> float:
        """Return the longest wait, in seconds."""
        self._done.set()
        self.join()
        return self.longest


def _lines(first: int) -> bytes:
    words = (
        "lorem ipsum dolor sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut labore"
    )
    return b"\n".join(
        b'{"id":%d,"title":"document %d","fingerprint":"%024x","body":"%s"}'
        % (n, n, n * 7919, words.encode())
        for n in range(first, first + POSTED)
    )


def test_documents_come_back_page_by_page_with_little_memory(process: Process) -> None:
    client = process.client
    client.do("PATCH", "/indexes/many/settings", {"searchableAttributes": ["title"]})
    watch = Watch(client.url)
    watch.start()
    for first in range(0, DOCUMENTS, POSTED):
        reply = client.raw(
            "POST", "/indexes/many/documents", _lines(first), {"content-type": "application/x-ndjson"}
        )
        assert reply.status == 202
    client.settle(reply.json()["taskUid"])
    seen: list[int] = []
    while len(seen) < DOCUMENTS:
        body = {"fields": ["id", "fingerprint"], "limit": PAGE, "offset": len(seen)}
        status, page = client.ask("POST", "/indexes/many/documents/fetch", body)
        assert (status, page["total"]) == (200, DOCUMENTS)
        assert all(one["fingerprint"] == f"{one['id'] * 7919:024x}" for one in page["results"])
        seen.extend(one["id"] for one in page["results"])
    assert seen == list(range(DOCUMENTS))
    assert watch.stop() < 0.25
    assert process.peak_memory() < MEMORY


def test_deep_pages_after_deletions_are_whole(process: Process) -> None:
    client = process.client
    client.raw("POST", "/indexes/many/documents", _lines(0), {"content-type": "application/x-ndjson"})
    gone = [5, 77, 30_000, *range(40_000, 40_500)]
    client.do("POST", "/indexes/many/documents/delete-batch", gone)
    expected = [n for n in range(POSTED) if n not in frozenset(gone)]
    for offset in (0, 1_999, 2_000, 29_990, 39_990, len(expected) - 3, len(expected)):
        page = client.get(f"/indexes/many/documents?fields=id&limit=7&offset={offset}")
        assert [one["id"] for one in page["results"]] == expected[offset : offset + 7]


def test_small_writes_queued_at_once_share_their_batches(process: Process) -> None:
    client = process.client
    client.do("POST", "/indexes", {"uid": "small", "primaryKey": "id"})
    began = time.perf_counter()
    uids = [
        client.enqueue("POST", "/indexes/small/documents", [{"id": n, "text": f"word{n}"}])
        for n in range(200)
    ]
    tasks = [client.settle(uid) for uid in uids]
    assert time.perf_counter() - began < 2
    assert {task["status"] for task in tasks} == {"succeeded"}
    assert len({task["batchUid"] for task in tasks}) < 200
    assert len(client.documents("small")) == 200
