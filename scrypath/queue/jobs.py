"""Reading sync jobs as frames: every state, with the last error in one message."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC as ZONE
from datetime import datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import polars as pl

from scrypath.config import check_option
from scrypath.errors import InvalidOptions
from scrypath.frame_schema import COUNT, IDS, OPERATION, TEXT, UTC, Column, FrameSchema, enum_type
from scrypath.queue.args import WORKERS
from scrypath.queue.connection import connect, statement
from scrypath.redaction import redact

if TYPE_CHECKING:
    from scrypath.config import Config


EPOCH, MICROSECOND = datetime(1970, 1, 1, tzinfo=ZONE), timedelta(microseconds=1)


class JobState(StrEnum):
    """The state of a job in Oban's table."""

    AVAILABLE = "available"  # runnable now
    SCHEDULED = "scheduled"  # runnable later
    SUSPENDED = "suspended"  # held back
    EXECUTING = "executing"  # a worker has it
    RETRYABLE = "retryable"  # failed, and will run again
    COMPLETED = "completed"
    DISCARDED = "discarded"  # failed for the last time
    CANCELLED = "cancelled"  # given up, by a person or because it can never work
    UNKNOWN = "unknown"  # a state that this release does not know


JOBS = FrameSchema(
    "JOBS",
    "One row per sync job in Oban's table, newest first.",
    (
        Column("job_id", COUNT, "Id of the job row"),
        Column("state", enum_type(JobState), "Its state"),
        Column("queue", TEXT, "Queue the job waits in"),
        Column("worker", TEXT, "Name of the worker that performs it"),
        Column("operation", OPERATION, "What it does; `unknown` when its args do not say"),
        Column("schema", TEXT, "Search schema as the job names it"),
        Column("index", TEXT, "Index name on the server"),
        Column("document_ids", IDS, "Ids the job carries, null when its args do not hold them"),
        Column("document_count", COUNT, "How many documents it touches", "documents"),
        Column("fan_out", TEXT, "Name of the fan-out, null for other operations"),
        Column("reference", TEXT, "The kit's own reference of the write"),
        Column("attempt", COUNT, "Attempts made", "attempts"),
        Column("max_attempts", COUNT, "Attempts allowed", "attempts"),
        Column("inserted_at", UTC, "When it was written", "UTC"),
        Column("scheduled_at", UTC, "When it becomes, or became, runnable", "UTC"),
        Column("attempted_at", UTC, "When the last attempt began", "UTC"),
        Column("completed_at", UTC, "When it succeeded", "UTC"),
        Column("discarded_at", UTC, "When it failed for the last time", "UTC"),
        Column("cancelled_at", UTC, "When it was given up", "UTC"),
        Column("error", TEXT, "Message of the last error, redacted"),
        Column("error_type", TEXT, "Class name of the last error's exception"),
        Column("error_code", TEXT, "Code of the Meilisearch error behind it, null without one"),
        Column("backend_error_type", TEXT, "Type of the Meilisearch error behind it, null without one"),
        Column("failed_at", UTC, "When the last error happened", "UTC"),
        Column("malformed", TEXT, "Why the args cannot be performed, null when they can"),
    ),
)

JOB_COUNTS = FrameSchema(
    "JOB_COUNTS",
    "One row per schema and index that any sync job names.",
    (
        Column("schema", TEXT, "Search schema as the jobs name it, null for malformed jobs"),
        Column("index", TEXT, "Index name on the server, null for malformed jobs"),
        *(Column(str(state), COUNT, f"Jobs that are {state}", "jobs") for state in JobState),
        Column("oldest_pending_at", UTC, "When the oldest job that has not ended was written", "UTC"),
        Column("last_completed_id", COUNT, "Id of the job that succeeded last"),
        Column("last_completed_at", UTC, "When it succeeded", "UTC"),
    ),
)

_KNOWN = [str(state) for state in JobState]
_MICROSECONDS = [c.name for c in JOBS.columns if c.dtype == UTC and c.name != "failed_at"]
_OPERATIONS = OPERATION.categories.to_list() if isinstance(OPERATION, pl.Enum) else []


@dataclass(frozen=True, slots=True)
class JobPage:
    """Sync jobs, newest first.

    Parameters
    ----------
    frame
        Schema ``JOBS``.
    total
        How many jobs match, also beyond the limit.
    truncated
        True: the limit cut the frame.
    """

    frame: pl.DataFrame
    total: int
    truncated: bool


