"""Records that this kit does not understand are rows marked unknown: they crash no report and hide nothing."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, NotRetryable, SchemaError, Unauthorised, UnknownWork
from scrypath.frames import FAILED_WORK, STATUS, WORK
from scrypath.meilisearch import documents, tasks
from scrypath.schema import registry
from tests.support.relay import Relay
from tests.support.reports import drift_of, recoveries
from tests.support.scripted_server import Answer, Asked, refusal

pytestmark = pytest.mark.integration
Fail = Callable[[Sequence[str]], str]
Sql = Callable[..., None]


def rewriting(strange: dict[str, Any], *, uid: int) -> Callable[[Asked, bytes], bytes]:
    """Say other things about one task, wherever it is listed."""

    def change(asked: Asked, body: bytes) -> bytes:
        if not asked.path.startswith("/tasks"):
            return body
        answer = orjson.loads(body)
        for task in answer.get("results", [answer]):
            if task.get("uid") == uid:
                task.update(strange)
        return orjson.dumps(answer)

    return change


@pytest.mark.parametrize(
    "strange",
    [
        {"status": "paused", "type": "documentTeleportation", "novelty": {"a": [1]}},
        {"status": "paused", "details": [1, 2], "error": "a word"},
        {"status": None, "type": None, "details": None, "duration": "soon", "startedAt": "yesterday"},
        {"status": 7, "error": {"code": ["x"], "message": None}, "enqueuedAt": 1732500000},
    ],
)
def test_a_task_of_the_future_is_a_row_marked_unknown(
    relayed: Config, relay: Relay, products: list[str], failed_task: Fail, strange: dict[str, Any]
) -> None:
    work_id = failed_task(["1"])
    relay.change = rewriting(strange, uid=int(work_id.removeprefix("meili:")))
    work = WORK.check(scrypath.sync_work("Product", config=relayed))
    row = work.row(by_predicate=pl.col("work_id") == work_id, named=True)
    assert row["state"] == "unknown"
    assert row["operation"] == ("upsert" if "type" not in strange else "unknown")
    assert work.filter(pl.col("state") == "completed").height >= 1
    STATUS.check(scrypath.sync_status("Product", config=relayed))
    FAILED_WORK.check(scrypath.failed_sync_work("Product", config=relayed))
    report = scrypath.reconcile_sync("Product", config=relayed)
    assert (report.rows, report.matching) == (20, 20)
    with pytest.raises(NotRetryable, match=f"{work_id} is"):
        scrypath.retry_sync_work(work_id, config=relayed)


def test_a_failed_task_with_fields_of_the_future_keeps_what_is_known(
    relayed: Config, relay: Relay, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1"])
    error = {"code": "cosmic_ray", "type": "weather", "message": "It rained.", "severity": 3}
    relay.change = rewriting({"error": error, "novelty": True}, uid=int(work_id.removeprefix("meili:")))
    (row,) = FAILED_WORK.check(scrypath.failed_sync_work("Product", config=relayed)).to_dicts()
    assert (row["work_id"], row["document_ids"]) == (work_id, ["1"])
    assert (row["reason_class"], row["error_code"], row["reason"]) == ("unknown", "cosmic_ray", "It rained.")
    assert row["retryable"] is True


def test_a_failure_of_somebody_else_is_shown_and_cannot_be_retried(
    config: Config, products: list[str]
) -> None:
    index = registry.find("Product").index_name(config)
    (sent,) = documents.write(config, index, [{"id": "not an id"}])
    assert tasks.wait(config, sent.uid).status == "failed"
    (row,) = scrypath.failed_sync_work("Product", config=config).to_dicts()
    assert (row["document_ids"], row["retryable"], row["mode"]) == (None, False, None)
    with pytest.raises(NotRetryable, match="it is not known which documents it was about"):
        scrypath.retry_sync_work(row["work_id"], force=True, config=config)
    assert recoveries(config).is_empty()
    report = scrypath.reconcile_sync("Product", config=config)
    assert report.actions.is_empty()


@pytest.mark.parametrize(
    "args",
    [
        '{"operation": "upsert", "schema": "Product", "index": "INDEX", "document_ids": 5}',
        '{"operation": "explode", "schema": "Product", "index": "INDEX", "document_ids": ["1"]}',
        '{"operation": "upsert", "index": "INDEX", "document_ids": ["1"]}',
        '{"operation": "upsert", "schema": {"a": 1}, "index": "INDEX", "document_ids": [null]}',
    ],
)
def test_a_job_with_malformed_args_is_shown_and_cannot_be_retried(
    oban: Config, products: list[str], sql: Sql, args: str
) -> None:
    index = registry.find("Product").index_name(oban)
    insert = (
        "INSERT INTO oban_jobs (args, worker, queue, state, attempt, max_attempts, errors, discarded_at) VALUES "
        "(cast(:args as jsonb), 'scrypath.queue.SyncWorker', 'scrypath', :state, 1, 1, '[]', now())"
    )
    for state in ("discarded", "available"):
        sql(insert, args=args.replace("INDEX", index), state=state)
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    (row,) = FAILED_WORK.check(scrypath.failed_sync_work("Product", config=oban)).to_dicts()
    assert (row["reason_class"], row["retryable"]) == ("validation", False)
    with pytest.raises(NotRetryable):
        scrypath.retry_sync_work(row["work_id"], config=oban)
    work = scrypath.sync_work("Product", config=oban).filter(pl.col("source") == "oban")
    assert sorted(work["state"]) == ["failed", "unknown"]
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {"1": "stale"}  # nobody knows of work on it that could be performed
    assert report.actions["action"].to_list() == ["repair"]


@pytest.mark.parametrize(
    "args", ["{}", "[1]", '"text"', "null", '{"schema": "Product", "index": ["products"]}']
)
def test_a_job_that_names_no_index_is_nobodys_and_shown_all_the_same(
    oban: Config, products: list[str], sql: Sql, args: str
) -> None:
    insert = (
        "INSERT INTO oban_jobs (args, worker, queue, state, attempt, max_attempts, errors, discarded_at) VALUES "
        "(cast(:args as jsonb), 'scrypath.queue.SyncWorker', 'scrypath', 'discarded', 1, 1, '[]', now())"
    )
    sql(insert, args=args)
    (row,) = FAILED_WORK.check(scrypath.failed_sync_work(config=oban)).to_dicts()
    assert row["work_id"].startswith("oban:")
    assert (row["index"], row["reason_class"], row["retryable"], row["healed"]) == (
        None,
        "validation",
        False,
        False,
    )
    assert row["reason"].startswith("The arguments cannot be performed: ")
    with pytest.raises(NotRetryable):
        scrypath.retry_sync_work(row["work_id"], config=oban)
    assert scrypath.failure_history(config=oban)["work_id"].to_list() == [row["work_id"]]
    assert scrypath.failed_sync_work("Product", config=oban).is_empty()
    (nobodys,) = STATUS.check(scrypath.sync_status(config=oban)).filter(pl.col("schema").is_null()).to_dicts()
    assert (nobodys["source"], nobodys["failed"], nobodys["pending"]) == ("oban", 1, 0)
    assert nobodys["note"] == "Jobs whose arguments name no index."


def test_a_server_that_refuses_the_key_is_named_everywhere_and_nothing_is_lost(
    oban: Config, relay: Relay, products: list[str]
) -> None:
    relay.before = lambda _: refusal("invalid_api_key", "The provided API key is invalid.", 403, "auth")
    refused = replace(oban, meilisearch_url=relay.url)
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=refused)
    status = scrypath.sync_status("Product", config=refused)
    assert status.select("source", "observed", "pending").rows() == [
        ("meilisearch", False, None),
        ("oban", True, 1),
    ]
    assert "key" in status["note"][0]
    (row,) = scrypath.failed_sync_work("Product", config=refused).to_dicts()
    assert (row["work_id"], row["state"], row["reason_class"]) == (None, "unknown", "transport")
    report = scrypath.reconcile_sync("Product", config=refused)
    assert (report.in_step, report.rows) == (None, None)
    assert "key" in str(report.note)
    with pytest.raises(Unauthorised) as caught:
        scrypath.retry_sync_work("meili:1", config=refused)
    assert caught.value.hint
    with pytest.raises(Unauthorised):
        scrypath.sync_work("Product", config=refused)


def test_a_server_that_is_none_is_named(config: Config, relay: Relay, products: list[str]) -> None:
    relay.before = lambda _: Answer(b"<html>It works!</html>")
    report = scrypath.reconcile_sync("Product", config=replace(config, meilisearch_url=relay.url))
    assert report.in_step is None
    assert "Check that meilisearch_url" in str(report.note) or "not Meilisearch" in str(report.note)
    assert dict(report.document_counts.iter_rows())["unknown"] == 20


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda config: scrypath.reconcile_sync("Prodct", config=config), SchemaError, "'Product'"),
        (lambda config: scrypath.failed_sync_work("Prodct", config=config), SchemaError, "'Product'"),
        (lambda config: scrypath.explain("Prodct", ["1"], config=config), SchemaError, "'Product'"),
        (
            lambda config: scrypath.reconcile_sync("Product", verify="contents", config=config),
            InvalidOptions,
            "Did you mean 'content'",
        ),
        (
            lambda config: scrypath.failed_sync_work("Product", limit=0, config=config),
            InvalidOptions,
            "limit cannot be 0",
        ),
        (lambda config: scrypath.retry_sync_work("17", config=config), InvalidOptions, "Write meili:17"),
        (
            lambda config: scrypath.retry_sync_work("meili:999999999", config=config),
            UnknownWork,
            "has no task",
        ),
        (
            lambda config: scrypath.retry_sync_work(pl.DataFrame({"id": [1]}), config=config),
            InvalidOptions,
            "no column 'work_id'",
        ),
    ],
)
def test_bad_input_is_a_named_error_with_a_next_step(
    config: Config, call: Callable[[Config], object], error: type[scrypath.errors.ScrypathError], words: str
) -> None:
    registry.every(config)
    with pytest.raises(error) as caught:
        call(config)
    assert words in str(caught.value)
    assert caught.value.hint


def test_status_says_what_succeeded_last_and_what_waits_longest(oban: Config, products: list[str]) -> None:
    before = datetime.now(UTC) - timedelta(minutes=5)
    done = scrypath.backfill("Product", config=oban).work_ids[-1]
    first, _ = (
        scrypath.sync_records("Product", [{"id": number}], mode="oban", config=oban) for number in (1, 2)
    )
    server, queue = STATUS.check(scrypath.sync_status("Product", config=oban)).to_dicts()
    assert (server["last_succeeded_id"], server["oldest_pending_at"], server["pending"]) == (done, None, 0)
    assert before < server["last_succeeded_at"] <= datetime.now(UTC) + timedelta(minutes=5)
    jobs = scrypath.sync_work("Product", config=oban)
    waiting = jobs.row(by_predicate=pl.col("work_id") == first.work_id, named=True)
    assert (queue["pending"], queue["oldest_pending_at"]) == (2, waiting["enqueued_at"])
    assert queue["last_succeeded_id"] is None
