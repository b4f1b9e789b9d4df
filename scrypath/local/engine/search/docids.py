"""Internal ids of documents, read from SQLite all at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import orjson

type Docids = set[int]


def listed(
    conn: sqlite3.Connection, source: str, parameters: Sequence[Any] = (), *, of: str = "docid"
) -> list[int]:
    """Return the internal ids that a source has; a row at a time would take several times as long.

    Parameters
    ----------
    conn
        Database of the index.
    source
        What follows FROM in a query.
    parameters
        Parameters of the source.
    of
        The column or expression that is the internal id.
    """
    (found,) = conn.execute(f"SELECT json_group_array({of}) FROM {source}", parameters).fetchone()
    docids: list[int] = orjson.loads(found)
    return docids


def everything(conn: sqlite3.Connection) -> Docids:
    """Return the internal ids of all documents."""
    return set(listed(conn, "documents"))
