"""Keep a SQL database and Meilisearch in step, and see exactly where they are not."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrypath.compare.contract import index_contract_drift as index_contract_drift
    from scrypath.compare.explain import explain as explain
    from scrypath.config import Config as Config
    from scrypath.config import configure as configure
    from scrypath.memory.publish import Publication as Publication
    from scrypath.operator.history import audit_log as audit_log
    from scrypath.operator.history import compare_snapshots as compare_snapshots
    from scrypath.operator.history import failure_history as failure_history
    from scrypath.operator.history import prune_snapshots as prune_snapshots
    from scrypath.operator.history import publish_snapshots as publish_snapshots
    from scrypath.operator.history import snapshots as snapshots
    from scrypath.operator.preflight import preflight as preflight
    from scrypath.operator.recover.apply import apply as apply
    from scrypath.operator.recover.plan import Plan as Plan
    from scrypath.operator.recover.plan import plan as plan
    from scrypath.operator.recover.retry import RetryPreview as RetryPreview
    from scrypath.operator.recover.retry import preview_retry as preview_retry
    from scrypath.operator.recover.retry import retry_sync_work as retry_sync_work
    from scrypath.operator.recover.verify import verify_retry as verify_retry
    from scrypath.operator.report.api import reconcile_sync as reconcile_sync
    from scrypath.operator.report.fleet import Fleet as Fleet
    from scrypath.operator.report.model import Reconcile as Reconcile
    from scrypath.query.composition import Composition as Composition
    from scrypath.query.entries import Federation as Federation
    from scrypath.query.explain import SearchExplanation as SearchExplanation
    from scrypath.query.explain import explain_search as explain_search
    from scrypath.query.many import MultiSearchResult as MultiSearchResult
    from scrypath.query.many import search_many as search_many
    from scrypath.query.params import QueryParams as QueryParams
    from scrypath.query.relevance import Relevance as Relevance
    from scrypath.query.relevance import relevance as relevance
    from scrypath.query.request import SearchRequest as SearchRequest
    from scrypath.query.result import SearchResult as SearchResult
    from scrypath.query.search import FacetValues as FacetValues
    from scrypath.query.search import search as search
    from scrypath.query.search import search_facet_values as search_facet_values
    from scrypath.query.search import search_within_facet as search_within_facet
    from scrypath.rebuild.backfill import BackfillResult as BackfillResult
    from scrypath.rebuild.backfill import backfill as backfill
    from scrypath.rebuild.reindex import reindex as reindex
    from scrypath.rebuild.result import ReindexResult as ReindexResult
    from scrypath.rebuild.rollback import rollback as rollback
    from scrypath.schema.declaration import search_schema as search_schema
    from scrypath.schema.declaration import searchable as searchable
    from scrypath.schema.faceting import Faceting as Faceting
    from scrypath.schema.faceting import hierarchy as hierarchy
    from scrypath.schema.metadata import FanOut as FanOut
    from scrypath.schema.metadata import SearchSchema as SearchSchema
    from scrypath.schema.reflection import document_id_field as document_id_field
    from scrypath.schema.reflection import document_source as document_source
    from scrypath.schema.reflection import schema_capabilities as schema_capabilities
    from scrypath.schema.reflection import schema_config as schema_config
    from scrypath.schema.reflection import schema_faceting as schema_faceting
    from scrypath.schema.reflection import schema_fields as schema_fields
    from scrypath.schema.reflection import schema_settings as schema_settings
    from scrypath.sync.related import sync_related as sync_related
    from scrypath.sync.result import SyncResult as SyncResult
    from scrypath.sync.verbs import delete_document as delete_document
    from scrypath.sync.verbs import delete_documents as delete_documents
    from scrypath.sync.verbs import delete_record as delete_record
    from scrypath.sync.verbs import sync_record as sync_record
    from scrypath.sync.verbs import sync_records as sync_records
    from scrypath.work.failed import failed_sync_work as failed_sync_work
    from scrypath.work.failed import reason_class_counts as reason_class_counts
    from scrypath.work.frame import sync_work as sync_work
    from scrypath.work.status import sync_status as sync_status

__version__ = "0.1.0"

# Where each public name lives. It is imported when it is first used, so that a command that needs little starts fast.
_HOMES = {
    "scrypath.config": ("Config", "configure"),
    "scrypath.operator.recover.apply": ("apply",),
    "scrypath.compare.contract": ("index_contract_drift",),
    "scrypath.compare.explain": ("explain",),
    "scrypath.work.failed": ("failed_sync_work", "reason_class_counts"),
    "scrypath.operator.report.fleet": ("Fleet",),
    "scrypath.memory.publish": ("Publication",),
    "scrypath.operator.history": (
        "audit_log",
        "compare_snapshots",
        "failure_history",
        "prune_snapshots",
        "publish_snapshots",
        "snapshots",
    ),
    "scrypath.operator.recover.plan": ("Plan", "plan"),
    "scrypath.operator.preflight": ("preflight",),
    "scrypath.operator.report.api": ("reconcile_sync",),
    "scrypath.operator.report.model": ("Reconcile",),
    "scrypath.operator.recover.retry": ("RetryPreview", "preview_retry", "retry_sync_work"),
    "scrypath.work.status": ("sync_status",),
    "scrypath.operator.recover.verify": ("verify_retry",),
    "scrypath.work.frame": ("sync_work",),
    "scrypath.rebuild.backfill": ("BackfillResult", "backfill"),
    "scrypath.rebuild.reindex": ("reindex",),
    "scrypath.rebuild.result": ("ReindexResult",),
    "scrypath.rebuild.rollback": ("rollback",),
    "scrypath.schema.declaration": ("search_schema", "searchable"),
    "scrypath.schema.faceting": ("Faceting", "hierarchy"),
    "scrypath.schema.metadata": ("FanOut", "SearchSchema"),
    "scrypath.schema.reflection": (
        "document_id_field",
        "document_source",
        "schema_capabilities",
        "schema_config",
        "schema_faceting",
        "schema_fields",
        "schema_settings",
    ),
    "scrypath.query.composition": ("Composition",),
    "scrypath.query.entries": ("Federation",),
    "scrypath.query.explain": ("SearchExplanation", "explain_search"),
    "scrypath.query.many": ("MultiSearchResult", "search_many"),
    "scrypath.query.params": ("QueryParams",),
    "scrypath.query.relevance": ("Relevance", "relevance"),
    "scrypath.query.request": ("SearchRequest",),
    "scrypath.query.result": ("SearchResult",),
    "scrypath.query.search": ("FacetValues", "search", "search_facet_values", "search_within_facet"),
    "scrypath.sync.related": ("sync_related",),
    "scrypath.sync.result": ("SyncResult",),
    "scrypath.sync.verbs": (
        "delete_document",
        "delete_documents",
        "delete_record",
        "sync_record",
        "sync_records",
    ),
}
_MODULE_OF = {name: module for module, names in _HOMES.items() for name in names}

__all__ = sorted(_MODULE_OF)  # noqa: PLE0605 - the table above is the list


def __getattr__(name: str) -> Any:
    if name in _MODULE_OF:
        value = getattr(import_module(_MODULE_OF[name]), name)
        globals()[name] = value
        return value
    raise AttributeError(f"module 'scrypath' has no attribute {name!r}")


def __dir__() -> list[str]:
    return [*globals(), *__all__]
