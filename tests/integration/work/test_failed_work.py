"""Failed work is shown with its reason, healed work as healed, what was not checked as such."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import HistoryTruncated, SchemaError, TransportError
from scrypath.frames import FAILED_WORK, STATUS, WORK
from scrypath.meilisearch import tasks
from scrypath.queue import worker
from scrypath.queue.args import JobArgs
from scrypath.sync.jobs import perform
from tests.support.relay import Relay
from tests.support.scripted_server import Answer, Asked
from tests.support.shop import Brand

pytestmark = pytest.mark.integration
Fail = Callable[[Sequence[str]], str]
PRODUCT = {"name": "a", "price": 1, "stock": 1, "brand_id": None}


def test_a_failed_task_names_its_documents_and_its_reason(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1", "2"])
    frame = FAILED_WORK.check(scrypath.failed_sync_work("Product", config=config))
    (row,) = frame.to_dicts()
    assert row["work_id"] == work_id
    assert row["document_ids"] == ["1", "2"]
    assert (row["reason_class"], row["error_code"]) == ("validation", "invalid_document_id")
    assert "not an id" in row["reason"]
    assert (row["state"], row["retryable"], row["healed"]) == ("failed", False, False)
    counts = dict(scrypath.reason_class_counts(frame).select("reason_class", "open").iter_rows())
    assert counts == {
        "transport": 0,
        "validation": 1,
        "backend_rejected": 0,
        "queue_exhausted": 0,
        "unknown": 0,
    }


def test_a_later_success_on_the_same_documents_heals(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    failed_task(["1", "2"])
    scrypath.sync_records(
        "Product", [{"id": 1, "name": "a", "price": 1, "stock": 1, "brand_id": None}], config=config
    )
    assert scrypath.failed_sync_work("Product", config=config)["healed"].to_list() == [False]
    later = scrypath.backfill("Product", config=config)
    (row,) = scrypath.failed_sync_work("Product", config=config).to_dicts()
    assert (row["healed"], row["superseded_by"], row["retryable"]) == (True, later.work_ids[-1], False)
    status = scrypath.sync_status("Product", config=config)
    assert status["failed"].to_list() == [0, None]


def test_the_queue_is_not_read_outside_oban_mode(config: Config, oban: Config, products: list[str]) -> None:
    status = STATUS.check(scrypath.sync_status("Product", config=config))
    queue = status.row(by_predicate=pl.col("source") == "oban", named=True)
    assert queue["observed"] is False
    assert (queue["pending"], queue["failed"]) == (None, None)
    assert "oban mode" in queue["note"]
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    looked = scrypath.sync_status("Product", config=oban).row(
        by_predicate=pl.col("source") == "oban", named=True
    )
    assert (looked["observed"], looked["pending"], looked["failed"]) == (True, 1, 0)


def test_a_source_that_cannot_be_asked_is_a_row_not_a_silence(oban: Config, products: list[str]) -> None:
    away = replace(oban, meilisearch_url="http://127.0.0.1:1")
    (row,) = scrypath.failed_sync_work("Product", config=away).to_dicts()
    assert (row["work_id"], row["state"], row["source"]) == (None, "unknown", "meilisearch")
    assert "not checked" in row["reason"]
    status = scrypath.sync_status("Product", config=away)
    assert status["observed"].to_list() == [False, True]


def test_a_limit_that_cuts_the_history_says_so(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    for _ in range(2):
        failed_task(["1"])
    with pytest.raises(HistoryTruncated, match="more than 1 failed tasks"):
        scrypath.failed_sync_work("Product", limit=1, config=config)


def test_a_history_that_is_cut_is_said_in_status_and_report_and_hides_nothing(
    oban: Config, products: list[str], failed_task: Fail
) -> None:
    works = [failed_task(["1"]) for _ in range(3)]
    short = replace(oban, history_limit=2)
    status = scrypath.sync_status("Product", config=short).row(0, named=True)
    assert (status["observed"], status["failed"], status["pending"]) == (True, 2, 0)
    assert status["note"].startswith("There are more than 2 failed tasks of index")
    report = scrypath.reconcile_sync("Product", config=short)
    assert report.failed_work["work_id"].to_list() == [None, *reversed(works[1:])]
    assert "was not read completely: There are more than 2" in report.failed_work["reason"][0]
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "failed_sync_work", named=True)
    assert (signal["observed"], signal["raised"], signal["count"]) == (True, True, 2)
    assert "more than 2 failed tasks" in signal["detail"]
    assert report.in_step is True


def successes_asked(relay: Relay) -> list[dict[str, str]]:
    """The queries for succeeded tasks since some time, and for failed ones, as they pass."""
    seen: list[dict[str, str]] = []

    def before(asked: Asked) -> None:
        failures = asked.params.get("statuses") == "failed,canceled"
        if asked.path == "/tasks" and (failures or "afterFinishedAt" in asked.params):
            seen.append(asked.params)

    relay.before = before
    return seen


def test_a_report_reads_failures_and_successes_once(
    oban: Config, relay: Relay, products: list[str], failed_task: Fail, sql: Callable[..., None]
) -> None:
    task, once = failed_task(["1"]), replace(oban, oban_max_attempts=1, meilisearch_url="http://127.0.0.1:1")
    job = scrypath.sync_records("Product", [{"id": 2}], mode="oban", config=once).work_id
    worker.run(once, lambda args: perform(args, once), drain=True)
    seen = successes_asked(relay)
    report = scrypath.reconcile_sync("Product", config=replace(oban, meilisearch_url=relay.url))
    assert set(report.failed_work["work_id"]) == {task, job}
    assert report.status["failed"].to_list() == [1, 1]
    assert sorted(asked["statuses"] for asked in seen) == ["failed,canceled", "succeeded"]


def test_successes_that_cannot_be_read_are_named_and_nothing_is_called_healed(
    relayed: Config, relay: Relay, products: list[str], failed_task: Fail
) -> None:
    failed_task(["1", "2"])
    scrypath.backfill("Product", config=relayed)
    assert scrypath.failed_sync_work("Product", config=relayed)["healed"].to_list() == [True]
    relay.before = lambda asked: Answer({}, 500) if "afterFinishedAt" in asked.params else None
    work = FAILED_WORK.check(scrypath.failed_sync_work("Product", config=relayed))
    unread, unit = work.to_dicts()
    assert (unread["work_id"], unread["state"], unread["source"]) == (None, "unknown", "meilisearch")
    assert "Failures that meilisearch has healed since may be shown as open" in unread["reason"]
    assert (unit["healed"], unit["superseded_by"]) == (False, None)
    status = scrypath.sync_status("Product", config=relayed).row(0, named=True)
    assert (status["observed"], status["failed"]) == (True, 1)
    assert "its successes were not read to their end" in status["note"]
    signal = scrypath.reconcile_sync("Product", documents=False, config=relayed).drift_signals.row(
        by_predicate=pl.col("signal") == "failed_sync_work", named=True
    )
    assert "its successes were not read to their end" in signal["detail"]


def test_a_history_of_successes_that_is_cut_is_said_only_where_it_matters(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1", "2"])
    short = replace(config, history_limit=2)
    (open_one,) = scrypath.failed_sync_work("Product", config=short).to_dicts()  # nothing succeeded since
    assert (open_one["work_id"], open_one["healed"]) == (work_id, False)
    scrypath.backfill("Product", config=config)
    for number in (7, 8):
        scrypath.sync_records("Product", [{"id": number, **PRODUCT}], config=config)
    cut, hidden = scrypath.failed_sync_work("Product", config=short).to_dicts()
    assert (hidden["work_id"], hidden["healed"]) == (work_id, False)
    assert (cut["work_id"], cut["error_code"]) == (None, "history_truncated")
    assert "More than 2 succeeded since" in cut["reason"]
    scrypath.backfill("Product", config=config)
    (healed,) = scrypath.failed_sync_work("Product", config=short).to_dicts()
    assert healed["healed"] is True


def test_a_fan_out_is_healed_by_the_same_fan_out_only(oban: Config, sql: Callable[..., None]) -> None:
    sql("INSERT INTO brands (id, name) VALUES (1, 'Acme')")
    away = replace(oban, meilisearch_url="http://127.0.0.1:1", oban_max_attempts=1)
    scrypath.backfill("Brand", config=oban)

    def drain(config: Config) -> None:
        worker.run(config, lambda args: perform(args, config), drain=True)

    def failed() -> dict[str, bool]:
        frame = scrypath.failed_sync_work("Brand", config=oban)
        return dict(frame.select("operation", "healed").iter_rows())

    def broken(args: JobArgs) -> None:
        raise TransportError("The line was cut.")

    scrypath.sync_records("Brand", [{"id": 1}], mode="oban", config=away)
    scrypath.sync_related("Brand", [Brand(id=1)], fan_out="products", mode="oban", config=away)
    worker.run(away, broken, drain=True)
    assert failed() == {"upsert": False, "fan_out": False}
    # The brand's own document is written: the products that depend on it are not.
    scrypath.sync_records("Brand", [{"id": 1}], mode="oban", config=oban)
    drain(oban)
    assert failed() == {"upsert": True, "fan_out": False}
    scrypath.sync_related("Brand", [Brand(id=1)], fan_out="products", mode="oban", config=oban)
    drain(oban)
    assert failed() == {"upsert": True, "fan_out": True}


def test_what_the_server_forgets_stays_in_the_history(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1"])
    scrypath.failed_sync_work("Product", config=config)
    uid = int(work_id.removeprefix("meili:"))
    tasks.wait(config, tasks.delete(config, uids=[uid])).require_success()
    assert scrypath.failed_sync_work("Product", config=config).is_empty()
    (kept,) = scrypath.failure_history("Product", config=config).to_dicts()
    assert (kept["work_id"], kept["document_ids"]) == (work_id, ["1"])


def test_a_job_with_malformed_args_is_listed_and_harms_nothing(
    oban: Config, products: list[str], sql: Callable[..., None]
) -> None:
    index = scrypath.schema_config("Product")["table"]
    name = f"{oban.index_prefix}_{index}"
    sql(
        "INSERT INTO oban_jobs (args, worker, queue, state, attempt, max_attempts, errors, discarded_at) VALUES "
        "(cast(:args as jsonb), 'scrypath.queue.SyncWorker', 'scrypath', 'discarded', 1, 1, '[]', now())",
        args=f'{{"schema": "Product", "index": "{name}", "operation": "upsert", "document_ids": 5}}',
    )
    (row,) = scrypath.failed_sync_work("Product", config=oban).to_dicts()
    assert row["reason_class"] == "validation"
    assert "document_ids is not a list" in row["reason"]
    assert (row["document_ids"], row["retryable"]) == (None, False)


def test_work_lists_tasks_and_jobs_in_one_frame(oban: Config, products: list[str]) -> None:
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    work = WORK.check(scrypath.sync_work("Product", config=oban))
    assert work["source"].unique().sort().to_list() == ["meilisearch", "oban"]
    (job,) = work.filter(pl.col("source") == "oban").to_dicts()
    assert (job["state"], job["document_ids"], job["mode"]) == ("queued", ["1"], "oban")
    written = work.filter(pl.col("operation") == "upsert", pl.col("source") == "meilisearch")
    assert written["document_count"].to_list() == [20]
    assert written["state"].to_list() == ["completed"]
    assert work.to_pandas().shape == work.shape


def test_an_unknown_schema_gets_the_nearest_name(config: Config) -> None:
    with pytest.raises(SchemaError, match="Did you mean 'Product'"):
        scrypath.sync_status("Prodct", config=config)
