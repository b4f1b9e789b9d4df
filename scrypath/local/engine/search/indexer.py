"""Keeping the search tables of one index in step with its documents."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from itertools import batched
from typing import Any, Final

import orjson

from scrypath.local.engine.search.fields import Faceted, leaves, scalars, searchable_weight
from scrypath.local.engine.search.tokens import Tokenizer
from scrypath.local.engine.search.values import GEO, facet_values

FID_BITS: Final = 16
FID_MASK: Final = (1 << FID_BITS) - 1
CHUNK: Final = 2000
STRINGS: Final = frozenset({str})
TEXT_SETTINGS: Final = (
    "searchableAttributes",
    "stopWords",
    "separatorTokens",
    "nonSeparatorTokens",
)


@dataclass(frozen=True, slots=True)
class Change:
    """One document before and after a write.

    Parameters
    ----------
    docid
        Internal id of the document.
    old
        The document as it was, None when it is new.
    new
        The document as it becomes, None when it is deleted.
    """

    docid: int
    old: dict[str, Any] | None
    new: dict[str, Any] | None


def create(conn: sqlite3.Connection) -> None:
    """Create the tables of the search in the database of an index."""
    schema = files(__package__).joinpath("schema.sql").read_text(encoding="utf-8")
    for statement in schema.split(";\n\n"):
        conn.execute(statement)


def loads(text: str) -> dict[str, Any]:
    """Return a document from its JSON text, integers beyond 64 bits included."""
    try:
        document: dict[str, Any] = orjson.loads(text)
    except orjson.JSONDecodeError:
        document = json.loads(text)
    return document


def field_ids(conn: sqlite3.Connection) -> dict[str, int]:
    """Return the number of every field met so far, by name."""
    return {name: fid for fid, name in conn.execute("SELECT fid, name FROM search_fields ORDER BY fid")}


def apply(conn: sqlite3.Connection, settings: Mapping[str, Any], changes: Iterable[Change]) -> None:
    """Bring the search tables in step with a stream of changed documents.

    Parameters
    ----------
    conn
        Database of the index, inside the caller's transaction.
    settings
        Settings of the index, in the shape of the wire.
    changes
        The documents that change; read once, in chunks.
    """
    writer = _Writer(conn, settings)
    for chunk in batched(changes, CHUNK):
        once: dict[int, Change] = {}
        for change in chunk:
            earlier = once.get(change.docid)
            old = change.old if earlier is None else earlier.old
            once[change.docid] = Change(change.docid, old, change.new)
        writer.texts(once.values())
        writer.facets(once.values())
    _touch(conn)


def clear(conn: sqlite3.Connection) -> None:
    """Forget every document at once."""
    _empty(conn, texts=True, facets=True)
    _touch(conn)


def _empty(conn: sqlite3.Connection, *, texts: bool, facets: bool) -> None:
    if texts:
        # a full-text table gives its rows up one by one, but goes as a whole at once
        conn.execute("DROP TABLE search_text")
        create(conn)
    if facets:
        for table in ("facet_numbers", "facet_strings", "facet_marks"):
            conn.execute(f"DELETE FROM {table}")


def rebuild(
    conn: sqlite3.Connection,
    old_settings: Mapping[str, Any],
    settings: Mapping[str, Any],
    checkpoint: Callable[[], None] = lambda: None,
) -> None:
    """Redo what a change of settings makes stale, from the stored documents.

    Parameters
    ----------
    conn
        Database of the index, inside the caller's transaction.
    old_settings, settings
        Settings before and after, in the shape of the wire.
    checkpoint
        Called now and then; may raise to give up.
    """
    texts = any(old_settings[key] != settings[key] for key in TEXT_SETTINGS)
    facets = Faceted.of(old_settings) != Faceted.of(settings)
    if not texts and not facets:
        return
    _empty(conn, texts=texts, facets=facets)
    writer = _Writer(conn, settings)
    for chunk in batched(_stored(conn), CHUNK):
        checkpoint()
        if texts:
            writer.texts(chunk)
        if facets:
            writer.facets(chunk)
    _touch(conn)


def _touch(conn: sqlite3.Connection) -> None:
    """Give the words of the index a new version, under which readers keep what they looked up."""
    conn.execute("INSERT OR REPLACE INTO search_state (name, value) VALUES ('version', hex(randomblob(16)))")


def _stored(conn: sqlite3.Connection) -> Iterator[Change]:
    last = -1
    while True:
        rows = conn.execute(
            "SELECT docid, doc FROM documents WHERE docid > ? ORDER BY docid LIMIT ?", (last, CHUNK)
        ).fetchall()
        if not rows:
            return
        for docid, doc in rows:
            yield Change(docid, None, loads(doc))
        last = rows[-1][0]


class _Writer:
    """Writes the rows of documents; knows for every field what it is good for."""

    def __init__(self, conn: sqlite3.Connection, settings: Mapping[str, Any]) -> None:
        self.conn = conn
        self.settings = settings
        self.tokenizer = Tokenizer(settings)
        self.kept = Faceted.of(settings)
        self.geo = GEO in self.kept.names or GEO in self.kept.patterns
        self.fids = field_ids(conn)
        self.searchable: dict[str, bool] = {}
        self.faceted: dict[str, bool] = {}

    def texts(self, changes: Iterable[Change]) -> None:
        gone: list[tuple[int]] = []
        written: list[tuple[int, str]] = []
        for change in changes:
            base = change.docid << FID_BITS
            old, new = change.old, change.new
            if old is None:
                written += [(base | fid, body) for fid, body in self._bodies(new or {})]
                continue
            same = {name for name in old if new and name in new and _equal(old[name], new[name])}
            before = {name: value for name, value in old.items() if name not in same}
            after = {name: value for name, value in (new or {}).items() if name not in same}
            gone += [(base | fid,) for fid, _ in self._bodies(before)]
            written += [(base | fid, body) for fid, body in self._bodies(after)]
        self.conn.executemany("DELETE FROM search_text WHERE rowid = ?", gone)
        self.conn.executemany("INSERT INTO search_text (rowid, body) VALUES (?, ?)", written)

    def _bodies(self, document: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
        texts: dict[int, list[str]] = {}
        for field, value in leaves(document):
            if self._is_searchable(field):
                found = [value] if isinstance(value, str) else _texts(value)
                if found:
                    texts.setdefault(self.fids[field], []).extend(found)
        for fid, values in texts.items():
            body = self.tokenizer.body(values)
            if body:
                yield fid, body

    def _is_searchable(self, field: str) -> bool:
        known = self.searchable.get(field)
        if known is None:
            # a field beyond the last number that a row id has room for is not searched
            known = self._fid(field) <= FID_MASK and searchable_weight(self.settings, field) is not None
            self.searchable[field] = known
        return known

    def _is_faceted(self, field: str) -> bool:
        known = self.faceted.get(field)
        if known is None:
            known = self.faceted[field] = self.kept.has(field)
        return known

    def facets(self, changes: Iterable[Change]) -> None:
        if not self.kept:
            return
        gone, written = Rows(), Rows()
        for change in changes:
            if change.old is None:
                self._facet_rows(written, change.docid, change.new or {})
                continue
            before, after = Rows(), Rows()
            self._facet_rows(before, change.docid, change.old)
            self._facet_rows(after, change.docid, change.new or {})
            gone.extend(before, without=after)
            written.extend(after, without=before)
        gone.delete(self.conn)
        written.insert(self.conn)

    def _facet_rows(self, rows: Rows, docid: int, document: Mapping[str, Any]) -> None:
        for field, number, text, mark in facet_values(document, self._is_faceted, geo=self.geo):
            fid = self._fid(field)
            if number is not None:
                rows.numbers[fid, number, docid] = None
            elif text is not None:
                rows.strings.setdefault((fid, text[0], docid), text[1])
            elif mark is not None:
                rows.marks[fid, int(mark), docid] = None

    def _fid(self, field: str) -> int:
        fid = self.fids.get(field)
        if fid is None:
            fid = self.fids[field] = len(self.fids)
            self.conn.execute("INSERT INTO search_fields (fid, name) VALUES (?, ?)", (fid, field))
        return fid


class Rows:
    """Rows of the facet tables, by key."""

    __slots__ = ("marks", "numbers", "strings")

    def __init__(self) -> None:
        self.numbers: dict[tuple[int, float, int], None] = {}
        self.strings: dict[tuple[int, str, int], str] = {}
        self.marks: dict[tuple[int, int, int], None] = {}

    def extend(self, rows: Rows, *, without: Rows) -> None:
        """Take in the rows that `without` does not have just so."""
        self.numbers |= {key: None for key in rows.numbers if key not in without.numbers}
        self.strings |= {key: own for key, own in rows.strings.items() if without.strings.get(key) != own}
        self.marks |= {key: None for key in rows.marks if key not in without.marks}

    def delete(self, conn: sqlite3.Connection) -> None:
        """Delete the rows."""
        conn.executemany("DELETE FROM facet_numbers WHERE fid = ? AND value = ? AND docid = ?", self.numbers)
        conn.executemany("DELETE FROM facet_strings WHERE fid = ? AND value = ? AND docid = ?", self.strings)
        conn.executemany("DELETE FROM facet_marks WHERE fid = ? AND mark = ? AND docid = ?", self.marks)

    def insert(self, conn: sqlite3.Connection) -> None:
        """Insert the rows, in the order of their keys."""
        conn.executemany("INSERT INTO facet_numbers VALUES (?, ?, ?)", sorted(self.numbers))
        strings = ((*key, self.strings[key]) for key in sorted(self.strings))
        conn.executemany("INSERT INTO facet_strings VALUES (?, ?, ?, ?)", strings)
        conn.executemany("INSERT INTO facet_marks VALUES (?, ?, ?)", sorted(self.marks))


def _equal(left: Any, right: Any) -> bool:
    # 1 == True == 1.0 in Python, but not as words of the index
    return bool(left == right) and repr(left) == repr(right)


def _texts(value: Any) -> list[str]:
    if isinstance(value, list) and STRINGS.issuperset(map(type, value)):
        return value
    return [_text(scalar) for scalar in scalars(value)]


def _text(scalar: Any) -> str:
    if isinstance(scalar, str):
        return scalar
    return json.dumps(scalar)
