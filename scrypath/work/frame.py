"""Backend tasks and queue jobs as one frame of work."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import HistoryTruncated
from scrypath.frame_schema import IDS, MODE, TEXT
from scrypath.frames import WORK
from scrypath.meilisearch import tasks
from scrypath.memory import task_metadata
from scrypath.queue import jobs
from scrypath.reach import one_call
from scrypath.redaction import redact
from scrypath.schema import SearchSchema, registry
from scrypath.vocabulary import Operation, SyncMode, WorkSource, WorkState
from scrypath.work.states import JOB_STATES, TASK_STATES

OPERATIONS = {
    "documentAdditionOrUpdate": Operation.UPSERT,
    "documentEdition": Operation.UPSERT,
    "documentDeletion": Operation.DELETE,
    "settingsUpdate": Operation.SETTINGS,
    "indexCreation": Operation.INDEX,
    "indexDeletion": Operation.INDEX,
    "indexUpdate": Operation.INDEX,
    "indexSwap": Operation.INDEX,
    "indexCompaction": Operation.INDEX,
}
REMEMBERED = {"reference": TEXT, "mode": MODE, "document_ids": IDS, "cause": TEXT, "sent_for": TEXT}
# What the reason is classified by; WORK itself shows less.
EVIDENCE = {"exception": TEXT, "malformed": TEXT, "canceled_by": pl.Int64(), "cause": TEXT, "fan_out": TEXT}


@one_call()
def sync_work(schema: Any, *, limit: int | None = None, config: Config | None = None) -> pl.DataFrame:
    """Every unit of work of a schema that the server and the queue still remember.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    limit
        Tasks, and jobs, read, newest first; default: the configured ``history_limit``.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.WORK``, newest first; queue jobs only in ``oban`` mode.

    Raises
    ------
    HistoryTruncated
        When a limit cuts the history.
    TransportError, DatabaseError
        When a source cannot be reached.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.sync_work("Product").select("operation", "state", "document_count").rows()
    [('upsert', 'completed', 3), ('settings', 'completed', None), ('index', 'completed', None)]
    """
    found, resolved = registry.find(schema), resolve(config)
    index = found.index_name(resolved)
    listed = tasks.listing(resolved, index_uids=[index], limit=limit)
    _complete(listed.truncated, f"tasks of index {index!r}", limit or resolved.history_limit)
    frames = [of_tasks(listed.frame, [found], resolved)]
    if resolved.sync_mode is SyncMode.OBAN:
        page = jobs.listing(resolved, indexes=[index], limit=limit)
        _complete(page.truncated, f"jobs for index {index!r}", limit or resolved.history_limit)
        frames.append(of_jobs(page.frame, [found], resolved))
    return WORK.conform(pl.concat(frames)).sort("enqueued_at", descending=True, nulls_last=True)


def of_tasks(listed: pl.DataFrame, schemas: list[SearchSchema], config: Config) -> pl.DataFrame:
    """Tasks of the server as work, with what the ledger knows of them; columns of ``WORK`` and ``EVIDENCE``."""
    listed = listed.with_columns(
        reference=task_metadata.reference("custom_metadata"), carried=task_metadata.ids("custom_metadata")
    )
    known = _remembered(listed["reference"].drop_nulls().unique().to_list(), config)
    names = {schema.index_name(config): schema.name for schema in schemas}
    joined = listed.join(known, on="reference", how="left")
    return _with_evidence(
        joined.with_columns(
            work_id=pl.format("meili:{}", "uid"),
            schema=pl.coalesce(
                "sent_for", pl.col("index_uid").replace_strict(names, default=None, return_dtype=TEXT)
            ),
            index=pl.col("index_uid"),
            source=pl.lit(str(WorkSource.MEILISEARCH)),
            operation=_mapped("type", OPERATIONS, Operation.UNKNOWN),
            state=_mapped("status", TASK_STATES, WorkState.UNKNOWN),
            attempt=pl.when(pl.col("started_at").is_not_null()).then(1).otherwise(0),
            max_attempts=pl.lit(1),
            error=_redacted(listed["error_message"], config),
            document_ids=pl.coalesce("document_ids", "carried"),
        )
    )


def of_jobs(listed: pl.DataFrame, schemas: list[SearchSchema], config: Config) -> pl.DataFrame:
    """Jobs of the queue as work; columns of ``WORK`` and ``EVIDENCE``."""
    names = {schema.index_name(config): schema.name for schema in schemas}
    return _with_evidence(
        listed.with_columns(
            work_id=pl.format("oban:{}", "job_id"),
            schema=pl.coalesce(
                pl.col("index").replace_strict(names, default=None, return_dtype=TEXT), "schema"
            ),
            mode=pl.lit(str(SyncMode.OBAN)),
            source=pl.lit(str(WorkSource.OBAN)),
            state=pl.when(pl.col("malformed").is_not_null() & (pl.col("state") == "available"))
            .then(pl.lit(str(WorkState.UNKNOWN)))
            .otherwise(_mapped("state", JOB_STATES, WorkState.UNKNOWN)),
            enqueued_at=pl.col("inserted_at"),
            started_at=pl.col("attempted_at"),
            finished_at=pl.coalesce("completed_at", "discarded_at", "cancelled_at"),
            exception=pl.col("error_type"),
            error_type=pl.col("backend_error_type"),
        ).with_columns(
            failed_at=pl.coalesce("failed_at", "finished_at"),
            duration=pl.col("finished_at") - pl.col("started_at"),
        )
    )


def _remembered(references: list[str], config: Config) -> pl.DataFrame:
    """What the ledger knows of references; without any, DuckDB is not even imported."""
    if not references:
        return pl.DataFrame(schema=REMEMBERED)
    from scrypath.memory import ledger

    return ledger.lookup(config, references).select(
        "reference", "mode", "document_ids", "cause", pl.col("schema").alias("sent_for")
    )


def _with_evidence(frame: pl.DataFrame) -> pl.DataFrame:
    extra = EVIDENCE | {"failed_at": WORK.polars["finished_at"]}
    return frame.select(
        (pl.col(name).cast(dtype) if name in frame.columns else pl.lit(None, dtype)).alias(name)
        for name, dtype in (WORK.polars | extra).items()
    )


def _mapped(column: str, words: Mapping[str, Any], otherwise: Any) -> pl.Expr:
    return pl.col(column).replace_strict(
        {word: str(value) for word, value in words.items()}, default=str(otherwise), return_dtype=TEXT
    )


def _redacted(messages: pl.Series, config: Config) -> pl.Series:
    distinct = messages.unique().drop_nulls()
    shown = [redact(message, config.meilisearch_key) for message in distinct]
    return messages.replace_strict(distinct, shown, default=None, return_dtype=pl.String)


def _complete(truncated: bool, what: str, limit: int) -> None:
    if truncated:
        raise HistoryTruncated(
            f"The {what} are more than {limit}.", hint="Raise limit=, or history_limit in the configuration."
        )


def exploded(work: pl.DataFrame) -> pl.DataFrame:
    """One row per unit of work and document id."""
    return (
        work.filter(pl.col("document_ids").is_not_null())
        .explode("document_ids")
        .rename({"document_ids": "document_id"})
    )
