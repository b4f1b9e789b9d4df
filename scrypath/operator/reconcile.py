"""``reconcile_sync``: look at everything, change nothing, remember what was seen."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import polars as pl

from scrypath.config import Config, check_option, resolve
from scrypath.errors import (
    BackendRejected,
    InvalidOptions,
    ProjectionError,
    ScrypathError,
    TransportError,
)
from scrypath.frames import CONTRACT_DRIFT, DOCUMENTS
from scrypath.meilisearch.version import server_version
from scrypath.memory import snapshots
from scrypath.memory.snapshots import SnapshotRecord, StoredSnapshot
from scrypath.operator import baseline
from scrypath.operator.actions import recommended
from scrypath.operator.comparison import Comparison, compare, no_counts, not_compared
from scrypath.operator.contract import index_contract_drift
from scrypath.operator.failed import all_seen, reason_class_counts
from scrypath.operator.incremental import Unsure, compare_since
from scrypath.operator.rebuild_view import rebuild_view, unobserved
from scrypath.operator.report import Reconcile
from scrypath.operator.sampling import compare_sample
from scrypath.operator.scan import read_here, size
from scrypath.operator.signals import drift_signals
from scrypath.operator.status import sync_status
from scrypath.schema import SearchSchema, registry
from scrypath.sync.progress import progress_bar
from scrypath.telemetry import span
from scrypath.vocabulary import ComparisonMethod, DocumentDrift, Verification


def reconcile_sync(
    schema: Any,
    *,
    documents: bool = True,
    verify: str = Verification.FINGERPRINT,
    max_age: timedelta | None = None,
    incremental: bool = False,
    sample: int | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> Reconcile:
    """Compare a schema's database, index, server and queue, and say what does not agree.

    Nothing is changed on any of them. The report is stored as a snapshot in DuckDB.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    documents
        False: do not compare documents; their numbers are null then, not zero.
    verify
        ``fingerprint``: compare the fingerprint each document carries. ``content``: compute it anew from what
        the document holds, which also finds content that was changed behind the kit's back.
    max_age
        Take the documents from the last snapshot when it is not older, and say so.
    incremental
        Read only the rows that changed since the last comparison, by the schema's ``updated_at``, and the documents
        that tasks wrote since then; the totals must agree. Where that cannot tell, everything is read, and the
        report's note says why. A row's ``updated_at`` has to change whenever what is indexed of it does.
    sample
        Compare this many rows chosen at random, and estimate: ``estimate`` holds the interval, the counts are null.
    progress
        Show a progress bar of rows and documents read.
    config
        Used instead of the configured one.

    Returns
    -------
    Reconcile
        Frames of status, failed work, signals, documents and recommended actions. A part that could not be
        looked at says so and does not keep the others from being shown: where the database or the server cannot
        be read, or stops answering half way, ``in_step`` is None, the note says why, and ``document_counts`` how
        many rows are ``unknown``.

    Raises
    ------
    SchemaError, InvalidOptions
        For an unknown schema or option.
    ConfigError
        When the database or the server is not configured.
    StoreBusy
        When another process held the DuckDB file too long.
    """
    _check(documents=documents, max_age=max_age, incremental=incremental, sample=sample)
    found, settled = registry.find(schema), resolve(config)
    how = check_option("verify", verify, Verification)
    index = found.index_name(settled)
    with span("scrypath.reconcile", schema=found.name, index=index):
        stored = _recent(found, settled, how, max_age) if documents else None
        if stored is not None:
            comparison: Comparison | None = stored[1]
        else:
            comparison = (
                _compared(found, settled, how, incremental=incremental, sample=sample, shown=progress)
                if documents
                else None
            )
        status = sync_status(found, config=settled)
        failed_work = all_seen(found, settled)
        contract = _looked(lambda: index_contract_drift(found, config=settled))
        rebuild = _looked(lambda: rebuild_view(found, settled)) or unobserved(found, settled)
        signals = drift_signals(
            status=status,
            failed_work=failed_work,
            rebuild=rebuild,
            comparison=comparison,
            contract=contract,
            version=_looked(lambda: server_version(settled)),
        )
        actions = recommended(
            found.name, index, failed_work=failed_work, comparison=comparison, contract=contract
        )
        if stored is not None:
            snapshot_id = stored[0]
        else:
            record = _record(
                found, index, comparison=comparison, status=status, failed_work=failed_work, signals=signals
            )
            snapshot_id = snapshots.save(
                settled, record, comparison.drift if comparison is not None else DOCUMENTS.empty()
            )
        return Reconcile(
            schema=found.name,
            index=index,
            taken_at=comparison.taken_at if comparison is not None else datetime.now(UTC),
            duration=comparison.duration if comparison is not None else timedelta(),
            snapshot_id=snapshot_id,
            from_snapshot=stored is not None,
            verify=str(comparison.verify) if comparison is not None else None,
            rows=comparison.rows if comparison is not None else None,
            indexed=comparison.documents if comparison is not None else None,
            matching=comparison.in_step if comparison is not None else None,
            note=comparison.note if comparison is not None else "Documents were not asked for.",
            method=str(comparison.method) if comparison is not None else None,
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
            config=settled,
            index_created_at=comparison.index_created_at if comparison is not None else None,
        )


def _check(*, documents: bool, max_age: timedelta | None, incremental: bool, sample: int | None) -> None:
    asked = [
        name
        for name, given in (
            ("documents=False", not documents),
            ("max_age", max_age is not None),
            ("incremental", incremental),
            ("sample", sample is not None),
        )
        if given
    ]
    if len(asked) > 1 and asked != ["max_age", "incremental"]:
        raise InvalidOptions(
            f"{' and '.join(asked)} cannot be asked for together.", hint="Leave all but one of them out."
        )
    if sample is not None and (isinstance(sample, bool) or not isinstance(sample, int) or sample < 1):
        raise InvalidOptions(f"sample cannot be {sample!r}.", hint="Give a number of rows, at least 1.")


def _compared(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    *,
    incremental: bool,
    sample: int | None,
    shown: bool,
) -> Comparison:
    began = datetime.now(UTC)
    try:
        return _read(schema, config, verify, incremental=incremental, sample=sample, shown=shown)
    except (TransportError, BackendRejected, ProjectionError) as error:
        # A side that went away, or never was there, must not hide what the others say.
        return not_compared(schema, config, verify, began, str(error))


def _read(
    schema: SearchSchema,
    config: Config,
    verify: Verification,
    *,
    incremental: bool,
    sample: int | None,
    shown: bool,
) -> Comparison:
    if sample is not None:
        return compare_sample(schema, config, sample, verify=verify)
    if incremental:
        try:
            return _since_last(schema, config, verify)
        except Unsure as why:
            return _whole(schema, config, verify, shown=shown).noting(f"Everything was compared: {why}")
    return _whole(schema, config, verify, shown=shown)


def _since_last(schema: SearchSchema, config: Config, verify: Verification) -> Comparison:
    last = _last(schema, config, verify)
    if last is None:
        raise Unsure("No earlier comparison of this index is stored.")
    return compare_since(
        schema,
        config,
        since=baseline.parse(last.record.evidence.get("baseline")),
        drift=snapshots.documents(config, last.snapshot_id),
        verify=verify,
    )


def _last(schema: SearchSchema, config: Config, verify: Verification) -> StoredSnapshot | None:
    """The last snapshot that compared this index's documents at least as thoroughly as asked for."""
    latest = snapshots.latest(config, schema.name, documents_compared=True)
    if latest is None or latest.record.verify not in (str(verify), str(Verification.CONTENT)):
        return None
    return latest if latest.record.index == schema.index_name(config) else None


