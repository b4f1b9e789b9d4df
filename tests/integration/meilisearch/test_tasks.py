from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import orjson
import pytest

from scrypath.config import Config
from scrypath.errors import BackendRejected, UnknownWork
from scrypath.meilisearch import batches, client, documents, indexes, tasks

pytestmark = pytest.mark.integration


def written(config: Config, index: str, count: int = 3, reference: str | None = None) -> list[int]:
    """Uids of so many writes of one document each, all finished."""
    uids = [
        documents.write(config, index, [{"id": n, "name": f"n{n}"}], primary_key="id", reference=reference)[
            0
        ].uid
        for n in range(count)
    ]
    tasks.wait_all(config, uids)
    return uids


def test_a_write_can_be_followed_to_its_end(config: Config, index: str) -> None:
    before = datetime.now(UTC) - timedelta(seconds=1)
    (sent,) = documents.write(config, index, [{"id": 1}, {"id": 2}], primary_key="id", reference="scry-7")
    done = tasks.wait(config, sent.uid).require_success()
    assert (done.uid, done.index_uid, done.type) == (sent.uid, index, "documentAdditionOrUpdate")
    assert (done.custom_metadata, done.details["receivedDocuments"], done.details["indexedDocuments"]) == (
        "scry-7",
        2,
        2,
    )
    assert done.enqueued_at is not None
    assert sent.enqueued_at == done.enqueued_at
    assert before < done.enqueued_at
    assert done.started_at is not None
    assert done.finished_at is not None
    assert done.started_at <= done.finished_at
    assert done.duration is not None
    assert tasks.get(config, sent.uid) == done
    assert indexes.stats(config, index).number_of_documents == 2


def test_a_failed_task_carries_its_structured_error(config: Config, index: str) -> None:
    (good,) = documents.write(config, index, [{"id": 1}], primary_key="id")
    (bad,) = documents.write(config, index, [{"id": 2}, {"id": "not valid"}], primary_key="id")
    (last,) = documents.write(config, index, [{"id": 3}], primary_key="id")
    found = tasks.wait_all(config, [good.uid, bad.uid, last.uid])
    assert [one.status for one in found] == ["succeeded", "failed", "succeeded"]
    assert (found[1].error_code, found[1].error_type) == ("invalid_document_id", "invalid_request")
    frame = tasks.listing(config, index_uids=[index], statuses=["failed"]).frame
    assert frame.select("uid", "error_code", "error_message").rows() == [
        (bad.uid, "invalid_document_id", found[1].error_message)
    ]
    assert indexes.stats(config, index).number_of_documents == 2


def test_a_listing_says_what_the_official_client_says(config: Config, index: str) -> None:
    written(config, index, 5, reference="scry-9")
    (bad,) = documents.write(config, index, [{"id": "a b"}])
    (gone,) = documents.delete(config, index, ["1", "77"])
    tasks.wait_all(config, [bad.uid, gone.uid])
    ours = tasks.TASKS.check(tasks.listing(config, index_uids=[index]).frame)
    theirs = client(config).get_tasks({"indexUids": [index], "limit": 100}).results
    assert ours.get_column("uid").to_list() == [task.uid for task in theirs]
    assert ours.get_column("status").to_list() == [task.status for task in theirs]
    assert ours.get_column("type").to_list() == [task.type for task in theirs]
    assert [orjson.loads(text) for text in ours.get_column("details")] == [task.details for task in theirs]
    assert ours.get_column("error_message").to_list() == [
        task.error and task.error["message"] for task in theirs
    ]
    for row, task in zip(ours.iter_rows(named=True), theirs, strict=True):
        assert row["finished_at"] == tasks.get(config, task.uid).finished_at
        assert row["duration"] == tasks.get(config, task.uid).duration


def test_a_listing_is_cut_only_where_it_says_so(
    config: Config, index: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tasks, "PAGE", 2)
    uids = written(config, index, 7)
    whole = tasks.listing(config, index_uids=[index])
    assert whole.frame.get_column("uid").to_list() == uids[::-1]
    assert (whole.total, whole.truncated) == (7, False)
    cut = tasks.listing(config, index_uids=[index], limit=3)
    assert cut.frame.get_column("uid").to_list() == uids[:-4:-1]
    assert cut.truncated
    oldest = tasks.listing(config, index_uids=[index], limit=3, reverse=True)
    assert oldest.frame.get_column("uid").to_list() == uids[:3]
    below = tasks.listing(config, index_uids=[index], from_uid=uids[3])
    assert below.frame.get_column("uid").to_list() == uids[3::-1]


def test_filters_narrow(config: Config, index: str) -> None:
    uids = written(config, index, 4)
    enqueued_at = tasks.get(config, uids[1]).enqueued_at
    assert enqueued_at is not None
    later = tasks.listing(
        config, index_uids=[index], after_enqueued_at=enqueued_at + timedelta(microseconds=1)
    )
    assert later.frame.get_column("uid").to_list() == [uids[3], uids[2]]
    assert tasks.listing(config, uids=uids[:2], types=["documentAdditionOrUpdate"]).frame.height == 2
    assert tasks.listing(config, index_uids=[index], types=["settingsUpdate"]).frame.height == 0
    with pytest.raises(BackendRejected, match="finished"):
        tasks.listing(config, statuses=["finished"])


def test_deleted_tasks_are_gone(config: Config, index: str) -> None:
    uids = written(config, index, 2)
    done = tasks.wait(config, tasks.delete(config, uids=uids)).require_success()
    assert done.details["deletedTasks"] == 2
    with pytest.raises(UnknownWork, match=f"Task `{uids[0]}` not found"):
        tasks.get(config, uids[0])
    with pytest.raises(UnknownWork, match=f"no task {uids[0]}"):
        tasks.wait(config, uids[0])


def test_finished_tasks_are_not_canceled(config: Config, index: str) -> None:
    uids = written(config, index, 2)
    done = tasks.wait(config, tasks.cancel(config, uids=uids)).require_success()
    assert done.details["canceledTasks"] == 0
    assert tasks.get(config, uids[0]).succeeded


def test_batches_name_their_tasks(config: Config, index: str) -> None:
    uid = written(config, index, 1)[0]
    batch = tasks.get(config, uid).batch_uid
    assert batch is not None
    frame = batches.BATCHES.check(batches.listing(config, index_uids=[index]))
    assert batch in frame.get_column("uid")
    assert batches.get(config, batch)["stats"]["totalNbTasks"] >= 1
    with pytest.raises(UnknownWork):
        batches.get(config, 2**31)


def test_a_swap_moves_the_history(config: Config, new_name: Callable[[], str]) -> None:
    a, b = new_name(), new_name()
    in_a, in_b = written(config, a, 1)[0], written(config, b, 2)[0]
    tasks.wait(config, indexes.swap(config, [(a, b)])).require_success()
    assert indexes.stats(config, a).number_of_documents == 2
    assert tasks.get(config, in_a).index_uid == b
    assert tasks.get(config, in_b).index_uid == a


def test_a_rename_takes_the_name(config: Config, new_name: Callable[[], str]) -> None:
    old, new = new_name(), new_name()
    written(config, old, 2)
    tasks.wait(config, indexes.swap(config, [(old, new)], rename=True)).require_success()
    assert indexes.get(config, old) is None
    found = indexes.get(config, new)
    assert found is not None
    assert found.primary_key == "id"
    assert new in indexes.all_stats(config)
    assert new in {one.uid for one in indexes.listing(config)}
