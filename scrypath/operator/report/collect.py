"""One schema checked: its documents, work, settings and rebuild, as one report that is remembered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Protocol

import polars as pl

from scrypath.compare import checkpoint
from scrypath.compare.comparison import Comparison, no_counts, not_compared
from scrypath.compare.contract import index_contract_drift
from scrypath.compare.full import compare
from scrypath.compare.incremental import IncrementalNotPossible, compare_since
from scrypath.compare.local_reader import read_here, size
from scrypath.compare.sampling import compare_sample
from scrypath.compare.scratch import Scanned
from scrypath.errors import (
    BackendRejected,
    DatabaseError,
    OutOfSpace,
    ProjectionError,
    ScrypathError,
    TransportError,
)
from scrypath.frames import CONTRACT_DRIFT, DOCUMENTS
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.indexes import IndexInfo
from scrypath.meilisearch.version import server_version
from scrypath.memory import ledger, snapshots
from scrypath.memory.snapshots import SnapshotRecord, StoredSnapshot
from scrypath.operator.report.model import Reconcile, open_work
from scrypath.operator.report.options import Scope
from scrypath.operator.report.rebuild_status import rebuild_view, unobserved
from scrypath.operator.report.recommend import recommended
from scrypath.operator.report.signals import drift_signals
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import probed
from scrypath.sync.progress import progress_bar
from scrypath.telemetry import span
from scrypath.vocabulary import ComparisonBasis, ComparisonMethod, DocumentDrift, Verification
from scrypath.work.failed import newest_first, read_failures, reason_class_counts
from scrypath.work.foreign import foreign_writes
from scrypath.work.status import status_of


class Reading(Protocol):
    """Reads both sides of a schema as a ``Reader`` does, and reports its progress."""

    def __call__(
        self,
        ref: IndexRef,
        verify: Verification,
        indexed: bool,
        *,
        on_progress: Callable[[int], Any],
    ) -> Scanned:
        """Both sides, read and joined."""
        ...


def look(
    ref: IndexRef,
    scope: Scope,
    *,
    reading: Reading = read_here,
    progress: bool = False,
) -> Reconcile:
    """Look at one schema, and store what was seen as a snapshot.

    Parameters
    ----------
    ref
        What is checked.
    scope
        How much of it.
    reading
        How both sides are read where everything is.
    progress
        Show a progress bar of rows and documents read.

    Raises
    ------
    ConfigError
        When the database or the server is not configured.
    SchemaError, PartFailed
        When a part of the reading was lost on the executor.
    StoreBusy
        When another process held the DuckDB file too long.
    """
    with span("scrypath.reconcile", schema=ref.schema.name, index=ref.uid), probed(ref.config):
        stored = _recent(ref, scope)
        comparison: Comparison | None = None
        newest = _looked(lambda: _newest_task(ref)) if stored is None else None
        if stored is not None:
            comparison = stored[1]
        elif scope.documents:
            comparison = _compared(ref, scope, partial(_everything, reading=reading, shown=progress))
        failures = read_failures(ref)
        exists = _index_exists(ref)
        status = status_of(ref, failures)
        failed_work = newest_first(failures.frame())
        contract = (
            _looked(lambda: index_contract_drift(ref.schema, config=ref.config))
            if exists is not False
            else None
        )
        rebuild = _looked(lambda: rebuild_view(ref)) or unobserved(ref)
        signals = drift_signals(
            status=status,
            failed_work=failed_work,
            rebuild=rebuild,
            comparison=comparison,
            contract=contract,
            version=_looked(lambda: server_version(ref.config)),
            index_exists=exists,
            foreign=_looked(lambda: foreign_writes(ref)),
            fingerprint=ref.schema.fingerprint,
        )
        actions = recommended(
            ref, failed_work=failed_work, comparison=comparison, contract=contract, index_exists=exists
        )
        if stored is not None:
            snapshot_id = stored[0]
        else:
            record = _record(
                ref,
                comparison=comparison,
                status=status,
                failed_work=failed_work,
                signals=signals,
                newest_task=newest,
            )
            snapshot_id = snapshots.save(
                ref.config, record, comparison.drift if comparison is not None else DOCUMENTS.empty()
            )
        return Reconcile(
            schema=ref.schema.name,
            index=ref.uid,
            taken_at=comparison.taken_at if comparison is not None else datetime.now(UTC),
            duration=comparison.duration if comparison is not None else timedelta(),
            snapshot_id=snapshot_id,
            from_snapshot=stored is not None,
            verify=str(comparison.verify) if comparison is not None else None,
            rows=comparison.rows if comparison is not None else None,
            indexed=comparison.documents if comparison is not None else None,
            matching=comparison.in_step if comparison is not None else None,
            note=_note(comparison, index_exists=exists),
            method=str(comparison.method) if comparison is not None else None,
            basis=str(comparison.basis) if comparison is not None and comparison.basis is not None else None,
            read_now=comparison.read_now if comparison is not None else None,
            from_before=comparison.from_before if comparison is not None else None,
            started_from=comparison.started_from if comparison is not None else None,
            estimate=comparison.estimate if comparison is not None else None,
            status=status,
            failed_work=failed_work,
            reason_counts=reason_class_counts(failed_work),
            drift_signals=signals,
            documents=comparison.drift if comparison is not None else DOCUMENTS.empty(),
            document_counts=comparison.counts if comparison is not None else no_counts(),
            actions=actions,
            contract_drift=contract if contract is not None else CONTRACT_DRIFT.empty(),
            rebuild=rebuild,
            config=ref.config,
            index_created_at=comparison.index_created_at if comparison is not None else None,
            index_exists=exists,
        )


def _compared(
    ref: IndexRef,
    scope: Scope,
    everything: Callable[[IndexRef, Verification], Comparison],
) -> Comparison:
    began = datetime.now(UTC)
    try:
        return _read(ref, scope, everything)
    except (TransportError, BackendRejected, ProjectionError, OutOfSpace) as error:
        # A side that became unreachable, or never was reachable, must not hide what the others say.
        return not_compared(ref, scope.verify, began, str(error))


def _read(
    ref: IndexRef,
    scope: Scope,
    everything: Callable[[IndexRef, Verification], Comparison],
) -> Comparison:
    if scope.sample is not None:
        return compare_sample(ref, scope.sample, verify=scope.verify)
    if scope.incremental is False:
        return everything(ref, scope.verify)
    try:
        return _since_last(ref, scope.verify, trusting=scope.incremental is True)
    except (IncrementalNotPossible, DatabaseError) as why:
        compared = everything(ref, scope.verify)
        if scope.incremental is None and isinstance(why, IncrementalNotPossible) and why.lasting:
            return compared  # as always for this schema: nobody asked for anything else
        return compared.noting(f"Everything was compared: {why}")


def _since_last(ref: IndexRef, verify: Verification, *, trusting: bool) -> Comparison:
    last = _last(ref, verify)
    if last is None:
        raise IncrementalNotPossible("No earlier comparison of this index is stored.", lasting=True)
    compared = compare_since(
        ref,
        since=checkpoint.parse(last.record.evidence.get("baseline")),
        drift=snapshots.documents(ref.config, last.snapshot_id),
        verify=verify,
        trusting=trusting,
    )
    return replace(compared, started_from=last.snapshot_id)


def _last(ref: IndexRef, verify: Verification) -> StoredSnapshot | None:
    """The last snapshot that compared this index's documents at least as thoroughly as asked for."""
    latest = snapshots.latest(ref.config, ref.schema.name, documents_compared=True, here=True)
    if latest is None or latest.record.verify not in (str(verify), str(Verification.CONTENT)):
        return None
    return latest if latest.record.index == ref.uid else None


