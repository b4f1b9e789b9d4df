"""Documents are compared one by one, and nothing is called drift that is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.meilisearch.raw import search
from scrypath.queue import worker
from scrypath.schema import FINGERPRINT_FIELD, registry
from scrypath.schema.settings import desired
from scrypath.sync.jobs import perform
from tests.support.reports import drift_of

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


def written(config: Config, *sent: documents.SentTask) -> None:
    for task in tasks.wait_all(config, [item.uid for item in sent]):
        task.require_success()


def test_equal_sides_report_nothing_twice(config: Config, products: list[str]) -> None:
    for _ in range(2):
        report = scrypath.reconcile_sync("Product", config=config)
        assert report.in_step is True
        assert report.documents.is_empty()
        assert (report.rows, report.indexed, report.matching) == (20, 20, 20)
        assert report.actions.is_empty()


def test_missing_orphan_and_stale_are_found_exactly(config: Config, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET stock = stock + 1 WHERE id IN (1, 2)")
    sql("DELETE FROM products WHERE id = 3")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (99, 'New', 1, 0, false)")
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {"1": "stale", "2": "stale", "3": "orphan", "99": "missing"}
    assert report.matching == 17
    counts = dict(report.document_counts.iter_rows())
    assert counts == {"in_step": 17, "missing": 1, "orphan": 1, "stale": 2, "in_flight": 0, "unknown": 0}
    assert report.actions["action"].to_list() == ["repair"]
    again = scrypath.reconcile_sync("Product", config=config)
    assert again.documents.equals(report.documents)


def test_a_row_outside_the_schemas_query_is_no_row(config: Config, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET hidden = true WHERE id = 5")
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"5": "orphan"}


def test_the_schemas_query_says_what_is_a_row_wherever_one_is_read(
    config: Config, products: list[str], sql: Sql
) -> None:
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (50, 'Never shown', 1, 0, true)")
    for options in ({}, {"verify": "content"}, {"sample": 100}):
        report = scrypath.reconcile_sync("Product", config=config, **options)  # type: ignore[arg-type]
        assert report.documents.is_empty()
        assert report.rows in (20, None)
    assert scrypath.explain("Product", ["50"], config=config).is_empty()
    sql("UPDATE products SET hidden = true WHERE id = 5")
    sql("UPDATE products SET hidden = false WHERE id = 50")
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {"5": "orphan", "50": "missing"}
    assert scrypath.explain("Product", ["5"], config=config)["database"].null_count() == 5
    scrypath.apply(scrypath.plan(report, delete_orphans=True))
    index = registry.find("Product").index_name(config)
    assert [item["id"] for item in documents.get_many(config, index, ["5", "50"])] == [50]
    sql("UPDATE products SET hidden = true WHERE id = 50")
    scrypath.sync_record("Product", {"id": 50}, mode="oban", config=config)
    worker.run(config, lambda args: perform(args, config), drain=True)
    assert documents.get_many(config, index, ["50"]) == []


def test_explain_shows_the_differing_fields_side_by_side(
    config: Config, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100, name = 'Renamed' WHERE id = 1")
    rows = scrypath.reconcile_sync("Product", config=config).explain().rows()
    assert rows == [
        ("1", "stale", "name", '"Renamed"', '"Product 1"'),
        ("1", "stale", "stock", "100", "1"),
    ]


def test_content_changed_behind_the_kits_back_is_found_by_content(
    config: Config, products: list[str]
) -> None:
    index = registry.find("Product").index_name(config)
    written(config, *documents.write(config, index, [{"id": 4, "stock": 77}], content="update"))
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    report = scrypath.reconcile_sync("Product", verify="content", config=config)
    assert drift_of(report) == {"4": "stale"}


def test_documents_of_other_writers_are_compared_by_content(config: Config, products: list[str]) -> None:
    index = registry.find("Product").index_name(config)
    (whole,) = documents.get_many(config, index, ["6"])
    whole.pop(FINGERPRINT_FIELD)
    different = {**whole, "id": 7, "name": "Theirs"}
    strange = {"id": 8, "name": ["not", "a", "text"]}
    written(config, *documents.write(config, index, [whole, different, strange]))
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"7": "stale", "8": "stale"}


def test_a_type_of_id_makes_no_difference(config: Config, products: list[str]) -> None:
    index = registry.find("Product").index_name(config)
    (whole,) = documents.get_many(config, index, ["9"])
    written(config, *documents.write(config, index, [{**whole, "id": "9"}]))
    report = scrypath.reconcile_sync("Product", config=config)
    assert report.in_step is True
    assert report.indexed == 20


def test_pending_jobs_make_their_documents_in_flight(oban: Config, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET stock = stock + 1 WHERE id IN (1, 2)")
    job = scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {"1": "in_flight", "2": "stale"}
    assert report.documents["detail"][0] == f"{job.work_id} is pending."


def test_a_row_that_cannot_be_projected_is_unknown_never_in_step(
    config: Config, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET price = 'NaN' WHERE id = 10")
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {"10": "unknown"}
    assert report.in_step is None
    assert report.matching == 19
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "document_drift", named=True)
    assert signal["raised"] is True
    assert signal["detail"].endswith("1 could not be compared.")


def test_without_an_index_every_row_is_missing(config: Config, sql: Sql) -> None:
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (1, 'A', 1, 0, false)")
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {"1": "missing"}
    assert report.note == indexes.GONE
    assert report.actions["action"].to_list() == ["backfill"]


def test_an_index_with_another_primary_key_cannot_be_compared(config: Config, sql: Sql) -> None:
    index = registry.find("Product").index_name(config)
    tasks.wait(config, indexes.create(config, index, "sku")).require_success()
    report = scrypath.reconcile_sync("Product", config=config)
    assert (report.in_step, report.rows, report.matching) == (None, None, None)
    assert "'sku'" in str(report.note)
    assert report.document_counts["count"].null_count() == 6


def test_documents_that_were_not_compared_have_no_numbers(config: Config, products: list[str]) -> None:
    report = scrypath.reconcile_sync("Product", documents=False, config=config)
    assert report.in_step is None
    assert report.document_counts["count"].null_count() == 6
    (snapshot,) = scrypath.snapshots("Product", config=config).to_dicts()
    assert (snapshot["documents_compared"], snapshot["missing"]) == (False, None)


def test_the_fingerprint_never_shows_and_never_matches(config: Config, products: list[str]) -> None:
    schema = registry.find("Product")
    index = schema.index_name(config)
    (document,) = documents.get_many(config, index, ["1"])
    mark = document[FINGERPRINT_FIELD]
    for body in (
        {"q": "", "attributesToRetrieve": ["*"]},
        {"q": "", "attributesToRetrieve": [FINGERPRINT_FIELD], "attributesToHighlight": ["*"]},
        {"q": "Product", "showMatchesPosition": True, "attributesToCrop": ["*"]},
    ):
        reply = search(config, index, body)
        assert reply["hits"]
        assert FINGERPRINT_FIELD not in str(reply)
    assert search(config, index, {"q": mark})["hits"] == []
    assert FINGERPRINT_FIELD not in desired(schema)["searchableAttributes"]


def test_a_server_that_is_not_there_is_named_in_the_report(
    config: Config, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.meilisearch.wire.RETRY_PAUSES", (0.01,))
    away = replace(config, meilisearch_url="http://127.0.0.1:1")
    for report in (
        scrypath.reconcile_sync("Product", config=away),
        scrypath.reconcile_sync("Product", documents=False, config=away),
    ):
        assert report.in_step is None
        assert report.rebuild.observed is False
        assert not report.status["observed"].any()
        assert report.status["pending"].null_count() == 2
        assert report.status["note"][0].startswith(
            "GET /tasks at http://127.0.0.1:1: the connection was refused"
        )
