"""Rows and documents that cannot be compared are unknown, with their number; they hide nobody else's drift."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import documents, tasks
from scrypath.schema import FINGERPRINT_FIELD, registry
from scrypath.source.engine import engine
from tests.support.labels import Base
from tests.support.reports import drift_of

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


@pytest.fixture
def labels(config: Config, sql: Sql) -> Config:
    """Three labels in step."""
    config = replace(config, schemas=("tests.support.labels:Label",))
    Base.metadata.create_all(engine(config))
    sql("INSERT INTO labels (code, words) VALUES ('1', 'one'), ('01', 'nought one'), ('A', 'letter')")
    assert scrypath.backfill("Label", config=config).document_count == 3
    return config


def counts_of(report: scrypath.Reconcile) -> dict[str, int]:
    return {name: count for name, count in report.document_counts.iter_rows() if count}


def detail_of(report: scrypath.Reconcile, document_id: str) -> str:
    found = report.documents.row(by_predicate=pl.col("document_id") == document_id, named=True)
    return str(found["detail"])


def wrote(config: Config, name: str, *wanted: dict[str, object]) -> None:
    for sent in documents.write(config, registry.find(name).index_name(config), wanted):
        tasks.wait(config, sent.uid).require_success()


def test_rows_without_an_id_are_counted_and_unknown(labels: Config, sql: Sql) -> None:
    sql("INSERT INTO labels (code, words) VALUES (NULL, 'x'), (NULL, 'y'), (NULL, 'z')")
    report = scrypath.reconcile_sync("Label", config=labels)
    assert drift_of(report) == {"": "unknown"}
    assert detail_of(report, "") == "3 rows have no id."
    assert counts_of(report) == {"in_step": 3, "unknown": 3}
    assert (report.rows, report.matching, report.in_step) == (6, 3, None)
    again = scrypath.reconcile_sync("Label", max_age=timedelta(hours=1), config=labels)
    assert counts_of(again) == counts_of(report)


def test_an_id_that_the_server_refuses_is_unknown(labels: Config, sql: Sql) -> None:
    sql("INSERT INTO labels (code, words) VALUES ('not an id', 'x'), ('', 'y')")
    report = scrypath.reconcile_sync("Label", config=labels)
    assert drift_of(report)["not an id"] == "unknown"
    assert "refuses" in detail_of(report, "not an id")
    assert counts_of(report) == {"in_step": 3, "unknown": 2}


def test_rows_that_share_an_id_and_differ_are_unknown(labels: Config, sql: Sql) -> None:
    sql("INSERT INTO labels (code, words) VALUES ('A', 'another letter'), ('1', 'one')")
    report = scrypath.reconcile_sync("Label", config=labels)
    assert drift_of(report) == {"A": "unknown"}
    assert detail_of(report, "A") == "2 different rows have this id."
    assert (report.rows, report.indexed, report.matching) == (5, 3, 3)
    assert report.in_step is None


def test_rows_that_share_an_id_and_say_the_same_are_as_their_document(labels: Config, sql: Sql) -> None:
    sql("INSERT INTO labels (code, words) VALUES ('A', 'letter'), ('new', 'x'), ('new', 'x')")
    report = scrypath.reconcile_sync("Label", config=labels)
    assert drift_of(report) == {"new": "missing"}
    assert (report.rows, report.matching) == (6, 4)


def test_ids_that_look_alike_are_two_documents(labels: Config, sql: Sql) -> None:
    sql("DELETE FROM labels WHERE code = '01'")
    assert drift_of(scrypath.reconcile_sync("Label", config=labels)) == {"01": "orphan"}
    wrote(labels, "Label", {"code": 1, "words": "one"})  # as a number: the same document as "1"
    for verify in ("fingerprint", "content"):
        report = scrypath.reconcile_sync("Label", verify=verify, config=labels)
        assert drift_of(report) == {"01": "orphan"}
        assert report.indexed == 3


def test_documents_that_no_row_can_have_are_orphans(config: Config, products: list[str]) -> None:
    strange = ["007", "1_000", "99999999999999999999", "abc", "-0"]
    wrote(config, "Product", *({"id": item, "name": "x"} for item in strange))
    for verify in ("fingerprint", "content"):
        report = scrypath.reconcile_sync("Product", verify=verify, config=config)
        assert drift_of(report) == dict.fromkeys(strange, "orphan")
    scrypath.apply(scrypath.plan(report, delete_orphans=True))
    assert scrypath.reconcile_sync("Product", config=config).in_step is True


@pytest.mark.parametrize("verify", ["fingerprint", "content"])
def test_one_row_that_cannot_be_projected_hides_no_drift(
    config: Config, products: list[str], sql: Sql, verify: str
) -> None:
    sql("UPDATE products SET price = 'NaN' WHERE id IN (10, 11)")
    sql("UPDATE products SET stock = 99 WHERE id = 12")
    sql("DELETE FROM products WHERE id = 13")
    report = scrypath.reconcile_sync("Product", verify=verify, config=config)
    assert drift_of(report) == {"10": "unknown", "11": "unknown", "12": "stale", "13": "orphan"}
    assert counts_of(report) == {"in_step": 16, "unknown": 2, "stale": 1, "orphan": 1}
    shown = report.explain()
    assert shown.filter(pl.col("document_id") == "12").rows() == [("12", "stale", "stock", "99", "12")]
    broken = shown.filter(pl.col("document_id") == "10")
    assert broken["field"].to_list() == ["id", "name", "price", "stock", "brand_id"]
    assert broken["database"].null_count() == 5
    assert broken["index"].to_list() == ["10", '"Product 10"', "1.0", "10", "null"]


def test_a_document_that_holds_what_its_fields_cannot_is_stale(config: Config, products: list[str]) -> None:
    wrote(config, "Product", {"id": 8, "name": ["no", "text"], "price": 1, "stock": 8, "brand_id": None})
    report = scrypath.reconcile_sync("Product", config=config)
    assert drift_of(report) == {"8": "stale"}
    assert detail_of(report, "8") == "The document holds values that its fields cannot have."
    assert report.explain().rows() == [("8", "stale", "name", '"Product 8"', '["no","text"]')]


def test_a_document_in_step_has_nothing_to_explain(config: Config, products: list[str]) -> None:
    (whole,) = documents.get_many(config, registry.find("Product").index_name(config), ["4"])
    whole.pop(FINGERPRINT_FIELD)
    whole.pop("brand_id")  # absent counts as null
    wrote(config, "Product", {**whole, "id": "4", "price": 1})
    for verify in ("fingerprint", "content"):
        assert scrypath.reconcile_sync("Product", verify=verify, config=config).in_step is True
    assert scrypath.explain("Product", ["4", "no such id"], config=config).is_empty()
