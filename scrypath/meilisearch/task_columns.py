"""A page of tasks as columns."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import orjson
import polars as pl

from scrypath.frame_schema import COUNT, DURATION, TEXT, UTC, Column, FrameSchema
from scrypath.meilisearch.moments import duration
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.shapes import count
from scrypath.meilisearch.task import values

TASKS = FrameSchema(
    "TASKS",
    "One row per task of the server, newest first.",
    (
        Column("uid", COUNT, "The task's uid"),
        Column("batch_uid", COUNT, "Uid of the batch that ran it, null while enqueued"),
        Column("index_uid", TEXT, "Index name, null for tasks that concern no single index"),
        Column(
            "status",
            TEXT,
            "enqueued, processing, succeeded, failed, canceled, or a word this kit does not know",
        ),
        Column("type", TEXT, "The server's word for what the task does"),
        Column("canceled_by", COUNT, "Uid of the task that canceled it"),
        Column("details", TEXT, "What it touches, as JSON"),
        Column("error_code", TEXT, "Code of the error"),
        Column("error_type", TEXT, "Type of the error"),
        Column("error_message", TEXT, "The error in the server's words"),
        Column("custom_metadata", TEXT, "What the sender attached"),
        Column("enqueued_at", UTC, "When it was accepted", "UTC"),
        Column("started_at", UTC, "When its batch began", "UTC"),
        Column("finished_at", UTC, "When its batch ended", "UTC"),
        Column("duration", DURATION, "Time from start to end", "µs"),
        Column("document_count", COUNT, "Documents it was asked to touch, null when not known", "documents"),
    ),
)

SMALL = 40_000  # bytes of a page that is read task by task in less time than polars takes to begin
_MOMENTS = {"enqueued_at": "enqueuedAt", "started_at": "startedAt", "finished_at": "finishedAt"}
_FORMAT = "%Y-%m-%dT%H:%M:%S%.fZ"
_COUNTS = ("receivedDocuments", "providedIds", "deletedDocuments", "editedDocuments")
_PAGE = pl.Struct(
    {
        "results": pl.List(
            pl.Struct(
                {
                    "uid": pl.Int64(),
                    "batchUid": pl.Int64(),
                    "indexUid": pl.String(),
                    "status": pl.String(),
                    "type": pl.String(),
                    "canceledBy": pl.Int64(),
                    "details": pl.Struct(dict.fromkeys(_COUNTS, pl.Int64())),
                    "error": pl.Struct(dict.fromkeys(("code", "type", "message"), pl.String())),
                    "customMetadata": pl.String(),
                    "enqueuedAt": pl.String(),
                    "startedAt": pl.String(),
                    "finishedAt": pl.String(),
                    "duration": pl.String(),
                }
            )
        )
    }
)
# The raw text of each task's details; first without nested objects, which is nearly always enough and faster.
_DETAILS = tuple(rf'"details":(?:\{{{inside}\}}|null),"error":' for inside in ("[^{}]*", ".*?"))


def columns(reply: Reply) -> pl.DataFrame:
    """A page of tasks as a frame of schema ``TASKS``.

    A page that holds what this kit does not expect is read again, task by task and tolerantly.
    """
    frame = None
    if len(reply.body) > SMALL:
        with suppress(UnicodeDecodeError, pl.exceptions.PolarsError):
            frame = _fast(reply.body.decode())
    if frame is not None:
        return frame
    results = reply.mapping().get("results")
    if not isinstance(results, list):
        raise reply.malformed()
    return TASKS.rows([_row(found) for found in results])


def _fast(text: str) -> pl.DataFrame | None:
    # Everything here runs in polars, outside Python's lock, so that the next page arrives meanwhile.
    page = pl.Series([text])
    results = page.str.json_decode(_PAGE).struct.field("results")
    if results.null_count():
        return None
    read = results.explode(empty_as_null=False).struct.unnest()
    details = _details(page, read)
    if details is None:
        return None
    counts, error = pl.col("details").struct, pl.col("error").struct
    return read.select(
        pl.col("uid"),
        pl.col("batchUid").alias("batch_uid"),
        pl.col("indexUid").alias("index_uid"),
        pl.col("status").fill_null("unknown"),
        pl.col("type").fill_null("unknown"),
        pl.col("canceledBy").alias("canceled_by"),
        details.alias("details"),
        error.field("code").alias("error_code"),
        error.field("type").alias("error_type"),
        error.field("message").alias("error_message"),
        pl.col("customMetadata").alias("custom_metadata"),
        *(
            pl.col(key).str.to_datetime(_FORMAT, time_unit="us", time_zone="UTC", strict=False).alias(name)
            for name, key in _MOMENTS.items()
        ),
        _durations(read.get_column("duration")),
        # A deletion by filter provides no ids: what it deleted is known only afterwards.
        pl.coalesce(
            counts.field("receivedDocuments"),
            pl.when(counts.field("providedIds") > 0).then(counts.field("providedIds")),
            counts.field("editedDocuments"),
            counts.field("deletedDocuments"),
        ).alias("document_count"),
    )


def _details(page: pl.Series, read: pl.DataFrame) -> pl.Series | None:
    for pattern in _DETAILS:
        found = page.str.extract_all(pattern).explode(empty_as_null=False)
        if found.len() == read.height:
            break
    else:
        return None
    texts = found.str.slice(len('"details":')).str.strip_suffix(',"error":')
    # Only settings and the like nest objects, and could hold the very words that end the pattern.
    nested = texts.filter(texts.str.count_matches("{", literal=True) > 1)
    try:
        for text in nested:
            orjson.loads(text)
    except orjson.JSONDecodeError:
        return None
    return texts.replace("null", None)


def _durations(texts: pl.Series) -> pl.Series:
    seconds = texts.str.strip_prefix("PT").str.strip_suffix("S").cast(pl.Float64, strict=False)
    if seconds.null_count() > texts.null_count():  # days, or something a newer server writes
        return pl.Series("duration", [duration(text) for text in texts], DURATION)
    # By way of integer nanoseconds, which a float holds exactly enough, and cut as a single task's duration is.
    nanoseconds = (seconds * 1_000_000_000).round().cast(pl.Int64)
    return (nanoseconds // 1_000).cast(DURATION).alias("duration")


def _row(found: Any) -> dict[str, Any]:
    row = values(found if isinstance(found, dict) else {"error": f"The server lists {found!r} as a task."})
    details = row["details"]
    listed = isinstance(found, dict) and isinstance(found.get("details"), dict)
    row["details"] = orjson.dumps(details).decode() if listed else None
    received, provided, deleted, edited = (count(details.get(key)) for key in _COUNTS)
    known = (number for number in (received, provided or None, edited, deleted) if number is not None)
    row["document_count"] = next(known, None)
    return row
