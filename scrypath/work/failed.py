"""Failed and retrying work: why it failed, whether it still matters, whether it can be retried."""

from __future__ import annotations

from contextlib import nullcontext
from itertools import batched
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions, SchemaError
from scrypath.frame_schema import REASON
from scrypath.frames import FAILED_WORK, REASON_COUNTS
from scrypath.reach import one_call
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import probed
from scrypath.telemetry import span
from scrypath.vocabulary import ReasonClass, SyncMode, WorkState
from scrypath.work.failures import Failures, failures_of, failures_without_index

JOBS_AT_ONCE = 1_000  # ids in one question


@one_call()
def failed_sync_work(*schemas: Any, limit: int | None = None, config: Config | None = None) -> pl.DataFrame:
    """Every failed or retrying unit of work of the schemas, newest first.

    What is seen is archived in DuckDB, because the server and the queue both forget.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered, and jobs whose arguments name no index.
    limit
        Tasks, and jobs, read for each schema; default: the configured ``history_limit``.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.FAILED_WORK``. A source that could not be read is a row in state ``unknown`` without work id: not
        read is not empty. Such a row also says when later successes were not read, or not all of them: failures
        that they healed are open then.

    Raises
    ------
    SchemaError, InvalidOptions
        For an unknown schema or limit.
    HistoryTruncated
        When a limit cuts the history of failures.

    Examples
    --------
    >>> import scrypath
    >>> failed = scrypath.failed_sync_work("Brand")
    >>> failed.select("operation", "reason_class", "error_code", "document_ids").rows()
    [('upsert', 'validation', 'invalid_document_id', ['1'])]
    """
    resolved = resolve(config)
    if limit is not None and limit < 1:
        raise InvalidOptions(f"limit cannot be {limit!r}.", hint="Give a number of at least 1.")
    asked, lost = (
        ([registry.find(schema) for schema in schemas], {}) if schemas else registry.available(resolved)
    )
    beside = probed(resolved) if resolved.sync_mode is SyncMode.OBAN else nullcontext()
    with span("scrypath.operator.failed_work"), beside:
        parts = []
        for schema in asked:
            failures = failures_of(IndexRef.live(schema, resolved), limit=limit)
            failures.require_complete()
            parts.append(failures.frame())
        if not schemas:
            parts.append(failures_without_index(resolved, limit))
            parts.append(FAILED_WORK.rows(_not_looked_at(*item) for item in lost.items()))
        return _archived(pl.concat(parts), resolved)


def reason_class_counts(frame: pl.DataFrame) -> pl.DataFrame:
    """How many units of work failed for which reason.

    Parameters
    ----------
    frame
        ``frames.FAILED_WORK``.

    Returns
    -------
    polars.DataFrame
        ``frames.REASON_COUNTS``: every class in its fixed order, with zeros. Rows in state ``unknown`` that
        mark a source that was not read are no units of work and are not counted.

    Examples
    --------
    >>> reason_class_counts(FAILED_WORK.empty())["open"].to_list()
    [0, 0, 0, 0, 0]
    """
    units = FAILED_WORK.conform(frame).filter(pl.col("work_id").is_not_null())
    counted = units.group_by("reason_class").agg(
        open=(~pl.col("healed")).sum(), healed=pl.col("healed").sum()
    )
    every = pl.DataFrame({"reason_class": list(map(str, ReasonClass))}, schema={"reason_class": REASON})
    return REASON_COUNTS.conform(
        every.join(counted, on="reason_class", how="left", maintain_order="left").with_columns(
            pl.col("open", "healed").fill_null(0)
        )
    )


def _not_looked_at(name: str, error: SchemaError) -> dict[str, Any]:
    return {
        "schema": name,
        "operation": "unknown",
        "state": str(WorkState.UNKNOWN),
        "retryable": False,
        "reason_class": str(ReasonClass.UNKNOWN),
        "reason": f"It was not checked: {error.message}",
        "error_code": error.code,
        "healed": False,
    }


def read_failures(ref: IndexRef) -> Failures:
    """The failed work of one schema for a report, archived as ``failed_sync_work`` does it."""
    with span("scrypath.operator.failed_work"):
        failures = failures_of(ref)
        _archived(failures.units, ref.config)
        return failures


def _archived(found: pl.DataFrame, config: Config) -> pl.DataFrame:
    known = found.filter(pl.col("work_id").is_not_null())
    if known.height:
        from scrypath.memory import failures

        failures.archive(config, known)
    return newest_first(found)


def heal_completed(config: Config) -> None:
    """Call a job's failure healed in the memory when the job has succeeded since: no list of failures shows it then.

    Raises
    ------
    DatabaseError
        When the queue cannot be read.
    """
    if config.sync_mode is not SyncMode.OBAN:
        return
    from scrypath.memory import failures
    from scrypath.queue import jobs

    waiting = [int(work_id.partition(":")[2]) for work_id in failures.open_jobs(config)]
    done = [
        f"oban:{job}"
        for ids in batched(waiting, JOBS_AT_ONCE)
        for job in jobs.listing(config, ids=ids, states=["completed"], limit=len(ids)).frame["job_id"]
    ]
    if done:
        failures.heal(config, done)


def newest_first(found: pl.DataFrame) -> pl.DataFrame:
    """``FAILED_WORK`` by time, what was not checked before everything."""
    return found.sort("failed_at", descending=True, nulls_last=False, maintain_order=True)