def _whole(schema: SearchSchema, config: Config, verify: Verification, *, shown: bool) -> Comparison:
    total = size(schema, config) if shown else None
    with progress_bar(f"{schema.name}: rows and documents read", total, shown=shown, unit="") as bar:
        return compare(schema, config, verify=verify, read=partial(read_here, on_progress=bar.update))


def _looked[T](look: Callable[[], T]) -> T | None:
    # One part that cannot be seen must not hide the others; the signals say that it was not looked at.
    try:
        return look()
    except ScrypathError:
        return None


def _record(
    schema: SearchSchema,
    index: str,
    *,
    comparison: Comparison | None,
    status: pl.DataFrame,
    failed_work: pl.DataFrame,
    signals: pl.DataFrame,
) -> SnapshotRecord:
    compared = comparison is not None and comparison.compared
    counts = dict(comparison.counts.iter_rows()) if comparison is not None else {}
    seen = status.filter(pl.col("observed"))
    return SnapshotRecord(
        schema=schema.name,
        index=index,
        taken_at=comparison.taken_at if comparison is not None else datetime.now(UTC),
        duration=comparison.duration if comparison is not None else None,
        verify=str(comparison.verify) if comparison is not None and compared else None,
        documents_compared=compared,
        rows=comparison.rows if comparison is not None else None,
        documents=comparison.documents if comparison is not None else None,
        **{str(kind): counts.get(str(kind)) for kind in DocumentDrift},
        pending=int(seen["pending"].sum()) if seen.height else None,
        failed=failed_work.filter(pl.col("work_id").is_not_null() & ~pl.col("healed")).height
        if seen.height
        else None,
        evidence={
            "in_step": comparison.in_step if comparison is not None else None,
            "note": comparison.note if comparison is not None else None,
            "method": str(comparison.method) if comparison is not None else None,
            "nameless": comparison.nameless if comparison is not None else 0,
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


def _recent(
    schema: SearchSchema, config: Config, verify: Verification, max_age: timedelta | None
) -> tuple[str, Comparison] | None:
    """The last snapshot's comparison, when it is young enough and compared what is asked for."""
    latest = _last(schema, config, verify) if max_age is not None else None
    if latest is None or max_age is None or datetime.now(UTC) - latest.record.taken_at > max_age:
        return None
    record = latest.record
    made = record.evidence.get("index_created_at")
    return latest.snapshot_id, Comparison(
        taken_at=record.taken_at,
        duration=record.duration or timedelta(),
        verify=Verification(str(record.verify)),
        compared=True,
        rows=record.rows,
        documents=record.documents,
        in_step=record.evidence.get("in_step"),
        drift=snapshots.documents(config, latest.snapshot_id),
        note=record.evidence.get("note"),
        method=ComparisonMethod(record.evidence.get("method") or ComparisonMethod.FULL),
        index_created_at=datetime.fromisoformat(made) if made is not None else None,
        nameless=record.evidence.get("nameless") or 0,
    )
