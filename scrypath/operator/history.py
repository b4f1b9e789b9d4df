"""What this machine remembers: snapshots, failures, actions."""

from __future__ import annotations

from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.memory import audit, failures
from scrypath.memory import snapshots as store
from scrypath.schema import registry


def snapshots(schema: Any = None, *, config: Config | None = None) -> pl.DataFrame:
    """Stored reconcile reports, newest first.

    Parameters
    ----------
    schema
        Registered name, model or schema; none: all of them.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.SNAPSHOTS``.

    Raises
    ------
    SchemaError
        For an unknown schema.
    """
    return store.listing(resolve(config), _name(schema))


def compare_snapshots(before: str, after: str, *, config: Config | None = None) -> pl.DataFrame:
    """Which drift is new, resolved or persisting between two snapshots.

    Parameters
    ----------
    before, after
        Ids from :func:`snapshots`.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.SNAPSHOT_CHANGES``.

    Raises
    ------
    InvalidOptions
        For an unknown id, or two snapshots that cannot be compared.
    """
    return store.compare(resolve(config), before, after)


def failure_history(schema: Any = None, *, config: Config | None = None) -> pl.DataFrame:
    """Every failure ever seen on this machine, also those the server and the queue have forgotten.

    Parameters
    ----------
    schema
        Registered name, model or schema; none: all of them.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``memory.failures.FAILURE_HISTORY``: the columns of ``frames.FAILED_WORK``, and when and how often each
        was seen.
    """
    return failures.history(resolve(config), _name(schema))


def audit_log(schema: Any = None, *, config: Config | None = None) -> pl.DataFrame:
    """What was done, by whom, and what came of it: one row before and one after each action.

    Parameters
    ----------
    schema
        Registered name, model or schema; none: all of them.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.AUDIT``, newest first.
    """
    return audit.log(resolve(config), _name(schema))


def _name(schema: Any) -> str | None:
    return None if schema is None else registry.find(schema).name
