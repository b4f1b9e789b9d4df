"""One index: a database of documents, its settings and what is known about it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from scrypath.local.engine import clock
from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.settings import DEFAULTS
from scrypath.local.engine.store import Database

SCHEMA: Final = Path(__file__).with_name("index.sql")

# Every so many documents the place of one is remembered, so that deep pages start near their first document.
STRIDE: Final = 1000


@dataclass(slots=True)
class Facts:
    """What is known about an index beside its documents.

    Parameters
    ----------
    created_at, updated_at
        Nanoseconds.
    primary_key
        Name of the field that identifies a document, None before the first document.
    settings
        All settings, in the shape of the wire.
    count
        Number of documents.
    fields
        In how many documents each field occurs.
    vectors
        Whether a document with ``_vectors`` was ever stored.
    done
        The last batch that changed the index and what became of its tasks.
    """

    created_at: int
    updated_at: int
    primary_key: str | None
    settings: dict[str, Any]
    count: int
    fields: dict[str, int]
    vectors: bool
    done: dict[str, Any] | None


def read_facts(conn: sqlite3.Connection) -> Facts:
    """Return what is known about the index."""
    stored = {name: json.loads(value) for name, value in conn.execute("SELECT name, value FROM facts")}
    return Facts(**stored)


def write_facts(conn: sqlite3.Connection, **changes: Any) -> None:
    """Store some of what is known about the index."""
    rows = [(name, dumps(value)) for name, value in changes.items()]
    conn.executemany(
        "INSERT INTO facts VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET value = excluded.value", rows
    )


class Index:
    """The database of one index.

    Parameters
    ----------
    path
        Its file.
    create
        Whether a file that is missing is made.
    """

    def __init__(self, path: Path, *, create: bool = False) -> None:
        self.database = Database(path, create=create)
        self._anchors: tuple[int, list[int]] | None = None

    @classmethod
    def create(cls, path: Path) -> Index:
        """Create an index without documents."""
        from scrypath.local.engine.search import indexer

        index = cls(path, create=True)
        now = clock.now()
        with index.database.write() as conn:
            for statement in SCHEMA.read_text(encoding="utf-8").split(";\n"):
                conn.execute(statement)
            indexer.create(conn)
            write_facts(
                conn,
                created_at=now,
                updated_at=now,
                primary_key=None,
                settings=DEFAULTS,
                count=0,
                fields={},
                vectors=False,
                done=None,
            )
        return index

    @contextmanager
    def read(self) -> Iterator[tuple[sqlite3.Connection, Facts]]:
        """Yield a read-only connection and the facts of the same moment."""
        with self.database.read() as conn:
            yield conn, read_facts(conn)

    def facts(self) -> Facts:
        """Return what is known about the index."""
        with self.read() as (_, facts):
            return facts

    def first_docid(self, conn: sqlite3.Connection, facts: Facts, offset: int) -> tuple[int, int]:
        """Return a docid near a place in the order of documents, and how many to skip from there."""
        ends = "SELECT (SELECT min(docid) FROM documents), (SELECT max(docid) FROM documents)"
        first, last = conn.execute(ends).fetchone()
        if first is None:
            return 0, 0
        if last - first + 1 == facts.count:
            return first + offset, 0
        if offset < 2 * STRIDE:
            return first, offset
        known = self._anchors
        if known is None or known[0] != facts.updated_at:
            places = conn.execute(
                "SELECT docid FROM (SELECT docid, row_number() OVER (ORDER BY docid) - 1 AS place FROM documents)"
                " WHERE place % ? = 0",
                (STRIDE,),
            )
            known = facts.updated_at, [docid for (docid,) in places]
            self._anchors = known
        anchors = known[1]
        step = min(offset // STRIDE, len(anchors) - 1)
        return anchors[step], offset - step * STRIDE

    def stats(self, busy: bool) -> dict[str, Any]:
        """Return what the stats routes show of the index."""
        with self.read() as (conn, facts):
            (size,) = conn.execute("PRAGMA page_count").fetchone()
            (page,) = conn.execute("PRAGMA page_size").fetchone()
        return {
            "numberOfDocuments": facts.count,
            "rawDocumentDbSize": size * page if facts.count else 0,
            "avgDocumentSize": size * page // facts.count if facts.count else 0,
            "isIndexing": busy,
            "numberOfEmbeddings": 0,
            "numberOfEmbeddedDocuments": 0,
            "fieldDistribution": dict(sorted(facts.fields.items())),
        }
