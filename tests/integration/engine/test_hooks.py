"""Failures that are asked for happen, and stop when they are taken back."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import pytest
import urllib3

from scrypath.local.engine.engine import Engine
from scrypath.local.engine.serving import serving
from tests.support.engine_client import Client, Process

pytestmark = pytest.mark.integration


def test_pause_keeps_tasks_waiting_and_resume_batches_them(client: Client) -> None:
    client.ask("POST", "/_hooks/pause")
    uids = [client.enqueue("POST", "/indexes/a/documents", [{"id": n}]) for n in range(5)]
    assert [client.get(f"/tasks/{uid}")["status"] for uid in uids] == ["enqueued"] * 5
    assert client.get("/_hooks")["paused"] is True
    client.ask("POST", "/_hooks/resume")
    tasks = [client.settle(uid) for uid in uids]
    assert {task["batchUid"] for task in tasks} == {0}


def test_the_next_matching_task_fails_with_the_error_asked_for(client: Client) -> None:
    failure = {
        "code": "no_space_left_on_device",
        "message": "full",
        "indexUid": "b",
        "type": "documentAdditionOrUpdate",
    }
    client.ask("POST", "/_hooks/fail-next", failure)
    assert client.do("POST", "/indexes/a/documents", [{"id": 1}])["status"] == "succeeded"
    task = client.do("POST", "/indexes/b/documents", [{"id": 1}])
    assert task["status"] == "failed"
    assert task["error"] == {
        "message": "full",
        "code": "no_space_left_on_device",
        "type": "system",
        "link": "https://docs.meilisearch.com/errors#no_space_left_on_device",
    }
    assert task["details"] == {"receivedDocuments": 1, "indexedDocuments": 0}
    assert client.do("POST", "/indexes/b/documents", [{"id": 1}])["status"] == "succeeded"


def test_one_failing_task_of_a_batch_leaves_the_others_alone(client: Client) -> None:
    client.do("POST", "/indexes", {"uid": "a", "primaryKey": "id"})
    client.ask("POST", "/_hooks/pause")
    client.ask("POST", "/_hooks/fail-next", {"code": "internal", "count": 2})
    uids = [client.enqueue("POST", "/indexes/a/documents", [{"id": n}]) for n in range(4)]
    client.ask("POST", "/_hooks/resume")
    assert [client.settle(uid)["status"] for uid in uids] == ["failed", "failed", "succeeded", "succeeded"]
    assert sorted(client.documents("a")) == ["2", "3"]


def test_a_stalled_task_can_be_canceled(client: Client, eventually: Callable[..., None]) -> None:
    client.ask("POST", "/_hooks/stall", {"seconds": 60})
    uid = client.enqueue("POST", "/indexes/a/documents", [{"id": 1}])
    eventually(lambda: client.get(f"/tasks/{uid}")["status"] == "processing")
    started = client.get(f"/tasks/{uid}")
    assert started["batchUid"] == 0
    assert started["startedAt"] is not None
    cancelation = client.do("POST", f"/tasks/cancel?uids={uid}")
    assert cancelation["details"] == {"matchedTasks": 1, "canceledTasks": 1, "originalFilter": f"?uids={uid}"}
    canceled = client.settle(uid)
    assert (canceled["status"], canceled["canceledBy"]) == ("canceled", cancelation["uid"])
    assert canceled["batchUid"] == cancelation["batchUid"]
    assert client.ask("GET", "/indexes/a/documents")[0] in (200, 404)


def test_answers_with_a_status_until_the_count_is_used_up(client: Client) -> None:
    client.ask("POST", "/_hooks/respond", {"status": 503, "count": 2})
    statuses = [client.ask("GET", "/health")[0] for _ in range(3)]
    assert statuses == [503, 503, 200]
    client.ask("POST", "/_hooks/respond", {"status": 500, "count": None})
    status, body = client.ask("GET", "/indexes")
    assert (status, body["code"], body["type"]) == (500, "internal", "internal")
    client.ask("POST", "/_hooks/reset")
    assert client.ask("GET", "/indexes")[0] == 200


def test_hangs_up_without_an_answer(client: Client) -> None:
    client.ask("POST", "/_hooks/refuse", {"count": 1})
    with pytest.raises(urllib3.exceptions.ProtocolError):
        client.raw("GET", "/health")
    assert client.ask("GET", "/health")[0] == 200


def test_says_it_is_of_another_version(client: Client) -> None:
    client.ask("POST", "/_hooks/version", {"pkgVersion": "1.20.0"})
    assert client.get("/version")["pkgVersion"] == "1.20.0"
    client.ask("POST", "/_hooks/reset")
    assert client.get("/version")["pkgVersion"] == "1.50.0"


@pytest.mark.parametrize(
    ("path", "body"),
    [("fail-next", {}), ("fail-next", {"code": 3}), ("stall", {"seconds": "x"}), ("respond", {"nope": 1})],
)
def test_refuses_what_it_does_not_understand(client: Client, path: str, body: object) -> None:
    assert client.ask("POST", f"/_hooks/{path}", body)[0] == 400


def test_there_are_no_hooks_unless_asked_for(tmp_path: Path) -> None:
    with Engine(tmp_path) as engine, serving(engine) as url:
        assert Client(url).raw("POST", "/_hooks/pause").status == 404


def test_hooks_are_refused_beyond_loopback(tmp_path: Path) -> None:
    with pytest.raises(AssertionError, match="did not start"):
        Process(tmp_path, "--hooks", "--host", "0.0.0.0")


def test_stops_cleanly_and_says_where_it_is(tmp_path: Path) -> None:
    began = time.monotonic()
    with Process(tmp_path) as process:
        assert process.client.get("/health") == {"status": "available"}
        assert process.ready["url"].startswith("http://127.0.0.1:")
        assert time.monotonic() - began < 10
        assert process.stop() == 0
