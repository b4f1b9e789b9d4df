"""kill -9 at any moment: no accepted task is lost, none is applied twice with another effect."""

from __future__ import annotations

import random
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.support.engine_client import Client, Process

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = 20
INDEXES = ("a", "b")


class Journal:
    """What was sent, by the reference that each write carries and its task repeats."""

    def __init__(self) -> None:
        self.sent: dict[str, tuple[str, Any]] = {}
        self.accepted: dict[int, str | None] = {}

    def write(self, client: Client, chance: random.Random) -> None:
        """Send one write; note it before, and its task after."""
        index = chance.choice(INDEXES)
        if chance.random() < 0.05:
            self.accepted[client.enqueue("DELETE", f"/indexes/{index}")] = None
            return
        ids = chance.sample(range(60), chance.randint(1, 40))
        kind = chance.choice(("put", "merge", "delete"))
        content: Any = ids
        if kind != "delete":
            content = [
                {"id": id_, f"f{chance.randint(0, 4)}": chance.random(), "text": "word " * 50} for id_ in ids
            ]
        path, method = {
            "put": ("documents", "POST"),
            "merge": ("documents", "PUT"),
            "delete": ("documents/delete-batch", "POST"),
        }[kind]
        reference = f"w{len(self.sent)}"
        self.sent[reference] = (kind, content)
        uid = client.enqueue(method, f"/indexes/{index}/{path}?customMetadata={reference}", content)
        self.accepted[uid] = reference

    def expected(self, tasks: list[dict[str, Any]]) -> dict[str, dict[str, dict[str, Any]]]:
        """Return what the tasks, one after the other, must leave."""
        indexes: dict[str, dict[str, dict[str, Any]]] = {}
        for task in tasks:
            index = task["indexUid"]
            kind, content = self.sent.get(task.get("customMetadata", ""), ("delete index", None))
            if kind in ("delete", "delete index") and index not in indexes:
                # Deletions fail where nothing is, unless they share a batch with a write that makes the index.
                assert task["status"] == "succeeded" or task["error"]["code"] == "index_not_found", task
                continue
            assert task["status"] == "succeeded", task
            if kind == "delete index":
                del indexes[index]
                continue
            documents = indexes.setdefault(index, {})
            for item in content:
                if kind == "delete":
                    documents.pop(str(item), None)
                elif kind == "put":
                    documents[str(item["id"])] = item
                else:
                    documents[str(item["id"])] = {**documents.get(str(item["id"]), {}), **item}
        return indexes


def _write(client: Client, chance: random.Random, journal: Journal, stop: threading.Event) -> None:
    while not stop.is_set():
        try:
            journal.write(client, chance)
        except urllib3.exceptions.HTTPError:
            return


def test_nothing_accepted_is_lost_and_nothing_counts_twice(tmp_path: Path) -> None:
    chance = random.Random(20)
    journal = Journal()
    for _ in range(ROUNDS):
        process = Process(tmp_path)
        stop = threading.Event()
        writer = threading.Thread(target=_write, args=(process.client, chance, journal, stop))
        writer.start()
        time.sleep(chance.uniform(0.02, 0.3))
        process.kill()
        stop.set()
        writer.join()
    with Process(tmp_path) as process:
        client = process.client
        for uid in journal.accepted:
            client.settle(uid)
        tasks = client.get("/tasks?limit=1000000&reverse=true")["results"]
        assert [task["uid"] for task in tasks] == list(range(len(tasks))), "a task number is missing"
        references = {task["uid"]: task.get("customMetadata") for task in tasks}
        assert {uid: references[uid] for uid in journal.accepted} == journal.accepted
        expected = journal.expected(tasks)
        assert {uid: client.documents(uid) for uid in expected} == expected
        assert {index["uid"] for index in client.get("/indexes")["results"]} == set(expected)
        assert len(journal.accepted) > ROUNDS
