"""One unit of work is retried: previewed, recorded, accepted, and only then verified."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, NotRetryable, TransportError, UnknownWork
from scrypath.frames import OUTCOME
from scrypath.meilisearch import documents
from scrypath.queue import worker
from scrypath.schema import registry
from scrypath.sync.jobs import perform

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
    assert "write 1 Product documents from their current rows and delete 1" in preview.effect.lower().replace(
        "product", "Product"
    )
    assert preview.retryable is False
    with pytest.raises(NotRetryable, match="failed validation"):
        scrypath.retry_sync_work(work_id, config=config)
    assert scrypath.audit_log(config=config).is_empty()

    outcome = OUTCOME.check(scrypath.retry_sync_work(work_id, force=True, actor="ada", config=config))
    (row,) = outcome.to_dicts()
    assert (row["outcome"], row["verified"], row["document_count"]) == ("accepted", None, 2)
    (done,) = scrypath.verify_retry(outcome, config=config).to_dicts()
    assert (done["outcome"], done["verified"]) == ("completed", True)
    assert [item["name"] for item in documents_of(config, "1", "2")] == ["Mended"]
    assert scrypath.failed_sync_work("Product", config=config).is_empty()

    audit = scrypath.audit_log(config=config).sort("at").select("action", "phase", "actor", "outcome").rows()
    assert audit[:2] == [("retry", "before", "ada", None), ("retry", "after", "ada", "accepted")]
    assert audit[2][:2] == ("verify", "before")
    assert (audit[3][0], audit[3][1], audit[3][3]) == ("verify", "after", "completed")
    with pytest.raises(NotRetryable, match="was retried already"):
        scrypath.retry_sync_work(work_id, config=config)


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
        == "The job runs again: the worker will write 1 Product documents from their current rows."
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


def test_a_retry_that_cannot_be_sent_is_recorded_as_failed(
    config: Config, products: list[str], failed_task: Fail, monkeypatch: pytest.MonkeyPatch
) -> None:
    work_id = failed_task(["1"])

    def unreachable(*_: object, **__: object) -> None:
        raise TransportError("The line was cut.")

    monkeypatch.setattr("scrypath.operator.retry.converge", unreachable)
    with pytest.raises(TransportError):
        scrypath.retry_sync_work(work_id, force=True, config=config)
    after = scrypath.audit_log(config=config).row(0, named=True)
    assert (after["phase"], after["outcome"]) == ("after", "failed")
