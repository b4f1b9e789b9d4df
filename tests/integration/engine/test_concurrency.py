"""Reads while the worker creates, swaps and removes what is read."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.support.engine_client import Client

pytestmark = pytest.mark.integration

PATHS = (
    "/indexes",
    "/stats",
    "/tasks?limit=5",
    "/batches?limit=5",
    "/indexes/a",
    "/indexes/a/documents?limit=1000",
    "/indexes/a/stats",
    "/indexes/a/settings",
    "/indexes/b/documents?fields=id",
    "/indexes/a/search?q=word",
)


def test_whoever_reads_meanwhile_gets_an_answer_or_is_told_that_the_index_is_gone(client: Client) -> None:
    done = threading.Event()

    def read(path: str) -> set[tuple[int, str | None]]:
        own = Client(client.url)
        seen: set[tuple[int, str | None]] = set()
        while not done.is_set():
            status, body = own.ask("GET", path)
            seen.add((status, body.get("code")))
        return seen

    with ThreadPoolExecutor(len(PATHS)) as readers:
        found = [readers.submit(read, path) for path in PATHS]
        try:
            for turn in range(25):
                client.enqueue(
                    "POST", "/indexes/a/documents", [{"id": n, "text": f"word {turn}"} for n in range(50)]
                )
                client.enqueue("POST", "/indexes/b/documents", [{"id": turn}])
                client.enqueue("POST", "/swap-indexes", [{"indexes": ["a", "b"]}])
                client.settle(client.enqueue("DELETE", "/indexes/a"))
        finally:
            done.set()
        answers = set().union(*(one.result() for one in found))
    assert answers <= {(200, None), (404, "index_not_found")}