def listing(
    config: Config,
    *,
    states: Iterable[JobState | str] | None = None,
    ids: Sequence[int] | None = None,
    indexes: Sequence[str] | None = None,
    completed_since: datetime | None = None,
    unnamed: bool = False,
    limit: int | None = None,
) -> JobPage:
    """Read sync jobs, the kit's own and an Elixir deployment's.

    Parameters
    ----------
    config
        ``database_url`` and ``oban_prefix`` say where.
    states
        Only jobs in these states; all when not given.
    ids
        Only these jobs.
    indexes
        Only jobs for these indexes.
    completed_since
        Only jobs that succeeded then or later, with a time zone.
    unnamed
        Only jobs whose arguments name no index.
    limit
        At most so many jobs, newest first; ``config.history_limit`` when not given.

    Returns
    -------
    JobPage
        With a frame of schema ``JOBS``.

    Raises
    ------
    QueueNotInstalled
        When the database has no oban tables.
    DatabaseError
        When PostgreSQL cannot be reached.
    InvalidOptions
        For an unknown state or a limit below 1.
    """
    most = config.history_limit if limit is None else limit
    if most < 1:
        raise InvalidOptions(f"limit cannot be {most}.", hint="Give a number of at least 1.")
    chosen = None if states is None else [str(check_option("states", state, JobState)) for state in states]
    parameters: dict[str, Any] = {
        "workers": list(WORKERS),
        "states": chosen,
        "known": _KNOWN,
        "ids": None if ids is None else list(ids),
        "indexes": None if indexes is None else list(indexes),
        "completed_since": None if completed_since is None else (completed_since - EPOCH) // MICROSECOND,
        "unnamed": unnamed,
        "limit": most,
    }
    with connect(config) as connection:
        # The rows and their number belong to one moment.
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor = connection.execute(statement("jobs", config), parameters)
        rows, names = cursor.fetchall(), [column.name for column in cursor.description or ()]
        total = len(rows)
        if total == most:
            counted = connection.execute(statement("job_total", config), parameters)
            total = (counted.fetchone() or (total,))[0]
    return JobPage(_jobs(rows, names, config), total, total > len(rows))


def counts(config: Config) -> pl.DataFrame:
    """Count sync jobs per schema, index and state.

    Parameters
    ----------
    config
        ``database_url`` and ``oban_prefix`` say where.

    Returns
    -------
    polars.DataFrame
        Schema ``JOB_COUNTS``.

    Raises
    ------
    QueueNotInstalled
        When the database has no oban tables.
    DatabaseError
        When PostgreSQL cannot be reached.
    """
    with connect(config) as connection:
        cursor = connection.execute(
            statement("job_counts", config), {"workers": list(WORKERS), "known": _KNOWN}
        )
        names = [column.name for column in cursor.description or ()]
        rows = cursor.fetchall()
    types = {c.name: TEXT if c.dtype == TEXT else COUNT for c in JOB_COUNTS.columns}
    frame = pl.DataFrame(rows, schema={name: types[name] for name in names}, orient="row")
    return JOB_COUNTS.conform(frame.with_columns(pl.col("oldest_pending_at", "last_completed_at").cast(UTC)))


def _jobs(rows: list[tuple[Any, ...]], names: list[str], config: Config) -> pl.DataFrame:
    raw = {c.name: COUNT if c.dtype in {COUNT, UTC} else TEXT for c in JOBS.columns} | {"failed_at": TEXT}
    frame = pl.DataFrame(rows, schema={name: raw[name] for name in names}, orient="row")
    messages = frame["error"].unique().drop_nulls()
    # Jobs of one outage share a few messages: redact each of them once.
    masked = [redact(message, config.meilisearch_key) for message in messages]
    described = frame.with_columns(
        pl.col(_MICROSECONDS).cast(UTC),
        pl.col("document_ids").str.json_decode(IDS),
        pl.when(pl.col("operation").is_in(_OPERATIONS))
        .then("operation")
        .otherwise(pl.lit("unknown"))
        .alias("operation"),
        pl.col("error").replace_strict(messages, masked, default=None, return_dtype=TEXT),
        pl.coalesce(
            pl.col("failed_at").str.to_datetime("%+", time_unit="us", time_zone="UTC", strict=False),
            pl.when(pl.col("failed_at").is_not_null()).then(pl.col("attempted_at").cast(UTC)),
        ).alias("failed_at"),
    )
    return JOBS.conform(described)
