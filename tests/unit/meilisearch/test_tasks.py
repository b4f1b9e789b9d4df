from __future__ import annotations

import json
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.errors import (
    BackendRejected,
    InvalidOptions,
    TaskFailed,
    TaskTimeout,
    TransportError,
    UnknownWork,
)
from scrypath.meilisearch import task_columns, tasks
from scrypath.meilisearch.reply import Reply
from tests.support.scripted_server import Answer, Asked, Script, enqueued, refusal, task, task_list

FAILED = {
    "status": "failed",
    "details": {"receivedDocuments": 2, "indexedDocuments": 0},
    "error": {
        "message": 'Document doesn\'t have a `id` attribute: `{"title":"x"}`.',
        "code": "missing_document_id",
        "type": "invalid_request",
        "link": "https://docs.meilisearch.com/errors#missing_document_id",
    },
}


def page(*found: Any) -> Reply:
    body = {"results": list(found), "total": len(found), "limit": 20, "from": None, "next": None}
    return Reply(200, json.dumps(body, separators=(",", ":")).encode(), "GET /tasks at http://x")


def both_ways(reply: Reply) -> tuple[pl.DataFrame, pl.DataFrame]:
    """A page read as columns, as large ones are, and task by task."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(task_columns, "SMALL", 0)
        as_columns = task_columns.columns(reply)
    assert len(reply.body) <= task_columns.SMALL
    return as_columns, task_columns.columns(reply)


def test_a_task_is_read_whole(server: Script, config: Config) -> None:
    server.say(Answer(task(7, **FAILED, customMetadata="scry-1", duration="P1DT2.5S")))
    found = tasks.get(config, 7)
    assert server.asked[0].path == "/tasks/7"
    assert (found.uid, found.batch_uid, found.index_uid, found.status) == (7, 7, "cities", "failed")
    assert found.error_code == "missing_document_id"
    assert found.custom_metadata == "scry-1"
    assert found.enqueued_at == datetime(2026, 11, 24, 0, 25, 8, 276481, UTC)
    assert found.duration == timedelta(days=1, seconds=2.5)
    assert found.finished
    assert not found.succeeded
    with pytest.raises(
        TaskFailed, match=r"Task 7 .*on index 'cities'\) is failed: Document doesn't have"
    ) as caught:
        found.require_success()
    assert (caught.value.task_uid, caught.value.error_code) == (7, "missing_document_id")


@pytest.mark.parametrize("uid", [-1, "7", True, None, 1.5])
def test_what_cannot_be_a_uid_is_refused(config: Config, uid: Any) -> None:
    with pytest.raises(InvalidOptions, match="cannot be the uid of a task"):
        tasks.get(config, uid)


def test_an_unknown_uid_is_named(server: Script, config: Config) -> None:
    server.say(refusal("task_not_found", "Task `9` not found.", 404))
    with pytest.raises(UnknownWork, match="Task `9` not found"):
        tasks.get(config, 9)


def test_a_status_of_tomorrow_is_kept_as_text() -> None:
    for frame in both_ways(page(task(1, status="paused", type="dream", depth=3, network={"a": 1}))):
        assert frame.select("status", "type").row(0) == ("paused", "dream")


def test_an_empty_page_is_an_empty_frame() -> None:
    for frame in both_ways(page()):
        assert tasks.TASKS.check(frame).is_empty()


@pytest.mark.parametrize(
    ("details", "kind", "count"),
    [
        ({"receivedDocuments": 3, "indexedDocuments": 0}, "documentAdditionOrUpdate", 3),
        ({"providedIds": 4, "deletedDocuments": 1, "originalFilter": None}, "documentDeletion", 4),
        (
            {"providedIds": 0, "deletedDocuments": 5, "originalFilter": '"a = \\"},\\"error\\":\\""'},
            "documentDeletion",
            5,
        ),
        ({"deletedDocuments": 6}, "documentDeletion", 6),
        ({"deletedDocuments": None, "editedDocuments": 2, "function": "x"}, "documentEdition", 2),
        ({"stopWords": ["a"]}, "settingsUpdate", None),
        ({"embedders": {"x": {"source": "rest"}, "error": {"source": "rest"}}}, "settingsUpdate", None),
        ({"swaps": [{"indexes": ["a", "b"], "rename": False}]}, "indexSwap", None),
        ({}, "settingsUpdate", None),
        (None, "snapshotCreation", None),
    ],
)
def test_details_are_kept_whole_as_text(details: Any, kind: str, count: int | None) -> None:
    for frame in both_ways(page(task(2, details=details, type=kind), task(1))):
        text = frame.item(0, "details")
        assert (None if text is None else json.loads(text)) == details
        assert frame.get_column("document_count").to_list() == [count, 2]


def test_a_task_without_details_does_not_shift_the_others() -> None:
    odd = task(2, type="snapshotCreation", indexUid=None)
    del odd["details"]
    for frame in both_ways(page(task(3, details={"receivedDocuments": 9}), odd, task(1))):
        assert frame.get_column("details").to_list() == [
            '{"receivedDocuments":9}',
            None,
            '{"receivedDocuments":2,"indexedDocuments":2}',
        ]


ODD = st.one_of(
    st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, allow_infinity=False), st.text(max_size=5),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)  # fmt: skip


@given(
    st.lists(
        st.one_of(
            ODD, st.dictionaries(st.sampled_from([*task(0), "customMetadata", "new"]), ODD, max_size=6)
        ),
        max_size=4,
    )
)
def test_no_payload_crashes_a_listing(odd: list[Any]) -> None:
    found = [task(9, **FAILED), *odd, task(8)]
    for frame in map(tasks.TASKS.check, both_ways(page(*found))):
        assert frame.height == len(found)
        assert frame.item(0, "error_code") == "missing_document_id"
        assert frame.item(-1, "uid") == 8


@given(
    st.lists(
        st.builds(
            task,
            st.integers(0, 2**40),
            status=st.sampled_from(["succeeded", "failed", "paused"]),
            details=st.dictionaries(st.text(max_size=8), st.one_of(st.integers(0, 9), st.text()), max_size=3),
            error=st.one_of(st.none(), st.just(FAILED["error"])),
            customMetadata=st.one_of(st.none(), st.text()),
            duration=st.one_of(
                st.none(), st.sampled_from(["PT0S", "PT1.5S", "P2DT0.000001S", "PT12.123456789S"])
            ),
            startedAt=st.one_of(
                st.none(), st.datetimes(datetime(1970, 1, 1)).map(lambda m: m.isoformat() + "Z")
            ),
        ),
        max_size=5,
    )
)
def test_the_fast_way_reads_what_the_tolerant_way_reads(found: list[dict[str, Any]]) -> None:
    fast, slow = both_ways(page(*found))
    assert fast.drop("details").equals(slow.drop("details"))
    for one, *texts in zip(found, fast["details"], slow["details"], strict=True):
        assert [json.loads(text) for text in texts] == [one["details"]] * 2


def test_pages_follow_the_cursor_to_the_end(
    server: Script, config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAGE", 3)

    def answer(asked: Asked) -> Answer:
        first = int(asked.params.get("from", 7))
        some = list(range(first, max(first - int(asked.params["limit"]), -1), -1))
        following = some[-1] - 1 if some[-1] else None
        return task_list([task(uid) for uid in some], total=8, next=following)

    server.say(answer)
    whole = tasks.listing(config, index_uids=["cities"], statuses=["failed", "succeeded"])
    assert whole.frame.get_column("uid").to_list() == [7, 6, 5, 4, 3, 2, 1, 0]
    assert (whole.total, whole.truncated) == (8, False)
    assert {asked.params["statuses"] for asked in server.asked} == {"failed,succeeded"}

    cut = tasks.listing(config, limit=5, from_uid=6)
    assert cut.frame.get_column("uid").to_list() == [6, 5, 4, 3, 2]
    assert (cut.total, cut.truncated) == (8, True)


def test_a_total_without_results_is_not_an_endless_listing(server: Script, config: Config) -> None:
    # What a real server answers for the name of an index that a swap took away.
    server.say(task_list([], total=1))
    page = tasks.listing(config, index_uids=["gone"])
    assert (page.frame.height, page.total, page.truncated) == (0, 1, False)


def test_the_history_limit_of_the_configuration_is_said_to_cut(server: Script) -> None:
    server.say(task_list([task(3), task(2)], total=4, next=1))
    config = Config(meilisearch_url=server.url, history_limit=2)
    assert tasks.listing(config).truncated
    assert server.asked[0].params["limit"] == "2"


@pytest.mark.parametrize(
    ("filters", "message"),
    [
        ({"statuses": []}, "statuses is empty"),
        ({"after_enqueued_at": datetime(2026, 1, 1)}, "with its time zone"),
        ({"limit": 0}, "limit cannot be 0"),
    ],
)
def test_unusable_filters_are_refused_before_anything_is_asked(
    server: Script, config: Config, filters: dict[str, Any], message: str
) -> None:
    with pytest.raises(InvalidOptions, match=message):
        tasks.listing(config, **filters)
    assert not server.asked


def test_a_word_that_the_server_does_not_know_is_refused_by_it(server: Script, config: Config) -> None:
    server.say(refusal("invalid_task_statuses", "Task status `x` is invalid."))
    with pytest.raises(BackendRejected, match="Task status `x` is invalid"):
        tasks.listing(config, statuses=["x"])


def test_filters_are_spelled_as_the_server_spells_them(server: Script, config: Config) -> None:
    server.say(task_list([]))
    moment = datetime(2026, 11, 24, 2, tzinfo=UTC)
    tasks.listing(
        config, uids=[1, 2], canceled_by=[3], batch_uids=[4], after_enqueued_at=moment, reverse=True
    )
    asked = server.asked[0].params
    assert asked.pop("limit") == "5000"
    assert asked == {
        "uids": "1,2",
        "canceledBy": "3",
        "batchUids": "4",
        "afterEnqueuedAt": "2026-11-24T02:00:00.000000Z",
        "reverse": "true",
    }


@pytest.mark.parametrize("verb", [tasks.cancel, tasks.delete])
def test_nothing_named_is_never_everything(server: Script, config: Config, verb: Any) -> None:
    with pytest.raises(InvalidOptions, match="needs at least one filter"):
        verb(config)
    assert not server.asked
    server.say(enqueued(5))
    assert verb(config, uids=[1]) == 5


def test_waiting_ends_with_the_task(server: Script, config: Config) -> None:
    server.say(
        task_list([task(1, status="enqueued", finishedAt=None)]),
        task_list([task(1, status="processing", finishedAt=None)]),
        task_list([task(1, **FAILED)]),
    )
    assert tasks.wait(config, 1).status == "failed"
    assert len(server.asked) == 3


def test_a_finished_status_of_tomorrow_ends_the_wait(server: Script, config: Config) -> None:
    server.say(task_list([task(1, status="evaporated")]))
    assert tasks.wait(config, 1, timeout=1).status == "evaporated"


def test_a_wait_that_ends_first_says_that_the_task_may_still_finish(server: Script, config: Config) -> None:
    server.say(task_list([task(1, status="processing", finishedAt=None)]))
    with pytest.raises(TaskTimeout, match=r"Task 1 is processing after 0.05 s.*may still finish") as caught:
        tasks.wait(config, 1, timeout=0.05)
    assert caught.value.task_uid == 1


def test_waiting_for_a_task_that_is_gone_is_not_endless(server: Script, config: Config) -> None:
    server.say(task_list([]))
    with pytest.raises(UnknownWork, match="no task 1"):
        tasks.wait(config, 1)


def test_many_tasks_take_few_requests(server: Script, config: Config) -> None:
    def answer(asked: Asked) -> Answer:
        return task_list([task(int(uid)) for uid in asked.params["uids"].split(",")])

    server.say(answer)
    seen: list[tuple[int, int]] = []
    wanted = [*range(999, -1, -1), 5]
    found = tasks.wait_all(config, wanted, on_progress=lambda done, every: seen.append((done, every)))
    assert [one.uid for one in found] == wanted
    assert len(server.asked) == 3
    assert seen[-1] == (1000, 1000)
    assert tasks.wait_all(config, []) == []


def test_a_server_that_stops_answering_ends_the_wait(server: Script, config: Config) -> None:
    hold = threading.Event()
    server.say(task_list([task(1, status="enqueued", finishedAt=None)]), Answer(drop=True))
    with pytest.raises(TransportError, match="broke off"):
        tasks.wait(config, 1)
    hold.set()


def test_an_answer_without_results_is_not_meilisearchs(server: Script, config: Config) -> None:
    server.say(Answer({"tasks": []}))
    with pytest.raises(TransportError, match="not Meilisearch's"):
        tasks.listing(config)
    with pytest.raises(TransportError, match="not Meilisearch's"):
        tasks.wait(config, 1)
