"""The questions a reconcile report answers, each with yes, no or 'not checked'."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.compare.comparison import Comparison
from scrypath.frames import DRIFT_SIGNALS
from scrypath.meilisearch.indexes import GONE
from scrypath.meilisearch.version import ServerVersion
from scrypath.operator.report.rebuild_status import RebuildView
from scrypath.vocabulary import Cutover, DocumentDrift, Signal, TaskState, Verification, WorkSource
from scrypath.wording import counted
from scrypath.work.foreign import ForeignWrites

DRIFTED = (DocumentDrift.MISSING, DocumentDrift.ORPHAN, DocumentDrift.STALE)


def drift_signals(
    *,
    status: pl.DataFrame,
    failed_work: pl.DataFrame,
    rebuild: RebuildView,
    comparison: Comparison | None,
    contract: pl.DataFrame | None,
    version: ServerVersion | None,
    index_exists: bool | None,
    foreign: ForeignWrites | None,
    fingerprint: bool,
) -> pl.DataFrame:
    """``frames.DRIFT_SIGNALS`` from the parts of a report; a part that is None was not checked."""
    gone = index_exists is False
    rows = [
        _pending(Signal.PENDING_BACKEND_WORK, status, WorkSource.MEILISEARCH),
        _pending(Signal.PENDING_QUEUE_WORK, status, WorkSource.OBAN),
        _failed(failed_work, status),
        *_rebuild(rebuild),
        _documents(comparison, gone=gone),
        _contract(contract, gone=gone),
        _version(version),
        _foreign(foreign, comparison, fingerprint=fingerprint),
    ]
    return DRIFT_SIGNALS.rows(rows)


def _row(signal: Signal, count: int | None, detail: str, *, raised: bool | None = None) -> dict[str, Any]:
    if count is None:
        return {"signal": str(signal), "observed": False, "detail": detail}
    is_raised = count > 0 if raised is None else raised
    return {"signal": str(signal), "observed": True, "raised": is_raised, "count": count, "detail": detail}


def _pending(signal: Signal, status: pl.DataFrame, source: WorkSource) -> dict[str, Any]:
    row = status.filter(pl.col("source") == str(source)).row(0, named=True)
    if not row["observed"]:
        return _row(signal, None, row["note"] or "Not checked.")
    count = row["pending"] + row["retrying"]
    return _row(signal, count, f"{count} accepted and not finished." if count else "Nothing is pending.")


def _failed(failed_work: pl.DataFrame, status: pl.DataFrame) -> dict[str, Any]:
    units = failed_work.filter(pl.col("work_id").is_not_null() & ~pl.col("healed"))
    blind = status.filter(~pl.col("observed"))["source"].to_list()
    seen = [str(source) for source in WorkSource if str(source) not in blind]
    if not seen:
        return _row(Signal.FAILED_SYNC_WORK, None, "Neither source was checked.")
    said = f"{units.height} failed or retrying and not healed, in {' and '.join(seen)}."
    unread = failed_work.filter(pl.col("work_id").is_null() & pl.col("source").cast(pl.String).is_in(seen))
    # What was not read of the failures has failed too; where successes were not read, failures are left open.
    raised = units.height > 0 or not unread.is_empty()
    return _row(Signal.FAILED_SYNC_WORK, units.height, " ".join([said, *unread["reason"]]), raised=raised)


def _rebuild(rebuild: RebuildView) -> list[dict[str, Any]]:
    names = (
        Signal.REINDEX_VISIBILITY_AVAILABLE,
        Signal.REINDEX_IN_PROGRESS,
        Signal.REINDEX_CUTOVER_PENDING,
    )
    if not rebuild.observed:
        return [_row(name, None, "The server was not checked.") for name in names]
    running = rebuild.task_state is TaskState.PENDING
    waiting = rebuild.cutover is Cutover.PENDING
    return [
        _row(names[0], 1, f"{rebuild.target_index} is looked for on the server.", raised=False),
        _row(
            names[1], int(running), "The target's tasks are running." if running else "No rebuild is running."
        ),
        _row(
            names[2],
            int(waiting),
            f"{rebuild.target_index} exists beside the live index." if waiting else "No cutover is waiting.",
        ),
    ]


def _documents(comparison: Comparison | None, *, gone: bool) -> dict[str, Any]:
    if comparison is None:
        return _row(Signal.DOCUMENT_DRIFT, None, "Documents were not compared.")
    sampled = comparison.drift.filter(pl.col("drift").is_in([str(kind) for kind in DRIFTED])).height
    if comparison.estimate is not None and (sampled or gone):
        # A sample that shows drift proves it; one that shows none proves nothing.
        said = " ".join(filter(None, (GONE if gone else None, "In a sample of rows.", comparison.note)))
        return _row(Signal.DOCUMENT_DRIFT, sampled, said, raised=True)
    if not comparison.compared:
        return _row(Signal.DOCUMENT_DRIFT, None, comparison.note or "Documents could not be compared.")
    counts = dict(comparison.counts.iter_rows())
    drifted = sum(counts[str(kind)] for kind in DRIFTED)
    kinds = ", ".join(f"{counts[str(kind)]:,} {kind}" for kind in DRIFTED if counts[str(kind)])
    unsure = counts[str(DocumentDrift.UNKNOWN)]
    detail = (
        f"{kinds}." if drifted else f"{counted(counts['in_step'], 'document is', 'documents are')} in step."
    )
    if unsure:
        detail += f" {unsure:,} could not be compared."
    if gone:
        detail = f"{GONE} {detail}"
    return _row(Signal.DOCUMENT_DRIFT, drifted, detail, raised=gone or drifted + unsure > 0)


def _contract(contract: pl.DataFrame | None, *, gone: bool) -> dict[str, Any]:
    if gone:
        return _row(Signal.CONTRACT_DRIFT, 1, GONE)
    if contract is None:
        return _row(Signal.CONTRACT_DRIFT, None, "The index's settings were not checked.")
    keys = ", ".join(contract["key"].to_list())
    return _row(
        Signal.CONTRACT_DRIFT, contract.height, f"{keys} differ." if keys else "The settings are as declared."
    )


def _version(version: ServerVersion | None) -> dict[str, Any]:
    if version is None:
        return _row(Signal.VERSION_UNSUPPORTED, None, "The server was not checked.")
    return _row(
        Signal.VERSION_UNSUPPORTED,
        int(not version.supported),
        " ".join([f"Meilisearch {version.text}.", *version.warnings]),
    )


def _foreign(
    foreign: ForeignWrites | None, comparison: Comparison | None, *, fingerprint: bool
) -> dict[str, Any]:
    if foreign is None:
        return _row(Signal.FOREIGN_WRITES, None, "The server's tasks were not checked.")
    count = len(foreign.task_uids)
    if count:
        newest = f"meili:{foreign.task_uids[0]}"
        detail = f"{counted(count, 'task')} of somebody else wrote to the index, the newest {newest}."
    else:
        detail = "Nobody else wrote to the index."
    if foreign.truncated:
        detail += " Older tasks than history_limit were not read."
    # A shared index is compared by content in any case, and others are meant to write to it.
    read = comparison is not None and comparison.compared and comparison.verify is Verification.CONTENT
    unproven = count > 0 and fingerprint and not read
    if unproven:
        detail += " An equal fingerprint proves nothing there: compare with verify='content'."
    return _row(Signal.FOREIGN_WRITES, count, detail, raised=unproven)
