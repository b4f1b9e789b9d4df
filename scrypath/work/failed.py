"""Failed and retrying work: why it failed, whether it still matters, whether it can be retried."""

from __future__ import annotations

from contextlib import nullcontext
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions
from scrypath.frame_schema import REASON
from scrypath.frames import FAILED_WORK, REASON_COUNTS
from scrypath.reach import one_call
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import probed
from scrypath.telemetry import span
from scrypath.vocabulary import ReasonClass, SyncMode
from scrypath.work.failures import Failures, failures_of, failures_without_index


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
    asked = [registry.find(schema) for schema in schemas] or list(registry.every(resolved))
    beside = probed(resolved) if resolved.sync_mode is SyncMode.OBAN else nullcontext()
    with span("scrypath.operator.failed_work"), beside:
        parts = []
        for schema in asked:
            failures = failures_of(IndexRef.live(schema, resolved), limit=limit)
            failures.require_complete()
            parts.append(failures.frame())
        if not schemas:
            parts.append(failures_without_index(resolved, limit))
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


def newest_first(found: pl.DataFrame) -> pl.DataFrame:
    """``FAILED_WORK`` by time, what was not checked before everything."""
    return found.sort("failed_at", descending=True, nulls_last=False, maintain_order=True)
