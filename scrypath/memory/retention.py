"""Deleting old snapshots: only as a call or the settings say, and never the one that a comparison starts from."""

from __future__ import annotations

from datetime import timedelta

import duckdb
import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.frames import SNAPSHOTS
from scrypath.memory import store
from scrypath.memory.sql import load


def prune(
    config: Config,
    schema: str | None = None,
    *,
    keep: int | None = None,
    older_than: timedelta | None = None,
    dry_run: bool = False,
) -> pl.DataFrame:
    """Delete old snapshots and their documents.

    The newest snapshot of each schema that compared all documents always stays.

    Parameters
    ----------
    config
        Names the file, and the settings that hold when neither ``keep`` nor ``older_than`` is given.
    schema
        Registered name; none: all of them.
    keep
        How many of the newest snapshots of each schema stay, whatever their age.
    older_than
        Only snapshots older than this are deleted.
    dry_run
        True: nothing is deleted.

    Returns
    -------
    polars.DataFrame
        ``SNAPSHOTS``: what was deleted, or would be, newest first.

    Raises
    ------
    InvalidOptions
        When nothing says which snapshots stay, or a limit makes no sense.
    """
    if keep is None and older_than is None:
        keep, older_than = _settings(config)
    if keep is None and older_than is None:
        raise InvalidOptions(
            "Neither keep nor older_than is given, and no setting says which snapshots stay.",
            hint="Give one, as in keep=100 or older_than=timedelta(days=90), "
            "or configure keep_snapshots or keep_snapshots_days.",
        )
    if keep is not None and keep < 1:
        raise InvalidOptions(f"keep is {keep}.", hint="Keep at least 1 snapshot of each schema.")
    if older_than is not None and older_than < timedelta():
        raise InvalidOptions(f"older_than is {older_than}.", hint="Give a time that is not negative.")
    with store.connect(config, read_only=dry_run) as connection:
        return (_expired if dry_run else _delete)(connection, schema, keep, older_than)


def enforce(connection: duckdb.DuckDBPyConnection, config: Config) -> None:
    """Delete what the settings say, in the caller's transaction; without such settings, nothing."""
    keep, older_than = _settings(config)
    if keep is not None or older_than is not None:
        _delete(connection, None, keep, older_than)


def _settings(config: Config) -> tuple[int | None, timedelta | None]:
    days = config.keep_snapshots_days
    return config.keep_snapshots, None if days is None else timedelta(days=days)


def _delete(
    connection: duckdb.DuckDBPyConnection, schema: str | None, keep: int | None, older_than: timedelta | None
) -> pl.DataFrame:
    expired = _expired(connection, schema, keep, older_than)
    if not expired.is_empty():
        with store.staged(connection, expired=expired.select("snapshot_id")):
            for table in ("snapshot_documents", "snapshots"):
                connection.execute(
                    f"DELETE FROM {table} WHERE snapshot_id IN (SELECT snapshot_id FROM expired)"
                )
    return expired


def _expired(
    connection: duckdb.DuckDBPyConnection, schema: str | None, keep: int | None, older_than: timedelta | None
) -> pl.DataFrame:
    limits = {
        "schema": schema,
        "keep": keep or 0,
        "older_than_us": 0 if older_than is None else older_than // timedelta(microseconds=1),
    }
    return store.fetch(connection, SNAPSHOTS, load("snapshots_expired"), limits)
