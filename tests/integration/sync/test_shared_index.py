"""An index that another writer shares: its fields survive every write of the kit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import documents, waiting
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef

pytestmark = pytest.mark.integration


@pytest.fixture
def shared(config: Config, products: list[str], monkeypatch: pytest.MonkeyPatch) -> IndexRef:
    """The products' index with fingerprint=False, after another program gave two of them a field of its own."""
    schema = replace(registry.find("Product"), fingerprint=False)
    monkeypatch.setitem(registry._schemas, "Product", schema)
    ref = IndexRef.find("Product", config)
    fields = [{"id": number, "popularity": number * 10} for number in (1, 2)]
    [task] = documents.write(config, ref.uid, fields, content="update")
    waiting.wait(config, task.uid)
    return ref


def stored(ref: IndexRef, number: int) -> dict[str, object]:
    [document] = documents.get_many(ref.config, ref.uid, [str(number)])
    return document


def test_a_write_keeps_the_fields_of_others(shared: IndexRef, sql: Callable[..., None]) -> None:
    for brand in ("3", "NULL"):  # a value that is gone is gone from the index too
        sql(f"UPDATE products SET stock = 71, brand_id = {brand} WHERE id = 1")
        scrypath.backfill("Product", config=shared.config)
    document = stored(shared, 1)
    assert (document["popularity"], document["stock"], document["brand_id"]) == (10, 71, None)
    assert scrypath.reconcile_sync("Product", config=shared.config).in_step is True


def test_a_plan_names_the_fields_that_it_writes(shared: IndexRef, sql: Callable[..., None]) -> None:
    sql("UPDATE products SET stock = 72 WHERE id = 2")
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=shared.config))
    assert plan.written == ("2",)
    assert plan.fields == tuple(field.name for field in shared.schema.fields)
    assert f"Only these fields are written, others stay: {', '.join(plan.fields)}." in str(plan)
    assert scrypath.apply(plan)["outcome"].to_list() == ["completed"]
    document = stored(shared, 2)
    assert (document["popularity"], document["stock"]) == (20, 72)


def signal(report: scrypath.Reconcile) -> dict[str, Any]:
    found: dict[str, Any] = report.drift_signals.row(
        by_predicate=pl.col("signal") == "foreign_writes", named=True
    )
    return found


def test_a_task_of_somebody_else_is_named_until_documents_are_compared_by_content(
    config: Config, products: list[str]
) -> None:
    assert signal(scrypath.reconcile_sync("Product", config=config))["count"] == 0
    ref = IndexRef.find("Product", config)
    [task] = documents.write(config, ref.uid, [{"id": 1, "stock": 999}], content="update")
    waiting.wait(config, task.uid)
    found = signal(scrypath.reconcile_sync("Product", config=config))
    assert (found["raised"], found["count"]) == (True, 1)
    assert f"the newest meili:{task.uid}." in found["detail"]
    assert "verify='content'" in found["detail"]
    report = scrypath.reconcile_sync("Product", verify="content", config=config)
    assert report.documents["document_id"].to_list() == ["1"]
    assert (signal(report)["raised"], signal(report)["count"]) == (False, 1)


def test_others_are_meant_to_write_to_a_shared_index(shared: IndexRef) -> None:
    found = signal(scrypath.reconcile_sync("Product", config=shared.config))
    assert (found["observed"], found["raised"], found["count"]) == (True, False, 1)
