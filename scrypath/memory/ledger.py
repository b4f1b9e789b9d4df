"""The ledger of sent work: which documents a request carried, by its reference or its task."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb
import orjson
import polars as pl

from scrypath.config import Config
from scrypath.errors import StoreBusy
from scrypath.frame_schema import COUNT, IDS, MODE, OPERATION, TEXT, UTC, Column, FrameSchema
from scrypath.memory import redacting, spool, store
from scrypath.memory.environment import environment
from scrypath.memory.sql import load
from scrypath.vocabulary import Operation, SyncMode

PATIENCE = 0.25  # seconds that a request waits for other writers of the file

LEDGER = FrameSchema(
    "LEDGER",
    "One row per request sent to Meilisearch, oldest first.",
    (
        Column("reference", TEXT, "Short reference, carried by the task as customMetadata"),
        Column("task_uid", COUNT, "Uid of the task, null until the server answered"),
        Column("schema", TEXT, "Registered name of the search schema"),
        Column("index", TEXT, "Index name on the server when it was sent"),
        Column("operation", OPERATION, "What it was to do"),
        Column("mode", MODE, "Sync mode it was sent in"),
        Column("document_ids", IDS, "Documents it carried, null when there were none to name"),
        Column("document_count", COUNT, "How many documents it carried", "documents"),
        Column("sent_at", UTC, "When it was sent", "UTC"),
        Column("cause", TEXT, "What it was sent for: a work id, a plan, or null for an ordinary write"),
        Column(
            "database", TEXT, "Which database it is about: host, port and name; null when that was not stored"
        ),
        Column(
            "server", TEXT, "Which search server it is about: host and port; null when that was not stored"
        ),
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SentWork:
    """One request to Meilisearch, as the ledger keeps it."""

    reference: str
    schema: str | None
    index: str
    operation: Operation
    mode: SyncMode | None
    document_ids: Sequence[str] | None
    document_count: int | None
    sent_at: datetime  # with its time zone
    task_uid: int | None = None
    cause: str | None = None


def new_reference() -> str:
    """A short, unique, URL-safe reference for one request.

    Examples
    --------
    >>> new_reference().startswith("scry-")
    True
    """
    return f"scry-{secrets.token_urlsafe(12)}"


def record(config: Config, works: Sequence[SentWork]) -> None:
    """Write sent work into the ledger.

    While somebody holds the file open, it is kept in a file beside it, which every reading of the ledger sees and the
    next request takes in: a write to the index neither fails nor waits for a reader of the memory.

    Parameters
    ----------
    config
        Names the file.
    works
        Nothing is opened when there are none.

    Raises
    ------
    StoreError
        When neither can be written.
    """
    if not works:
        return
    place = asdict(environment(config))
    frame = redacting.columns(config, LEDGER.rows(_row(work) | place for work in works), "cause")
    path = config.store_path.absolute()
    taken: list[Path] = []
    try:
        with store.connect(replace(config, store_timeout=min(config.store_timeout, PATIENCE))) as connection:
            for file, kept in spool.waiting(path):
                _insert(connection, _unknown(connection, kept))
                taken.append(file)
            _insert(connection, frame)
    except StoreBusy:
        spool.put(path, frame)
        return
    spool.remove(taken)


def acknowledge(config: Config, reference: str, task_uid: int) -> None:
    """Write down the task that a request became.

    Parameters
    ----------
    config
        Names the file.
    reference
        As it was recorded; one that was never recorded changes nothing.
    task_uid
        As the server answered.
    """
    with store.connect(config) as connection:
        connection.execute(
            "UPDATE requests SET task_uid = ? WHERE reference = ? AND task_uid IS NULL", [task_uid, reference]
        )


def lookup(
    config: Config, references: Sequence[str], task_uids: Sequence[tuple[str, int]] = ()
) -> pl.DataFrame:
    """What is known of references, and of tasks that carry none.

    Parameters
    ----------
    config
        Names the file.
    references
        Every row of each is returned.
    task_uids
        Pairs of index and task uid; the newest row of each is returned, because a new server counts from zero again.

    Returns
    -------
    polars.DataFrame
        ``LEDGER``, oldest first.
    """
    if not references and not task_uids:
        return LEDGER.empty()
    asked = {
        "references": _json(references),
        "server": environment(config).server,
        "tasks": _json([{"index": index, "task_uid": uid} for index, uid in task_uids]),
    }
    # Before the file is read: what is taken in meanwhile is seen twice, and not never.
    kept = _kept(config)
    with store.connect(config, read_only=True) as connection:
        found = store.read(connection, load("ledger_lookup"), asked)
        carried = store.read(
            connection, load("ledger_documents"), {"requests": _json(found["request"].to_list())}
        )
    ids = carried.group_by("request", maintain_order=True).agg(pl.col("document_id").alias("document_ids"))
    nothing = pl.when(pl.col("document_count") == 0).then(pl.lit([], pl.List(pl.String())))
    known = LEDGER.conform(
        found.join(ids, on="request", how="left", maintain_order="left").with_columns(
            pl.coalesce("document_ids", nothing)
        )
    )
    waiting = kept.filter(
        pl.col("reference").is_in(list(references)), ~pl.col("reference").is_in(known["reference"].to_list())
    )
    return pl.concat([known, waiting]).sort("sent_at", maintain_order=True) if waiting.height else known


def written_since(config: Config, index: str, moment: datetime) -> bool:
    """Whether a request to an index of this server is recorded that was sent at a moment or later.

    Parameters
    ----------
    config
        Names the file, and the server.
    index
        Index name on the server.
    moment
        With its time zone.
    """
    server = environment(config).server
    later = pl.col("index") == index, pl.col("sent_at") >= moment
    if _kept(config).filter(*later, pl.col("server").is_null() | pl.col("server").eq_missing(server)).height:
        return True
    asked = {"index": index, "server": server, "moment": moment}
    with store.connect(config, read_only=True) as connection:
        return bool(connection.execute(load("ledger_since"), asked).fetchall())


def _kept(config: Config) -> pl.DataFrame:
    """What was recorded while somebody held the file."""
    frames = [LEDGER.conform(frame) for _, frame in spool.waiting(config.store_path.absolute())]
    return pl.concat([LEDGER.empty(), *frames])


def _insert(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> None:
    if frame.is_empty():
        return
    [(last,)] = connection.execute("SELECT coalesce(max(request), 0) FROM requests").fetchall()
    numbered = frame.with_columns(pl.int_range(last + 1, last + 1 + pl.len()).alias("request"))
    store.append(connection, "requests", numbered.drop("document_ids"))
    carried = numbered.select("request", document_id="document_ids").explode("document_id").drop_nulls()
    if not carried.is_empty():
        store.append(connection, "request_documents", carried)


def _unknown(connection: duckdb.DuckDBPyConnection, frame: pl.DataFrame) -> pl.DataFrame:
    """What was not taken in yet: a process may have been killed between that and removing the file."""
    asked = {"references": _json(frame["reference"].to_list())}
    query = """SELECT reference FROM requests
        WHERE reference IN (SELECT unnest(from_json($references::JSON, '["VARCHAR"]')))"""
    known = [reference for (reference,) in connection.execute(query, asked).fetchall()]
    return LEDGER.conform(frame.filter(~pl.col("reference").is_in(known)))


def _json(asked: Sequence[Any]) -> str:
    # One text: DuckDB takes the items of a list one by one.
    return orjson.dumps(list(asked)).decode()


def _row(work: SentWork) -> dict[str, Any]:
    row = {column.name: getattr(work, column.name, None) for column in LEDGER.columns}
    if work.document_ids is not None:
        row["document_ids"] = list(map(str, work.document_ids))
    return row