def _everything(ref: IndexRef, verify: Verification, *, reading: Reading, shown: bool) -> Comparison:
    total = size(ref) if shown else None
    with progress_bar(f"{ref.schema.name}: rows and documents read", total, shown=shown, unit="") as bar:
        return compare(ref, verify=verify, read=partial(reading, on_progress=bar.update))


def _index_exists(ref: IndexRef) -> bool | None:
    found = _looked(lambda: [indexes.get(ref.config, ref.uid)])
    return None if found is None else found[0] is not None


def _note(comparison: Comparison | None, *, index_exists: bool | None) -> str | None:
    note = comparison.note if comparison is not None else "Documents were not asked for."
    gone = indexes.GONE if index_exists is False else None
    return " ".join(filter(None, (gone, note))) or None


def _newest_task(ref: IndexRef) -> int:
    """Uid of the newest task of an index, -1 where there is none."""
    found = tasks.listing(ref.config, index_uids=[ref.uid], limit=1).frame
    return -1 if found.is_empty() else int(found.item(0, "uid"))


def _looked[T](look: Callable[[], T]) -> T | None:
    # One part that cannot be seen must not hide the others; the signals say that it was not checked.
    try:
        return look()
    except ScrypathError:
        return None


def _record(
    ref: IndexRef,
    *,
    comparison: Comparison | None,
    status: pl.DataFrame,
    failed_work: pl.DataFrame,
    signals: pl.DataFrame,
    newest_task: int | None,
) -> SnapshotRecord:
    compared = comparison is not None and comparison.compared
    counts = dict(comparison.counts.iter_rows()) if comparison is not None else {}
    return SnapshotRecord(
        schema=ref.schema.name,
        index=ref.uid,
        taken_at=comparison.taken_at if comparison is not None else datetime.now(UTC),
        duration=comparison.duration if comparison is not None else None,
        verify=str(comparison.verify) if comparison is not None and compared else None,
        documents_compared=compared,
        rows=comparison.rows if comparison is not None else None,
        documents=comparison.documents if comparison is not None else None,
        **_numbers(counts, status, failed_work),
        method=str(comparison.method) if comparison is not None else None,
        basis=str(comparison.basis) if comparison is not None and comparison.basis is not None else None,
        read_now=comparison.read_now if comparison is not None else None,
        from_before=comparison.from_before if comparison is not None else None,
        started_from=comparison.started_from if comparison is not None else None,
        evidence={
            "in_step": comparison.in_step if comparison is not None else None,
            "note": comparison.note if comparison is not None else None,
            "newest_task": newest_task,
            "without_id": comparison.without_id if comparison is not None else 0,
            "index_created_at": comparison.index_created_at.isoformat()
            if comparison is not None and comparison.index_created_at is not None
            else None,
            "estimate": comparison.estimate.to_dicts()
            if comparison is not None and comparison.estimate is not None
            else None,
            "baseline": comparison.baseline.as_dict()
            if comparison is not None and comparison.baseline is not None
            else None,
            "signals": signals.select("signal", "observed", "raised", "count", "detail").to_dicts(),
        },
    )


