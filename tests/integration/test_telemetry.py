"""What every verb tells OpenTelemetry: the spans and attributes that the documentation lists, no others."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest
import sqlalchemy as sa
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from sqlalchemy.orm import Session

import scrypath
from scrypath import telemetry
from scrypath.config import Config
from scrypath.schema import Faceting, SearchSchema
from scrypath.source.engine import engine
from scrypath.telemetry import SPANS
from tests.support.schemas import build
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration
ROW = {"id": 1, "name": "Lamp", "price": 1, "stock": 1, "brand_id": 1}
REQUEST = "scrypath.meilisearch.request"
# Declaring, configuring and remembering: neither a search nor a write, and no work of the server.
SILENT = {
    "audit_log",
    "compare_snapshots",
    "configure",
    "document_id_field",
    "document_source",
    "failure_history",
    "hierarchy",
    "prune_snapshots",
    "publish_snapshots",
    "reason_class_counts",
    "schema_capabilities",
    "schema_config",
    "schema_faceting",
    "schema_fields",
    "schema_settings",
    "search_schema",
    "searchable",
    "snapshots",
}
# The spans that begin each verb, apart from those of requests: pages that are read ahead are asked for in a thread.
OUTERMOST = {
    "sync_record": {"scrypath.sync.upsert"},
    "sync_records": {"scrypath.sync.upsert"},
    "sync_related": {"scrypath.sync.upsert"},
    "delete_record": {"scrypath.sync.delete"},
    "delete_document": {"scrypath.sync.delete"},
    "delete_documents": {"scrypath.sync.delete"},
    "backfill": {"scrypath.reindex.backfill"},
    "reindex": {
        f"scrypath.reindex.{step}"
        for step in (
            ["discard", "settings", "backfill", "catch_up", "gate", "swap", "last_catch_up", "verify", "keep"]
        )
    },
    "rollback": {f"scrypath.reindex.{step}" for step in ("catch_up", "swap", "last_catch_up", "verify")},
    "search": {"scrypath.search", "scrypath.hydration"},
    "search_within_facet": {"scrypath.search"},
    "search_facet_values": {"scrypath.search"},
    "search_many": {"scrypath.search_many"},
    "explain_search": {"scrypath.search"},
    "relevance": {"scrypath.search_many"},
    "failed_sync_work": {"scrypath.operator.failed_work"},
    "reconcile_sync": {"scrypath.reconcile"},
    "plan": set(),
    "apply": {"scrypath.operator.failed_work.repair"},
    "explain": set(),
    "index_contract_drift": set(),
    "preflight": set(),
    "preview_retry": set(),
    "retry_sync_work": set(),
    "sync_status": set(),
    "sync_work": set(),
    "verify_retry": {"scrypath.meilisearch.task_wait"},
}
DOCUMENTED = {kind.name: {f"scrypath.{name}" for name in kind.attributes} for kind in SPANS}


@pytest.fixture
def exporter(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(telemetry, "_tracer", lambda: provider.get_tracer("scrypath"))
    yield exporter
    provider.shutdown()


def named(config: Config) -> SearchSchema:
    """Products in an index of their own, whose names can be counted."""
    options = {
        "fields": ["id", "name"],
        "filterable": ["name"],
        "faceting": Faceting(attributes=["name"]),
        "index_prefix": f"{config.index_prefix}_names",
    }
    schema = build(Product, options)
    assert scrypath.backfill(schema, config=config).document_count == 2
    return schema


def calls(
    config: Config, session: Session, failed: Callable[[Sequence[str]], str]
) -> dict[str, Callable[[], Any]]:
    """One call of every verb that reads, writes or searches; reports and retries that they need are made before."""
    first, second = failed(["1"]), failed(["2"])
    retried = scrypath.retry_sync_work(first, force=True, config=config)
    with engine(config).begin() as connection:
        connection.execute(sa.update(Product).where(Product.id == 2).values(name="Desk"))
    report = scrypath.reconcile_sync("Product", config=config)
    repair = scrypath.plan(report, "repair")
    names = named(config)
    return {
        "explain": lambda: scrypath.explain("Product", ["2"], config=config),
        "plan": lambda: scrypath.plan(report, "repair"),
        "apply": lambda: scrypath.apply(repair, config=config),
        "preview_retry": lambda: scrypath.preview_retry(second, config=config),
        "retry_sync_work": lambda: scrypath.retry_sync_work(second, force=True, config=config),
        "verify_retry": lambda: scrypath.verify_retry(retried, config=config),
        "sync_record": lambda: scrypath.sync_record("Product", ROW, config=config),
        "sync_records": lambda: scrypath.sync_records("Product", [ROW], mode="oban", config=config),
        "sync_related": lambda: scrypath.sync_related("Brand", [1], fan_out="products", config=config),
        "delete_record": lambda: scrypath.delete_record("Brand", {"id": 1}, config=config),
        "delete_document": lambda: scrypath.delete_document("Brand", 1, mode="manual", config=config),
        "delete_documents": lambda: scrypath.delete_documents("Brand", [1], config=config),
        "backfill": lambda: scrypath.backfill("Brand", config=config),
        "reindex": lambda: [
            scrypath.reindex("Brand", cutover=False, config=config),
            scrypath.reindex("Brand", restart=True, config=config),
        ],
        "rollback": lambda: scrypath.rollback("Brand", config=config),
        "search": lambda: scrypath.search("Product", "lamp", session=session, config=config),
        "search_within_facet": lambda: scrypath.search_within_facet(
            "Product", "lamp", ("brand_id", 1), config=config
        ),
        "search_facet_values": lambda: scrypath.search_facet_values(names, "name", "la", config=config),
        "search_many": lambda: scrypath.search_many(["Product", "Brand"], "lamp", config=config),
        "explain_search": lambda: scrypath.explain_search("Product", 1, "lamp", config=config),
        "relevance": lambda: scrypath.relevance("Product", {"lamp": [1]}, config=config),
        "failed_sync_work": lambda: scrypath.failed_sync_work("Product", config=config),
        "reconcile_sync": lambda: scrypath.reconcile_sync("Product", config=config),
        "index_contract_drift": lambda: scrypath.index_contract_drift("Product", config=config),
        "preflight": lambda: scrypath.preflight(config=config),
        "sync_status": lambda: scrypath.sync_status("Product", config=config),
        "sync_work": lambda: scrypath.sync_work("Product", config=config),
    }


def test_every_verb_emits_the_documented_spans_with_the_documented_attributes(
    config: Config, exporter: InMemorySpanExporter, failed_task: Callable[[Sequence[str]], str]
) -> None:
    with Session(engine(config)) as session:
        session.add_all([Brand(id=1, name="Acme"), Product(**ROW), Product(**ROW | {"id": 2})])
        session.commit()
        for schema in ("Product", "Brand"):
            scrypath.backfill(schema, config=config)
        emitted = set()
        for verb, call in calls(config, session, failed_task).items():
            exporter.clear()
            call()
            spans = exporter.get_finished_spans()
            outermost = {span.name for span in spans if span.parent is None} - {REQUEST}
            assert outermost == OUTERMOST[verb], verb
            for span in spans:
                assert set(span.attributes or {}) == DOCUMENTED[span.name], (verb, span.name)
            emitted |= {span.name for span in spans}
    assert emitted == set(DOCUMENTED)


def test_no_verb_is_forgotten() -> None:
    verbs = {name for name in scrypath.__all__ if inspect.isfunction(getattr(scrypath, name))}
    assert verbs == SILENT | set(OUTERMOST)
