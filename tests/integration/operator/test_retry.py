"""One unit of work is retried: previewed, recorded, accepted, and only then verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import (
    BackendRejected,
    InvalidOptions,
    NotRetryable,
    ProjectionError,
    ScrypathError,
    StalePlan,
    TransportError,
    UnknownWork,
)
from scrypath.frames import OUTCOME
from scrypath.meilisearch import documents, tasks
from scrypath.queue import worker
from scrypath.schema import registry
from scrypath.sync.jobs import perform
from tests.support.reports import recoveries
from tests.support.shop import Brand

pytestmark = pytest.mark.integration
Fail = Callable[[Sequence[str]], str]


def drain(config: Config) -> None:
    worker.run(config, lambda args: perform(args, config), drain=True)


def documents_of(config: Config, *ids: str) -> list[dict[str, object]]:
    return documents.get_many(config, registry.find("Product").index_name(config), list(ids))


def test_a_failed_task_is_sent_again_from_current_rows(
    config: Config, products: list[str], failed_task: Fail, sql: Callable[..., None]
) -> None:
    work_id = failed_task(["1", "2"])
    sql("UPDATE products SET name = 'Mended' WHERE id = 1")
    sql("DELETE FROM products WHERE id = 2")
    preview = scrypath.preview_retry(work_id, config=config)
    assert (preview.written, preview.vanished) == (1, ("2",))
    assert preview.documents["name"].to_list() == ["Mended"]
    assert "Write 1 Product document from the current rows and delete 1" in preview.effect
    assert preview.retryable is False
    with pytest.raises(NotRetryable, match="failed validation"):
        scrypath.retry_sync_work(work_id, config=config)
    assert recoveries(config).is_empty()

    outcome = OUTCOME.check(scrypath.retry_sync_work(work_id, force=True, actor="ada", config=config))
    (row,) = outcome.to_dicts()
    assert (row["outcome"], row["verified"], row["document_count"]) == ("accepted", None, 2)
    (done,) = scrypath.verify_retry(outcome, config=config).to_dicts()
    assert (done["outcome"], done["verified"]) == ("completed", True)
    assert [item["name"] for item in documents_of(config, "1", "2")] == ["Mended"]
    assert scrypath.failed_sync_work("Product", config=config).is_empty()

    audit = recoveries(config).sort("at").select("action", "phase", "actor", "outcome").rows()
    assert audit[:2] == [("retry", "before", "ada", None), ("retry", "after", "ada", "accepted")]
    assert audit[2][:2] == ("verify", "before")
    assert (audit[3][0], audit[3][1], audit[3][3]) == ("verify", "after", "completed")
    with pytest.raises(NotRetryable, match="was retried already"):
        scrypath.retry_sync_work(work_id, config=config)


def test_two_retries_of_a_task_at_once_send_once(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1", "2"])
    index = registry.find("Product").index_name(config)
    before = tasks.listing(config, index_uids=[index]).frame.height
    together = Barrier(4)

    def retry(_: int) -> str:
        together.wait(timeout=20)
        try:
            scrypath.retry_sync_work(work_id, force=True, config=config)
        except NotRetryable as error:
            return str(error)
        return "sent"

    with ThreadPoolExecutor(4) as threads:
        said = list(threads.map(retry, range(4)))
    assert said.count("sent") == 1
    assert all("retried already" in item for item in said if item != "sent")
    assert tasks.listing(config, index_uids=[index]).frame.height == before + 1


def test_a_discarded_job_runs_again_in_place(
    oban: Config, products: list[str], sql: Callable[..., None]
) -> None:
    sql("UPDATE products SET stock = 500 WHERE id = 1")
    once = replace(oban, oban_max_attempts=1)
    job = scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=once)
    drain(replace(once, meilisearch_url="http://127.0.0.1:1"))
    (failed,) = scrypath.failed_sync_work("Product", config=oban).to_dicts()
    assert (failed["work_id"], failed["state"], failed["reason_class"]) == (
        job.work_id,
        "failed",
        "transport",
    )
    assert failed["retryable"] is True

    preview = scrypath.preview_retry(failed["work_id"], config=oban)
    assert (
        preview.effect
        == "The job runs again: the worker will write 1 Product document from the current rows."
    )
    outcome = scrypath.retry_sync_work(failed["work_id"], config=oban)
    assert outcome["outcome"].to_list() == ["accepted"]
    drain(oban)
    (done,) = scrypath.verify_retry(outcome, config=oban).to_dicts()
    assert (done["outcome"], done["verified"]) == ("completed", True)
    assert [item["stock"] for item in documents_of(oban, "1")] == [500]
    assert scrypath.failed_sync_work("Product", config=oban).is_empty()


def test_a_frame_is_an_explicit_bulk_and_one_failure_does_not_hide_another(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    first, second = failed_task(["1"]), failed_task(["2"])
    work = pl.DataFrame({"work_id": [first, "meili:999999", second]})
    outcome = scrypath.retry_sync_work(work, force=True, wait=True, config=config)
    assert outcome["outcome"].to_list() == ["completed", "failed", "completed"]
    assert "no task 999999" in outcome["detail"][1]


@pytest.mark.parametrize("given", [17, "17", "meili:", "oban:x", "redis:1", None])
def test_something_that_is_no_work_id_is_refused(config: Config, given: object) -> None:
    with pytest.raises(InvalidOptions, match="is not a work id"):
        scrypath.retry_sync_work(given, config=config)  # type: ignore[arg-type]


def test_unknown_work_and_work_that_did_not_fail(config: Config, oban: Config, products: list[str]) -> None:
    with pytest.raises(UnknownWork, match="no task 987654"):
        scrypath.retry_sync_work("meili:987654", config=config)
    with pytest.raises(UnknownWork, match="987654"):
        scrypath.retry_sync_work("oban:987654", config=oban)
    done = scrypath.backfill("Product", config=config).work_ids[-1]
    with pytest.raises(NotRetryable, match="succeeded"):
        scrypath.retry_sync_work(done, config=config)


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (BackendRejected("No."), "failed"),
        (TransportError("The line was cut."), "unknown"),  # before or after the server had accepted it
    ],
)
def test_a_retry_that_cannot_be_sent_is_recorded(
    config: Config,
    products: list[str],
    failed_task: Fail,
    monkeypatch: pytest.MonkeyPatch,
    error: ScrypathError,
    outcome: str,
) -> None:
    work_id = failed_task(["1"])

    def unreachable(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr("scrypath.operator.recover.retry.converge", unreachable)
    with pytest.raises(type(error)):
        scrypath.retry_sync_work(work_id, force=True, config=config)
    after = recoveries(config).row(0, named=True)
    assert (after["phase"], after["outcome"]) == ("after", outcome)


def test_an_interrupted_retry_is_recorded(
    config: Config, products: list[str], failed_task: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_id = failed_task(["1"])

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scrypath.operator.recover.retry.converge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scrypath.retry_sync_work(work_id, force=True, config=config)
    after = recoveries(config).row(0, named=True)
    assert (after["phase"], after["outcome"], after["detail"]) == ("after", "unknown", "It was interrupted.")


def test_healed_work_is_shown_refused_and_never_recommended(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1", "2"])
    later = scrypath.backfill("Product", config=config).work_ids[-1]
    (row,) = scrypath.failed_sync_work("Product", config=config).to_dicts()
    assert (row["healed"], row["superseded_by"], row["retryable"]) == (True, later, False)
    report = scrypath.reconcile_sync("Product", config=config)
    assert report.actions.is_empty()
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "failed_sync_work", named=True)
    assert (signal["raised"], signal["count"]) == (False, 0)
    assert report.reason_counts.filter(pl.col("reason_class") == "validation").row(0) == ("validation", 0, 1)
    with pytest.raises(NotRetryable, match=f"{later} has written the same documents since"):
        scrypath.retry_sync_work(work_id, config=config)
    bulk = scrypath.retry_sync_work(pl.DataFrame({"work_id": [work_id, work_id]}), config=config)
    assert bulk.select("outcome").to_series().to_list() == ["skipped"]
    assert recoveries(config).is_empty()
    forced = scrypath.retry_sync_work(work_id, force=True, wait=True, config=config)
    assert forced["outcome"].to_list() == ["completed"]


def test_a_job_heals_a_task_once_it_has_done_its_work(
    oban: Config, products: list[str], failed_task: Fail
) -> None:
    failed_task(["1"])
    job = scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    assert scrypath.failed_sync_work("Product", config=oban)["healed"].to_list() == [False]
    drain(oban)
    (row,) = scrypath.failed_sync_work("Product", config=oban).to_dicts()
    assert row["healed"] is True
    assert row["superseded_by"].startswith(("oban:", "meili:"))
    assert job.work_id in scrypath.sync_work("Product", config=oban)["work_id"]


def test_a_retry_is_verified_by_what_the_index_holds(
    config: Config, products: list[str], failed_task: Fail
) -> None:
    work_id = failed_task(["1", "2"])
    outcome = scrypath.retry_sync_work(work_id, force=True, config=config)
    theirs = {"id": 2, "name": "Product 2", "price": 1, "stock": 1_000, "brand_id": None}
    scrypath.sync_records("Product", [theirs], config=config)  # it is not what the row says
    (row,) = scrypath.verify_retry(outcome, config=config).to_dicts()
    assert (row["outcome"], row["verified"]) == ("failed", False)
    assert row["detail"] == "Still different from its row: 1 of 2 documents: 2."
    assert recoveries(config).row(0, named=True)["outcome"] == "failed"


def test_a_wait_that_ends_first_is_unknown_and_can_be_verified_later(
    oban: Config, products: list[str]
) -> None:
    once = replace(oban, oban_max_attempts=1)
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=once)
    drain(replace(once, meilisearch_url="http://127.0.0.1:1"))
    (failed,) = scrypath.failed_sync_work("Product", config=oban)["work_id"]
    outcome = scrypath.retry_sync_work(failed, config=oban)
    waited = scrypath.verify_retry(outcome, timeout=0.2, config=oban)  # no worker runs
    assert waited.select("outcome", "verified").row(0) == ("unknown", None)
    assert "is a worker running?" in waited["detail"][0]
    drain(oban)
    assert scrypath.verify_retry(outcome, config=oban)["outcome"].to_list() == ["completed"]


def test_a_failed_attempt_that_the_queue_will_repeat_is_not_the_end(
    oban: Config, products: list[str]
) -> None:
    away = replace(oban, meilisearch_url="http://127.0.0.1:1")
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    drain(away)
    (retrying,) = scrypath.failed_sync_work("Product", config=oban)["work_id"]
    outcome = scrypath.retry_sync_work(retrying, config=oban)
    drain(away)
    (row,) = scrypath.verify_retry(outcome, config=oban).to_dicts()
    assert (row["outcome"], row["verified"]) == ("unknown", None)
    assert row["detail"].startswith("Attempt 2 of ")
    assert row["detail"].endswith("The queue will try again by itself.")
    again = scrypath.retry_sync_work(retrying, config=oban)
    drain(oban)
    assert scrypath.verify_retry(again, config=oban)["outcome"].to_list() == ["completed"]


def test_a_failed_fan_out_is_retried_in_place_and_verified_by_its_targets(
    oban: Config, products: list[str], sql: Callable[..., None]
) -> None:
    sql("INSERT INTO brands (id, name) VALUES (1, 'Acme')")
    sql("UPDATE products SET brand_id = 1 WHERE id IN (4, 5)")
    once = replace(oban, oban_max_attempts=1)
    job = scrypath.sync_related("Brand", [Brand(id=1)], fan_out="products", mode="oban", config=once)
    drain(replace(once, meilisearch_url="http://127.0.0.1:1"))
    (failed,) = scrypath.failed_sync_work("Brand", config=oban).to_dicts()
    assert (failed["work_id"], failed["operation"], failed["retryable"]) == (job.work_id, "fan_out", True)
    preview = scrypath.preview_retry(failed["work_id"], config=oban)
    assert (preview.written, preview.documents["id"].to_list()) == (2, [4, 5])
    outcome = scrypath.retry_sync_work(failed["work_id"], config=oban)
    drain(oban)
    (done,) = scrypath.verify_retry(outcome, config=oban).to_dicts()
    assert (done["outcome"], done["verified"]) == ("completed", True)
    assert [item["brand_id"] for item in documents_of(oban, "4", "5")] == [1, 1]


def test_rows_that_cannot_be_projected_are_no_retry(
    config: Config, products: list[str], failed_task: Fail, sql: Callable[..., None]
) -> None:
    work_id = failed_task(["1", "2"])
    sql("UPDATE products SET price = 'NaN' WHERE id = 2")
    with pytest.raises(ProjectionError, match="not finite"):
        scrypath.retry_sync_work(work_id, force=True, config=config)
    after, before = recoveries(config).to_dicts()
    assert (before["phase"], after["phase"], after["outcome"]) == ("before", "after", "failed")
    assert [item["name"] for item in documents_of(config, "1")] == ["Product 1"]


def test_a_backfill_is_recorded_before_and_after(config: Config, products: list[str]) -> None:
    after, before = scrypath.audit_log(config=config).to_dicts()
    assert (before["action"], before["phase"], before["outcome"]) == ("backfill", "before", None)
    assert (after["phase"], after["outcome"], after["document_count"]) == ("after", "completed", 20)


def test_a_preview_whose_rows_have_changed_is_refused_by_the_api(
    config: Config, products: list[str], failed_task: Fail, sql: Callable[..., None]
) -> None:
    seen = scrypath.preview_retry(failed_task(["1"]), config=config)
    sql("UPDATE products SET name = 'Changed' WHERE id = 1")
    with pytest.raises(StalePlan, match="has changed since the preview"):
        scrypath.retry_sync_work(seen, force=True, config=config)
    assert recoveries(config).is_empty()
    again = scrypath.preview_retry(seen.work_id, config=config)
    assert scrypath.retry_sync_work(again, force=True, wait=True, config=config)["verified"].to_list() == [
        True
    ]
