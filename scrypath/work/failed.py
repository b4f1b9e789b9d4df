"""Failed and retrying work: why it failed, whether it still matters, whether it can be retried."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import HistoryTruncated, InvalidOptions, ScrypathError
from scrypath.frame_schema import REASON
from scrypath.frames import FAILED_WORK, REASON_COUNTS
from scrypath.meilisearch import tasks
from scrypath.queue import jobs
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.telemetry import span
from scrypath.vocabulary import ReasonClass, SyncMode, WorkSource, WorkState
from scrypath.work.frame import of_jobs, of_tasks
from scrypath.work.reasons import reason_class
from scrypath.work.states import FAILED_JOBS, FAILED_TASKS
from scrypath.work.supersession import HEALED, healed


def failed_sync_work(*schemas: Any, limit: int | None = None, config: Config | None = None) -> pl.DataFrame:
    """Every failed or retrying unit of work of the schemas, newest first.

    What is seen is archived in DuckDB, because the server and the queue both forget.

    Parameters
    ----------
    schemas
        Registered names, models or schemas; none given: all registered, and jobs whose arguments name no index.
    limit
        Tasks, and jobs, looked at for each schema; default: the configured ``history_limit``.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.FAILED_WORK``. A source that could not be asked stands in it as a row in state ``unknown``
        without work id: not looked at is not empty.

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
    settled = resolve(config)
    if limit is not None and limit < 1:
        raise InvalidOptions(f"limit cannot be {limit!r}.", hint="Give a number of at least 1.")
    asked = [registry.find(schema) for schema in schemas] or list(registry.every(settled))
    with span("scrypath.operator.failed_work"):
        parts = [_of_schema(IndexRef.live(schema, settled), limit) for schema in asked]
        if not schemas:
            parts.append(_of_nobody(settled, limit))
        return _archived(pl.concat(parts), settled)


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
        stand for a source not looked at are no units of work and are not counted.

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


def all_seen(ref: IndexRef) -> pl.DataFrame:
    """As ``failed_sync_work`` of one schema, for a report: a history that a limit cuts is a row that says so."""
    with span("scrypath.operator.failed_work"):
        return _archived(_of_schema(ref, None, lenient=True), ref.config)


def _archived(found: pl.DataFrame, config: Config) -> pl.DataFrame:
    known = found.filter(pl.col("work_id").is_not_null())
    if known.height:
        from scrypath.memory import failures

        failures.archive(config, known)
    return found.sort("failed_at", descending=True, nulls_last=False, maintain_order=True)


def _of_schema(ref: IndexRef, limit: int | None, *, lenient: bool = False) -> pl.DataFrame:
    sources = {WorkSource.MEILISEARCH: failed_tasks}
    if ref.config.sync_mode is SyncMode.OBAN:
        sources[WorkSource.OBAN] = failed_jobs
    parts = []
    for source, look in sources.items():
        cut: list[HistoryTruncated] = []
        try:
            parts.append(look(ref, limit, cut if lenient else None))
        except HistoryTruncated:
            raise
        except ScrypathError as error:
            parts.append(_not_looked_at(ref, source, error))
        parts.extend(_not_looked_at(ref, source, error) for error in cut)
    return pl.concat(parts)


def _of_nobody(config: Config, limit: int | None) -> pl.DataFrame:
    """Failed jobs that no schema can be asked for, because their arguments name no index."""
    if config.sync_mode is not SyncMode.OBAN:
        return FAILED_WORK.empty()
    try:
        page = jobs.listing(config, states=FAILED_JOBS, unnamed=True, limit=limit)
    except ScrypathError:
        return FAILED_WORK.empty()  # the row of every schema says that the queue was not looked at
    _complete(page.truncated, "failed jobs that name no index", limit, config, None)
    return judged(of_jobs(page.frame, [], config), None)


def failed_tasks(
    ref: IndexRef,
    limit: int | None = None,
    cut: list[HistoryTruncated] | None = None,
) -> pl.DataFrame:
    """The schema's failed and canceled tasks as ``FAILED_WORK``.

    Where a limit cuts their history, it is put into ``cut`` and the newest are returned; without ``cut`` it raises.
    """
    index = ref.uid
    listed = tasks.listing(ref.config, index_uids=[index], statuses=FAILED_TASKS, limit=limit)
    _complete(listed.truncated, f"failed tasks of index {index!r}", limit, ref.config, cut)
    return judged(of_tasks(listed.frame, [ref.schema], ref.config), ref)


def failed_jobs(
    ref: IndexRef,
    limit: int | None = None,
    cut: list[HistoryTruncated] | None = None,
) -> pl.DataFrame:
    """The schema's retrying, discarded and cancelled jobs as ``FAILED_WORK``; ``cut`` as for tasks."""
    index = ref.uid
    page = jobs.listing(ref.config, states=FAILED_JOBS, indexes=[index], limit=limit)
    _complete(page.truncated, f"failed jobs for index {index!r}", limit, ref.config, cut)
    return judged(of_jobs(page.frame, [ref.schema], ref.config), ref)


def judged(work: pl.DataFrame, ref: IndexRef | None) -> pl.DataFrame:
    """Failed work (``WORK`` with evidence) as ``FAILED_WORK``: reason, healing, whether it can be retried.

    Without an index nobody can tell what made it good.
    """
    if work.is_empty():
        return FAILED_WORK.empty()
    seen = work.with_columns(
        reason_class=reason_class(),
        failed_at=pl.coalesce("failed_at", "finished_at"),
        reason=pl.coalesce(
            pl.format("The arguments cannot be performed: {}.", "malformed"),
            "error",
            pl.format("Canceled by task {}.", "canceled_by"),
            pl.lit("The record gives no reason."),
        ),
    )
    good = healed(seen, ref) if ref is not None else HEALED.to_frame()
    seen = seen.join(good, on="work_id", how="left").filter(~pl.col("retried").fill_null(value=False))
    can = (
        pl.col("document_ids").is_not_null()
        & pl.col("superseded_by").is_null()
        & (pl.col("reason_class") != str(ReasonClass.VALIDATION))
    )
    return FAILED_WORK.conform(
        seen.with_columns(
            healed=pl.col("superseded_by").is_not_null(),
            retryable=can,
            document_count=pl.coalesce("document_count", pl.col("document_ids").list.len()),
        )
    )


def _not_looked_at(ref: IndexRef, source: WorkSource, error: ScrypathError) -> pl.DataFrame:
    truncated = isinstance(error, HistoryTruncated)
    how = "was not looked at to its end" if truncated else "was not looked at"
    return FAILED_WORK.rows(
        [
            {
                "schema": ref.schema.name,
                "index": ref.uid,
                "source": str(source),
                "operation": "unknown",
                "state": str(WorkState.UNKNOWN),
                "retryable": False,
                "reason_class": str(ReasonClass.UNKNOWN if truncated else ReasonClass.TRANSPORT),
                "reason": f"{source} {how}: {error.message}",
                "error_code": error.code,
                "healed": False,
            }
        ]
    )


def _complete(
    truncated: bool, what: str, limit: int | None, config: Config, cut: list[HistoryTruncated] | None
) -> None:
    if not truncated:
        return
    error = HistoryTruncated(
        f"There are more than {limit or config.history_limit} {what}.",
        hint="Raise limit=, or history_limit in the configuration.",
    )
    if cut is None:
        raise error
    cut.append(error)
