"""A small index in memory, driven without HTTP."""

from __future__ import annotations

import copy
import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest

from scrypath.local.engine.search import facet_search, filters, indexer, query, request

DEFAULTS: dict[str, Any] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
    "stopWords": [],
    "nonSeparatorTokens": [],
    "separatorTokens": [],
    "dictionary": [],
    "synonyms": {},
    "distinctAttribute": None,
    "proximityPrecision": "byWord",
    "typoTolerance": {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
        "disableOnWords": [],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    },
    "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
    "pagination": {"maxTotalHits": 1000},
    "embedders": {},
    "searchCutoffMs": None,
    "localizedAttributes": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
}

type Document = dict[str, Any]


class Index:
    """Documents and settings of one index, kept as the engine keeps them."""

    def __init__(self, **settings: Any) -> None:
        self.conn = sqlite3.connect(":memory:")
        self.conn.execute(
            "CREATE TABLE documents (docid INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, doc TEXT NOT NULL)"
        )
        indexer.create(self.conn)
        self.settings = copy.deepcopy(DEFAULTS) | settings
        self.next = 0

    def write(self, documents: Iterable[Document]) -> None:
        changes = []
        for document in documents:
            row = self._row(document["id"])
            docid, old = row if row is not None else (self.next, None)
            self.next += row is None
            self.conn.execute(
                "INSERT OR REPLACE INTO documents VALUES (?, ?, ?)",
                (docid, str(document["id"]), json.dumps(document)),
            )
            changes.append(indexer.Change(docid, old, document))
        indexer.apply(self.conn, self.settings, changes)

    def delete(self, id_: int) -> None:
        row = self._row(id_)
        if row is not None:
            self.conn.execute("DELETE FROM documents WHERE docid = ?", (row[0],))
            indexer.apply(self.conn, self.settings, [indexer.Change(row[0], row[1], None)])

    def _row(self, id_: int) -> tuple[int, Document] | None:
        row = self.conn.execute("SELECT docid, doc FROM documents WHERE id = ?", (str(id_),)).fetchone()
        return None if row is None else (row[0], json.loads(row[1]))

    def configure(self, **settings: Any) -> None:
        old = copy.deepcopy(self.settings)
        self.settings = self.settings | settings
        indexer.rebuild(self.conn, old, self.settings)

    def search(self, q: str | None = None, **body: Any) -> dict[str, Any]:
        asked = body if q is None else {"q": q, **body}
        return query.answer(self.conn, self.settings, request.read(asked)[0], uid="i")

    def ids(self, q: str | None = None, **body: Any) -> list[Any]:
        return [hit["id"] for hit in self.search(q, limit=1000, attributesToRetrieve=["id"], **body)["hits"]]

    def facet_search(self, **body: Any) -> dict[str, int]:
        reply = facet_search.answer(self.conn, self.settings, facet_search.read(body))
        return {hit["value"]: hit["count"] for hit in reply["facetHits"]}

    def matching(self, expression: Any) -> list[int]:
        node = filters.parse(expression)
        return self.all() if node is None else sorted(filters.matching(self.conn, self.settings, node))

    def all(self) -> list[int]:
        return [docid for (docid,) in self.conn.execute("SELECT docid FROM documents ORDER BY docid")]

    def rows(self) -> dict[str, set[Any]]:
        """Everything the search tables hold, by names instead of numbers of fields."""
        names = {fid: name for name, fid in indexer.field_ids(self.conn).items()}
        text = self.conn.execute("SELECT rowid, body FROM search_text").fetchall()
        found: dict[str, set[Any]] = {
            "text": {(rowid >> 16, names[rowid & 0xFFFF], body) for rowid, body in text},
        }
        for table in ("facet_numbers", "facet_strings", "facet_marks"):
            found[table] = {(names[fid], *rest) for fid, *rest in self.conn.execute(f"SELECT * FROM {table}")}
        return found

    def check(self) -> None:
        """Let SQLite compare the full-text index with what it was made from."""
        self.conn.execute("INSERT INTO search_text (search_text) VALUES ('integrity-check')")


@pytest.fixture
def make_index() -> Iterator[Callable[..., Index]]:
    made: list[Index] = []

    def make(documents: Iterable[Document] = (), **settings: Any) -> Index:
        index = Index(**settings)
        index.write(documents)
        made.append(index)
        return index

    yield make
    for index in made:
        index.conn.close()
