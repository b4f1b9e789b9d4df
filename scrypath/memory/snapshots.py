"""Stored reconcile reports: what was out of step, when, and what changed between two of them."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.frames import DOCUMENTS, SNAPSHOT_CHANGES, SNAPSHOTS
from scrypath.memory import published, redacting, store
from scrypath.memory.environment import environment
from scrypath.memory.retention import enforce, prune
from scrypath.memory.sql import load
from scrypath.vocabulary import Verification

__all__ = [
    "SnapshotRecord",
    "StoredSnapshot",
    "compare",
    "documents",
    "latest",
    "listing",
    "prune",
    "record",
    "save",
    "schemas",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SnapshotRecord:
    """One reconcile report in numbers, as ``SNAPSHOTS`` has them, with its evidence."""

    schema: str
    index: str
    taken_at: datetime  # with its time zone
    duration: timedelta | None = None
    verify: str | None = None
    documents_compared: bool
    rows: int | None = None
    documents: int | None = None
    missing: int | None = None
    orphan: int | None = None
    stale: int | None = None
    in_flight: int | None = None
    unknown: int | None = None
    pending: int | None = None
    failed: int | None = None
    method: str | None = None
    basis: str | None = None
    read_now: int | None = None
    from_before: int | None = None
    started_from: str | None = None
    database: str | None = None  # as it is stored, of the configuration
    server: str | None = None
    evidence: Mapping[str, Any] = field(default_factory=dict)  # anything that JSON can say


@dataclass(frozen=True, slots=True)
class StoredSnapshot:
    """A record with the id it is stored under."""

    snapshot_id: str
    record: SnapshotRecord


def save(config: Config, record: SnapshotRecord, documents: pl.DataFrame) -> str:
    """Store a report and the documents that were not in step; delete the snapshots that the settings no longer keep.

    Parameters
    ----------
    config
        Names the file.
    record
        The report's numbers and evidence; secrets are taken out of the evidence.
    documents
        ``DOCUMENTS``; empty when all were in step or none were compared.

    Returns
    -------
    str
        The id of the snapshot.

    Raises
    ------
    StoreBusy, StoreError
        When the file cannot be written; then nothing of the snapshot is stored.
    """
    snapshot_id = f"snap-{record.taken_at:%Y%m%d-%H%M%S}-{secrets.token_hex(5)}"
    evidence = json.dumps(redacting.tree(config, record.evidence), ensure_ascii=False, sort_keys=True)
    values = {name.name: getattr(record, name.name) for name in fields(record)}
    values |= {"snapshot_id": snapshot_id} | asdict(environment(config))
    row = SNAPSHOTS.rows([values]).select(
        pl.exclude("duration", "published_by"),
        pl.col("duration").dt.total_microseconds().alias("duration_us"),
        pl.lit(evidence).alias("evidence"),
    )
    drifted = redacting.columns(config, DOCUMENTS.conform(documents), "detail")
    with store.connect(config) as connection:
        store.append(connection, "snapshots", row)
        if not drifted.is_empty():
            store.append(
                connection,
                "snapshot_documents",
                drifted.with_columns(pl.lit(snapshot_id).alias("snapshot_id")),
            )
        enforce(connection, config)
    return snapshot_id


def schemas(config: Config, *, url: str | Path | None = None) -> frozenset[str]:
    """Names of the schemas that have a history, registered now or not.

    Parameters
    ----------
    config
        Names the file.
    url
        A place that snapshots were published to; none: the memory of this machine.
    """
    with _history(config, url) as connection:
        query = load("schemas") if url is None else 'SELECT DISTINCT "schema" FROM snapshots'
        found = connection.execute(query).fetchall()
    return frozenset(name for (name,) in found)


def listing(config: Config, schema: str | None = None, *, url: str | Path | None = None) -> pl.DataFrame:
    """The stored snapshots.

    Parameters
    ----------
    config
        Names the file.
    schema
        Registered name; none: all of them.
    url
        A place that snapshots were published to; none: the memory of this machine.

    Returns
    -------
    polars.DataFrame
        ``SNAPSHOTS``, newest first.
    """
    with _history(config, url) as connection:
        return store.fetch(connection, SNAPSHOTS, load("snapshots_listing"), {"schema": schema})


def latest(
    config: Config,
    schema: str,
    *,
    documents_compared: bool | None = None,
    here: bool = False,
    url: str | Path | None = None,
) -> StoredSnapshot | None:
    """The newest snapshot of a schema.

    Parameters
    ----------
    config
        Names the file.
    schema
        Registered name.
    documents_compared
        True: only one that compared documents.
    here
        True: only one of the configured database and server.
    url
        A place that snapshots were published to; none: the memory of this machine.

    Returns
    -------
    StoredSnapshot or None
        None when there is no such snapshot yet.
    """
    with _history(config, url) as connection:
        wanted = {"schema": schema, "documents_compared": documents_compared, "here": here}
        wanted |= asdict(environment(config))
        found = store.read(connection, load("snapshots_latest"), wanted)
        if found.is_empty():
            return None
        snapshot_id = str(found.item(0, "snapshot_id"))
        if url is None:
            return StoredSnapshot(snapshot_id, _record(connection, snapshot_id))
    return StoredSnapshot(snapshot_id, record(config, snapshot_id, url=url))


def record(config: Config, snapshot_id: str, *, url: str | Path | None = None) -> SnapshotRecord:
    """One snapshot's numbers and evidence.

    Parameters
    ----------
    config
        Names the file.
    snapshot_id
        As ``SNAPSHOTS`` lists it.
    url
        A place that snapshots were published to; none: the memory of this machine.

    Raises
    ------
    InvalidOptions
        When no snapshot has this id.
    """
    with _history(config, url, snapshot_id) as connection:
        return _record(connection, snapshot_id)


def documents(config: Config, snapshot_id: str, *, url: str | Path | None = None) -> pl.DataFrame:
    """The documents that were not in step in one snapshot.

    Parameters
    ----------
    config
        Names the file.
    snapshot_id
        As ``SNAPSHOTS`` lists it.
    url
        A place that snapshots were published to; none: the memory of this machine.

    Returns
    -------
    polars.DataFrame
        ``DOCUMENTS``, by drift and id.

    Raises
    ------
    InvalidOptions
        When no snapshot has this id.
    """
    with _history(config, url, snapshot_id) as connection:
        _record(connection, snapshot_id)
        return store.fetch(
            connection, DOCUMENTS, load("snapshots_documents"), {"snapshot_id": snapshot_id}
        ).sort("drift", "document_id")


def compare(config: Config, a: str, b: str, *, url: str | Path | None = None) -> pl.DataFrame:
    """What changed between two snapshots of one schema, the earlier one first whatever the order given.

    ``new`` was in step (or changing) and no longer is; ``resolved`` is in step again; ``persisting`` is not, or was
    changing in the later one, so that nobody can tell. A document that was only ever changing is left out.

    Parameters
    ----------
    config
        Names the file.
    a, b
        Ids of two snapshots.
    url
        A place that snapshots were published to; none: the memory of this machine.

    Returns
    -------
    polars.DataFrame
        ``SNAPSHOT_CHANGES``, by change and id.

    Raises
    ------
    InvalidOptions
        When an id is unknown, the schemas or indexes differ, one of them did not compare documents, or the
        later one compared fingerprints only and the earlier one content.
    """
    with _history(config, url, a, b) as connection:
        pair = {snapshot_id: _record(connection, snapshot_id) for snapshot_id in (a, b)}
        earlier, later = sorted((a, b), key=lambda snapshot_id: pair[snapshot_id].taken_at)
        _check_comparable(pair, earlier, later)
        return store.fetch(
            connection, SNAPSHOT_CHANGES, load("snapshots_compare"), {"earlier": earlier, "later": later}
        )


@contextmanager
def _history(config: Config, url: str | Path | None, *detailed: str) -> Iterator[duckdb.DuckDBPyConnection]:
    opened = published.history(url, detailed) if url is not None else store.connect(config, read_only=True)
    with opened as connection:
        yield connection


def _record(connection: duckdb.DuckDBPyConnection, snapshot_id: str) -> SnapshotRecord:
    found = store.read(connection, load("snapshots_record"), {"snapshot_id": snapshot_id})
    if found.is_empty():
        raise InvalidOptions(
            f"No snapshot has the id {snapshot_id!r}.",
            hint="snapshots() lists the ids of those that are stored.",
        )
    evidence = json.loads(found.item(0, "evidence"))
    values = SNAPSHOTS.conform(found).drop("snapshot_id", "published_by").row(0, named=True)
    return SnapshotRecord(**values, evidence=evidence)


def _check_comparable(pair: Mapping[str, SnapshotRecord], earlier: str, later: str) -> None:
    for snapshot_id, found in pair.items():
        if not found.documents_compared:
            raise InvalidOptions(
                f"Snapshot {snapshot_id!r} did not compare documents.",
                hint="Compare two reports that did: documents_compared is true for them in snapshots().",
            )
    for noun, plural in (("schema", "schemas"), ("index", "indexes")):
        names = sorted({getattr(found, noun) for found in pair.values()})
        if len(names) > 1:
            raise InvalidOptions(
                f"The snapshots are of different {plural}: {', '.join(names)}.",
                hint=f"Compare two snapshots of one {noun}; snapshots() says what each is of.",
            )
    content = str(Verification.CONTENT)
    if pair[earlier].verify == content and pair[later].verify not in (content, None):
        raise InvalidOptions(
            f"Snapshot {later!r} compared fingerprints only, but {earlier!r} before it compared content: "
            "drift that only content shows may remain.",
            hint='Compare with a snapshot by content: reconcile with verify="content".',
        )
