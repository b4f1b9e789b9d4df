"""The history of this machine, and of its team: snapshots, failures, actions."""

from __future__ import annotations

from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import DatabaseError, SchemaError, did_you_mean
from scrypath.memory import audit, failures
from scrypath.memory import publish as team
from scrypath.memory import snapshots as store
from scrypath.memory.publish import Publication
from scrypath.schema import registry
from scrypath.work.failed import heal_completed


def snapshots(
    schema: Any = None, *, url: str | Path | None = None, config: Config | None = None
) -> pl.DataFrame:
    """Stored reconcile reports, newest first.

    Parameters
    ----------
    schema
        Registered name, model or schema, or the name of one in stored snapshots; none: all of them.
    url
        A local path or URL that :func:`publish_snapshots` wrote to: the snapshots of the whole team. None: those of
        this machine.
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
    ConfigError, InvalidOptions
        For a URL that cannot be opened, or under which nothing was published.
    StoreBusy, StoreError
        When the memory, or the place, cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> snapshots(config=Config(home=Path(tempfile.mkdtemp()))).height
    0
    """
    resolved = resolve(config)
    return store.listing(resolved, _name(schema, resolved, url), url=url)


def compare_snapshots(
    a: str, b: str, *, url: str | Path | None = None, config: Config | None = None
) -> pl.DataFrame:
    """Which drift is new, resolved or persisting between two snapshots, whatever the order they are given in.

    ``new`` was in step (or changing) in the earlier one and no longer is; ``resolved`` is in step again;
    ``persisting`` still is not, or was changing in the later one, so that nobody can tell.

    Parameters
    ----------
    a, b
        Ids from :func:`snapshots`.
    url
        A local path or URL that :func:`publish_snapshots` wrote to; none: the memory of this machine.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.SNAPSHOT_CHANGES``, by change and document id.

    Raises
    ------
    InvalidOptions
        For an unknown id, or two snapshots that cannot be compared.
    ConfigError
        For a URL that cannot be opened.
    StoreBusy, StoreError
        When the memory, or the place, cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> compare_snapshots("snap-a", "snap-b", config=Config(home=Path(tempfile.mkdtemp())))
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: No snapshot has the id 'snap-a'. snapshots() lists the ids of those that are stored.
    """
    return store.compare(resolve(config), a, b, url=url)


def publish_snapshots(url: str | Path, *, config: Config | None = None) -> Publication:
    """Write this machine's snapshots as Parquet where the whole team can read them: those that are not there yet.

    Parameters
    ----------
    url
        A local path, or any URL that fsspec knows, such as ``s3://bucket/team``: its credentials belong in the
        configuration of its file system.
    config
        Used instead of the configured one.

    Returns
    -------
    Publication
        The URL without secrets, the snapshots that were published now, and how many were there before.

    Raises
    ------
    ConfigError
        When the URL names no place, or fsspec or the package of its file system is not installed.
    StoreBusy, StoreError
        When the memory cannot be read, or the place not written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> folder = Path(tempfile.mkdtemp())
    >>> publish_snapshots(folder / "team", config=Config(home=folder)).count
    0
    """
    return team.publish(resolve(config), url)


def prune_snapshots(
    schema: Any = None,
    *,
    keep: int | None = None,
    older_than: timedelta | None = None,
    dry_run: bool = False,
    config: Config | None = None,
) -> pl.DataFrame:
    """Delete old snapshots of this machine, and the documents they list; published ones stay.

    With both limits, what is older goes, except the newest ``keep``. The newest snapshot of each schema that compared
    all documents always stays: the next incremental comparison starts from it.

    Parameters
    ----------
    schema
        Registered name, model or schema, or the name of one in stored snapshots; none: all of them.
    keep
        How many of the newest snapshots of each schema stay, whatever their age.
    older_than
        Only snapshots older than this are deleted.
    dry_run
        True: only return what would be deleted.
    config
        Used instead of the configured one; its ``keep_snapshots`` and ``keep_snapshots_days`` hold when neither
        ``keep`` nor ``older_than`` is given.

    Returns
    -------
    polars.DataFrame
        ``frames.SNAPSHOTS``: what was deleted, or would be, newest first.

    Raises
    ------
    InvalidOptions
        When nothing says which snapshots stay.
    SchemaError
        For an unknown schema.
    StoreBusy, StoreError
        When the memory cannot be written.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> prune_snapshots(keep=100, config=Config(home=Path(tempfile.mkdtemp()))).height
    0
    """
    resolved = resolve(config)
    return store.prune(resolved, _name(schema, resolved), keep=keep, older_than=older_than, dry_run=dry_run)


def failure_history(schema: Any = None, *, config: Config | None = None) -> pl.DataFrame:
    """Every failure ever seen on this machine, also those the server and the queue have forgotten.

    Parameters
    ----------
    schema
        Registered name, model or schema, or the name of one in stored failures; none: all of them.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.FAILURE_HISTORY``: the columns of ``frames.FAILED_WORK``, and when and how often each was seen. A job
        that has succeeded since it failed is ``healed``; in ``oban`` mode the queue is asked about the open ones.

    Raises
    ------
    SchemaError
        For an unknown schema.
    StoreBusy, StoreError
        When the memory cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> failure_history(config=Config(home=Path(tempfile.mkdtemp()))).height
    0
    """
    resolved = resolve(config)
    with suppress(DatabaseError):  # what is remembered can be read without the queue
        heal_completed(resolved)
    return failures.history(resolved, _name(schema, resolved))


def audit_log(schema: Any = None, *, config: Config | None = None) -> pl.DataFrame:
    """What was done, by whom, and with what outcome: one row before and one after each action.

    Parameters
    ----------
    schema
        Registered name, model or schema, or the name of one in the audit; none: all of them.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.AUDIT``, newest first.

    Raises
    ------
    SchemaError
        For an unknown schema.
    StoreBusy, StoreError
        When the memory cannot be read.

    Examples
    --------
    >>> import tempfile
    >>> from pathlib import Path
    >>> audit_log(config=Config(home=Path(tempfile.mkdtemp()))).height
    0
    """
    resolved = resolve(config)
    return audit.log(resolved, _name(schema, resolved))


def _name(schema: Any, config: Config, url: str | Path | None = None) -> str | None:
    """The name used in the history; a schema that is not declared here, or no longer, may have one."""
    if schema is None:
        return None
    if not isinstance(schema, str) or ":" in schema or schema in registry.names():
        return registry.find(schema).name
    remembered = store.schemas(config, url=url)
    if schema in remembered:
        return schema
    raise SchemaError(
        f"No schema is named {schema!r}, and no history is stored for one.",
        hint=did_you_mean(schema, {*registry.names(), *remembered}),
    )
