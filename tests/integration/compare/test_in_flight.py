"""What is being written, or was written while a comparison read, is in flight: never drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import documents, tasks
from scrypath.meilisearch.raw import search
from scrypath.schema import registry
from tests.support.relay import Relay
from tests.support.reports import drift_of
from tests.support.scripted_server import Asked
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


def detail_of(report: scrypath.Reconcile) -> dict[str, str]:
    return dict(report.documents.select("document_id", "detail").iter_rows())


def after_the_scan(act: Callable[[], object]) -> Callable[[Asked], None]:
    """Act when both sides have been read and nothing has been read again: the tasks are listed then."""
    done: list[bool] = []

    def before(asked: Asked) -> None:
        if asked.path == "/tasks" and "from" in asked.params and not done:
            done.append(True)
            act()

    return before


def test_a_row_that_changes_after_the_scan_began_is_in_flight(
    relayed: Config, relay: Relay, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id IN (1, 2)")

    relay.before = after_the_scan(lambda: sql("UPDATE products SET stock = 200 WHERE id = 1"))
    report = scrypath.reconcile_sync("Product", config=relayed)
    assert drift_of(report) == {"1": "in_flight", "2": "stale"}
    assert detail_of(report)["1"] == "It changed while it was compared."


def test_rows_that_come_and_go_after_the_scan_began_are_in_flight(
    relayed: Config, relay: Relay, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id = 1")  # were nothing suspect, nothing would be read again
    sql("DELETE FROM products WHERE id = 2")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (99, 'New', 1, 0, false)")

    def meanwhile() -> None:
        sql("DELETE FROM products WHERE id IN (1, 99)")
        sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (2, 'Back', 1, 0, false)")

    relay.before = after_the_scan(meanwhile)
    report = scrypath.reconcile_sync("Product", config=relayed)
    assert drift_of(report) == {"1": "in_flight", "2": "in_flight"}


@pytest.mark.parametrize("written", [{"id": 1, "name": "Product 1", "stock": 7}, {"id": 1, "name": "Theirs"}])
def test_a_document_written_while_the_index_is_read_is_in_flight(
    relayed: Config, relay: Relay, config: Config, products: list[str], written: dict[str, object]
) -> None:
    record = {"price": 1, "stock": 0, "brand_id": None} | written
    relay.once("/documents/fetch", lambda: scrypath.sync_records("Product", [record], config=config))
    report = scrypath.reconcile_sync("Product", config=relayed)
    assert drift_of(report) == {"1": "in_flight"}
    assert detail_of(report)["1"].endswith("wrote it while it was compared.")
    assert report.in_step is None
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"1": "stale"}


def test_a_document_that_is_fixed_before_it_is_read_again_is_in_step(
    relayed: Config, relay: Relay, config: Config, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    relay.before = after_the_scan(lambda: scrypath.backfill("Product", config=config))
    assert scrypath.reconcile_sync("Product", config=relayed).in_step is True


def test_a_pending_fan_out_makes_the_targets_in_flight_and_not_its_sources(
    oban: Config, products: list[str], sql: Sql
) -> None:
    sql("INSERT INTO brands (id, name) VALUES (1, 'Acme'), (2, 'Zenith')")
    sql("UPDATE products SET brand_id = 1 WHERE id IN (4, 5)")
    sql("UPDATE products SET brand_id = 2 WHERE id = 6")
    scrypath.backfill("Brand", config=oban)
    sql("UPDATE brands SET name = 'Acme & Sons' WHERE id = 1")
    job = scrypath.sync_related("Brand", [Brand(id=1)], fan_out="products", config=oban)
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {"4": "in_flight", "5": "in_flight", "6": "stale"}
    assert detail_of(report)["4"] == f"{job.work_id} is pending."
    assert drift_of(scrypath.reconcile_sync("Brand", config=oban)) == {"1": "stale"}


def test_a_fan_out_whose_targets_are_not_known_may_touch_any(
    oban: Config, products: list[str], sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> list[int]:
        raise KeyError("a mistake in somebody's resolver")

    job = scrypath.sync_related("Brand", [Brand(id=1)], fan_out="products", config=oban)
    fan_out = registry.find("Brand").fan_outs["products"]
    monkeypatch.setattr(
        registry.find("Brand").__class__,
        "fan_outs",
        property(lambda self: {"products": replace(fan_out, resolver=broken)} if self.model is Brand else {}),
    )
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {"1": "in_flight"}
    assert detail_of(report)["1"] == f"{job.work_id} is pending, and which documents it touches is not known."


def test_more_pending_jobs_than_are_read_may_touch_any(oban: Config, products: list[str], sql: Sql) -> None:
    for number in (1, 2, 3):
        scrypath.sync_records("Product", [{"id": number}], mode="oban", config=oban)
    sql("UPDATE products SET stock = 100 WHERE id IN (1, 9)")
    report = scrypath.reconcile_sync("Product", config=replace(oban, history_limit=2))
    assert drift_of(report) == {"1": "in_flight", "9": "in_flight"}
    assert detail_of(report)["9"] == "More than 2 jobs are pending, and only as many were read."


def test_a_task_that_failed_while_the_index_was_read_excuses_nothing(
    relayed: Config,
    relay: Relay,
    products: list[str],
    sql: Sql,
    failed_task: Callable[[list[str]], str],
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    relay.once("/documents/fetch", lambda: failed_task(["1", "2"]))
    assert drift_of(scrypath.reconcile_sync("Product", config=relayed)) == {"1": "stale"}


def test_a_document_of_others_that_changes_between_both_looks_is_in_flight(
    relayed: Config, relay: Relay, config: Config, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id IN (1, 2)")
    index = registry.find(Product).index_name(config)
    (whole,) = documents.get_many(config, index, ["1"])

    def theirs() -> None:
        (sent,) = documents.write(config, index, [whole | {"_scrypath": "another"}])
        tasks.wait(config, sent.uid).require_success()

    relay.before = after_the_scan(theirs)
    report = scrypath.reconcile_sync("Product", config=relayed)
    assert drift_of(report) == {"1": "in_flight", "2": "stale"}
    assert detail_of(report)["1"] == "It changed while it was compared."
    assert search(config, index, {"q": "Product 1"})["hits"]


@pytest.mark.parametrize(
    ("state", "work"), [("suspended", "queued"), ("paused_by_another_release", "unknown")]
)
def test_a_job_in_a_state_that_is_no_end_is_counted_and_its_documents_are_in_flight(
    oban: Config, products: list[str], sql: Sql, state: str, work: str
) -> None:
    sql("ALTER TYPE oban_job_state ADD VALUE IF NOT EXISTS 'paused_by_another_release'")
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    job = scrypath.sync_records("Product", [1], config=oban).work_id
    sql(f"UPDATE oban_jobs SET state = '{state}'")
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {"1": "in_flight"}
    assert detail_of(report)["1"] == f"{job} is pending."
    status = scrypath.sync_status("Product", config=oban).filter(pl.col("source") == "oban")
    assert status["pending"].to_list() == [1]
    assert status["oldest_pending_at"].null_count() == 0
    units = scrypath.sync_work("Product", config=oban).filter(pl.col("work_id") == job)
    assert units["state"].to_list() == [work]


@pytest.mark.parametrize("mark", [5, True, ["x"], {"a": 1}])
def test_a_fingerprint_that_is_no_text_is_none_and_its_document_is_compared_by_content(
    config: Config, products: list[str], mark: object
) -> None:
    index = registry.find(Product).index_name(config)
    read = documents.get_many(config, index, ["1", "2"])
    theirs = [document | {"_scrypath": mark} for document in read]
    theirs[0] |= {"name": "Theirs"}
    tasks.wait_all(config, [task.uid for task in documents.write(config, index, theirs)])
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {str(theirs[0]["id"]): "stale"}
