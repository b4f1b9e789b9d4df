"""Forgetting old snapshots."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.memory import store
from scrypath.memory.sql import load


def prune(config: Config, *, keep: int | None = None, older_than: timedelta | None = None) -> int:
    """Forget old snapshots and their documents.

    Parameters
    ----------
    config
        Names the file.
    keep
        How many of the newest snapshots of each schema stay, whatever their age.
    older_than
        Only what was taken longer ago than this is forgotten.

    Returns
    -------
    int
        How many snapshots were forgotten.

    Raises
    ------
    InvalidOptions
        When neither is given, or ``keep`` is below 1.
    """
    if keep is None and older_than is None:
        raise InvalidOptions(
            "Neither keep nor older_than is given.",
            hint="Say which snapshots stay, as in keep=100 or older_than=timedelta(days=90).",
        )
    if keep is not None and keep < 1:
        raise InvalidOptions(f"keep is {keep}.", hint="Keep at least 1 snapshot of each schema.")
    limits = {
        "keep": keep or 0,
        "older_than_us": 0 if older_than is None else older_than // timedelta(microseconds=1),
    }
    with store.connect(config) as connection:
        doomed: pl.DataFrame = connection.sql(load("snapshots_doomed"), params=limits).pl()
        with store.staged(connection, doomed=doomed):
            for table in ("snapshot_documents", "snapshots"):
                connection.execute(
                    f"DELETE FROM {table} WHERE snapshot_id IN (SELECT snapshot_id FROM doomed)"
                )
    return doomed.height
