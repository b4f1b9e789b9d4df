"""Changing the documents of an index, a bounded number at a time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from typing import Final

from scrypath.local.engine import geo, vectors
from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.index import Facts, write_facts
from scrypath.local.engine.payload import Document, loads
from scrypath.local.engine.search import indexer

# So many documents are held in memory before they are written.
HELD: Final = 4000
SLICE: Final = 1000


@dataclass(slots=True)
class _Entry:
    docid: int | None
    old_text: str | None
    new: Document | None
    old: Document | None
    touched: bool = False


class Writer:
    """Collects the changes of a batch and writes them in slices.

    Parameters
    ----------
    conn
        Writing connection of the index, inside a transaction.
    facts
        What is known about the index; ``count``, ``fields`` and ``vectors`` are kept up to date.
    checkpoint
        Called between slices; may raise to abandon the batch.
    """

    def __init__(self, conn: sqlite3.Connection, facts: Facts, checkpoint: Callable[[], None]) -> None:
        self.conn = conn
        self.facts = facts
        self.checkpoint = checkpoint
        self._entries: dict[str, _Entry] = {}
        self._freed: dict[str, int] = {}
        self._fields = Counter(facts.fields)
        self._geo = geo.matters(facts.settings)
        (top,) = conn.execute("SELECT coalesce(max(docid), -1) FROM documents").fetchone()
        self._docids = self._free_docids(top)

    def _free_docids(self, top: int) -> Iterator[int]:
        """Yield the numbers that new documents take: the lowest free ones, then new ones."""
        self.conn.execute("DELETE FROM free WHERE docid > ?", (top,))
        last = -1
        while True:
            row = self.conn.execute("SELECT min(docid) FROM free WHERE docid > ?", (last,)).fetchone()
            if row[0] is None:
                break
            last = row[0]
            self.conn.execute("DELETE FROM free WHERE docid = ?", (last,))
            yield last
        while True:
            top += 1
            yield top

    def _load(self, ids: Iterable[str]) -> None:
        wanted = [id_ for id_ in dict.fromkeys(ids) if id_ not in self._entries]
        rows = self.conn.execute(
            "SELECT id, docid, doc FROM documents WHERE id IN (SELECT value FROM json_each(?))",
            (dumps(wanted),),
        )
        found = {id_: (docid, text) for id_, docid, text in rows}
        for id_ in wanted:
            if id_ in found:
                docid, text = found[id_]
                old = loads(text)
                self._entries[id_] = _Entry(docid, text, old, old)
            else:
                self._entries[id_] = _Entry(self._freed.get(id_), None, None, None)

    def put(self, documents: Sequence[tuple[str, Document]], *, merge: bool, create: bool) -> None:
        """Store documents.

        Parameters
        ----------
        documents
            Ids and documents.
        merge
            Whether the fields of a stored document that the new one lacks are kept.
        create
            Whether documents that are not stored yet are stored.
        """
        for part in batched(documents, SLICE):
            self.checkpoint()
            self._load(id_ for id_, _ in part)
            for id_, document in part:
                entry = self._entries[id_]
                if entry.new is None and not create:
                    continue
                entry.new = {**entry.new, **document} if merge and entry.new is not None else document
                entry.touched = True
            if len(self._entries) >= HELD:
                self.flush()

    def delete(self, ids: Sequence[str]) -> int:
        """Delete documents by id, return how many were there."""
        deleted = 0
        for part in batched(ids, SLICE):
            self.checkpoint()
            self._load(part)
            for id_ in part:
                entry = self._entries[id_]
                deleted += entry.new is not None
                entry.new, entry.touched = None, True
            if len(self._entries) >= HELD:
                self.flush()
        return deleted

    def delete_docids(self, docids: Sequence[int]) -> int:
        """Delete documents by internal id, return how many were there."""
        deleted = 0
        for part in batched(docids, SLICE):
            self.flush()
            rows = self.conn.execute(
                "SELECT id FROM documents WHERE docid IN (SELECT value FROM json_each(?))",
                (dumps(list(part)),),
            ).fetchall()
            deleted += self.delete([id_ for (id_,) in rows])
        return deleted

    def clear(self) -> int:
        """Delete every document, return how many there were."""
        deleted = self.facts.count
        self._entries.clear()
        indexer.clear(self.conn)
        self.conn.execute("DELETE FROM documents")
        self.conn.execute("DELETE FROM free")
        self._fields.clear()
        self.facts.count = 0
        self._docids = self._free_docids(-1)
        self._freed.clear()
        return deleted

    def _new_text(self, id_: str, document: Document, old_text: str | None) -> str | None:
        """Return what is to be stored of a document, None when it is stored already."""
        text = dumps(document)
        if text == old_text:
            return None
        if self._geo:
            geo.check(id_, document)
        if "_vectors" in document:
            vectors.check(id_, document)
            self.facts.vectors = True
        return text

    def flush(self) -> None:
        """Write what has been collected."""
        added: list[tuple[int, str, str]] = []
        changed: list[tuple[str, int]] = []
        deletes: list[tuple[int]] = []
        changes: list[indexer.Change] = []
        for id_, entry in self._entries.items():
            if not entry.touched:
                continue
            if entry.new is None:
                if entry.old is not None and entry.docid is not None:
                    deletes.append((entry.docid,))
                    changes.append(indexer.Change(entry.docid, entry.old, None))
                    self._freed[id_] = entry.docid
                    self._fields.subtract(entry.old.keys())
                continue
            text = self._new_text(id_, entry.new, entry.old_text)
            if text is None:
                continue
            if entry.docid is None:
                entry.docid = next(self._docids)
            if entry.old is None:
                added.append((entry.docid, id_, text))
            else:
                changed.append((text, entry.docid))
            changes.append(indexer.Change(entry.docid, entry.old, entry.new))
            self._fields.update(entry.new.keys())
            if entry.old is not None:
                self._fields.subtract(entry.old.keys())
            else:
                self._freed.pop(id_, None)
        self._entries.clear()
        if not changes:
            return
        self.conn.executemany("DELETE FROM documents WHERE docid = ?", deletes)
        self.conn.executemany("INSERT INTO documents VALUES (?, ?, ?)", added)
        self.conn.executemany("UPDATE documents SET doc = ? WHERE docid = ?", changed)
        self.facts.count += sum((change.old is None) - (change.new is None) for change in changes)
        self.checkpoint()
        indexer.apply(self.conn, self.facts.settings, changes)

    def finish(self, updated_at: int) -> None:
        """Write what is left, and what is now known about the index."""
        self.flush()
        self.conn.executemany(
            "INSERT OR IGNORE INTO free VALUES (?)", [(docid,) for docid in self._freed.values()]
        )
        fields = {name: count for name, count in self._fields.items() if count > 0 and name != "_vectors"}
        self.facts.fields = fields
        self.facts.updated_at = updated_at
        write_facts(
            self.conn,
            count=self.facts.count,
            fields=fields,
            vectors=self.facts.vectors,
            primary_key=self.facts.primary_key,
            updated_at=updated_at,
        )