def _numbers(counts: dict[str, int | None], status: pl.DataFrame, failed_work: pl.DataFrame) -> Any:
    """What a snapshot counts: documents by their drift, and open work."""
    return {str(kind): counts.get(str(kind)) for kind in DocumentDrift} | open_work(status, failed_work)


def _created_at(index: IndexInfo | None) -> str | None:
    return index.created_at.isoformat() if index is not None and index.created_at is not None else None


def _recent(ref: IndexRef, scope: Scope) -> tuple[str, Comparison] | None:
    """The last snapshot's comparison, when it is young enough and compared what is asked for."""
    if scope.max_age is None:
        return None
    latest = _last(ref, scope.verify)
    if latest is None or datetime.now(UTC) - latest.record.taken_at > scope.max_age:
        return None
    record = latest.record
    newest = _looked(lambda: _newest_task(ref))
    if newest is not None and newest != record.evidence.get("newest_task"):
        return None  # something was written since, by whomever
    if ledger.written_since(ref.config, ref.uid, record.taken_at):
        return None
    made = record.evidence.get("index_created_at")
    index = _looked(lambda: [indexes.get(ref.config, ref.uid)])
    if index is not None and _created_at(index[0]) != made:
        return None  # it is gone since, or another one
    return latest.snapshot_id, Comparison(
        taken_at=record.taken_at,
        duration=record.duration or timedelta(),
        verify=Verification(str(record.verify)),
        compared=True,
        rows=record.rows,
        documents=record.documents,
        in_step=record.evidence.get("in_step"),
        drift=snapshots.documents(ref.config, latest.snapshot_id),
        note=record.evidence.get("note"),
        method=ComparisonMethod(record.method or ComparisonMethod.FULL),
        basis=None if record.basis is None else ComparisonBasis(record.basis),
        read_now=record.read_now,
        from_before=record.from_before,
        started_from=record.started_from,
        index_created_at=datetime.fromisoformat(made) if made is not None else None,
        without_id=record.evidence.get("without_id") or 0,
    )
