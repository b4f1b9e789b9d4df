"""The archive of failed work: the server deletes old tasks and the queue its jobs, this keeps what was seen of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import orjson
import polars as pl

from scrypath import frame_schema
from scrypath.config import Config
from scrypath.frames import FAILED_WORK, FAILURE_HISTORY
from scrypath.memory import redacting, store
from scrypath.memory.environment import environment
from scrypath.memory.sql import load


def archive(config: Config, frame: pl.DataFrame) -> int:
    """Remember every row of a frame of failed work.

    A row is the same as an archived one when work id and time of failure agree: that one is brought up to date and
    counted as seen once more.

    Parameters
    ----------
    config
        Names the file.
    frame
        ``FAILED_WORK``.

    Returns
    -------
    int
        How many rows were not known before.

    Raises
    ------
    FrameMismatch
        When the frame does not fit.
    StoreBusy, StoreError
        When the file cannot be written.
    """
    if frame.is_empty():
        return 0
    failed = redacting.columns(config, FAILED_WORK.conform(frame), "reason").unique(
        ["work_id", "failed_at"], keep="last"
    )
    place = environment(config)
    seen = failed.with_columns(
        pl.lit(datetime.now(UTC), frame_schema.UTC).alias("seen_at"),
        pl.lit(place.database, pl.String()).alias("database"),
        pl.lit(place.server, pl.String()).alias("server"),
    )
    with store.connect(config) as connection, store.staged(connection, seen_failures=seen):
        connection.execute(load("failures_update"))
        [(new,)] = connection.execute(load("failures_insert")).fetchall()
    return int(new)


def open_jobs(config: Config) -> list[str]:
    """Work ids of the jobs of this database whose failure counts as open."""
    asked = {"database": environment(config).database}
    with store.connect(config, read_only=True) as connection:
        found = connection.execute(load("failures_open_jobs"), asked).fetchall()
    return [work_id for (work_id,) in found]


def heal(config: Config, work_ids: Sequence[str]) -> None:
    """Remember that these jobs of this database have succeeded since they failed."""
    asked = {"database": environment(config).database, "work_ids": orjson.dumps(list(work_ids)).decode()}
    with store.connect(config) as connection:
        connection.execute(load("failures_heal"), asked)


def history(config: Config, schema: str | None = None) -> pl.DataFrame:
    """Every failure that was ever archived.

    Parameters
    ----------
    config
        Names the file.
    schema
        Registered name; none: all of them.

    Returns
    -------
    polars.DataFrame
        ``FAILURE_HISTORY``, newest first.
    """
    with store.connect(config, read_only=True) as connection:
        return store.fetch(connection, FAILURE_HISTORY, load("failures_history"), {"schema": schema})
