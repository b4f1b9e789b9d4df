"""Distinct: at most one document of every value of a field."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

from scrypath.local.engine.search.docids import Docids, everything
from scrypath.local.engine.search.indexer import field_ids
from scrypath.local.engine.search.ranking import Ranked
from scrypath.local.engine.search.values import Mark


class Distinct:
    """The values of one field, by document.

    Parameters
    ----------
    conn
        Database of the index.
    field
        Name of the field.
    docids
        The documents to look at, None for all.
    """

    def __init__(self, conn: sqlite3.Connection, field: str, docids: Docids | None) -> None:
        self.conn = conn
        self.docids = docids
        self.values: dict[int, list[str | float]] = {}
        fid = field_ids(conn).get(field, -1)
        for table in ("facet_numbers", "facet_strings"):
            for value, docid in conn.execute(f"SELECT value, docid FROM {table} WHERE fid = ?", (fid,)):
                if docids is None or docid in docids:
                    self.values.setdefault(docid, []).append(value)
        blank = conn.execute(
            "SELECT docid FROM facet_marks WHERE fid = ? AND mark = ?", (fid, int(Mark.BLANK))
        )
        for (docid,) in blank:
            if docids is None or docid in docids:
                self.values.setdefault(docid, []).append("")

    def remaining(self, among: Docids | None = None) -> Docids:
        """Return the documents that remain when every value is taken once, in the order of the index."""
        among = self.everything() if among is None else among
        seen: set[str | float] = set()
        dropped: Docids = set()
        for docid in sorted(among & self.values.keys()):
            values = self.values[docid]
            if seen.isdisjoint(values):
                seen.update(values)
            else:
                dropped.add(docid)
        return among - dropped

    def first(self, ranked: Iterator[Ranked], wanted: int) -> tuple[list[Ranked], Docids]:
        """Return the first `wanted` documents of different values, and what is not excluded by them."""
        seen: set[str | float] = set()
        kept: list[Ranked] = []
        for item in ranked:
            if len(kept) >= wanted:
                break
            values = self.values.get(item[0], [])
            if seen.isdisjoint(values):
                seen.update(values)
                kept.append(item)
        first = {docid for docid, _ in kept}
        excluded = {docid for docid, values in self.values.items() if not seen.isdisjoint(values)} - first
        return kept, self.everything() - excluded

    def everything(self) -> Docids:
        """Return the documents that are looked at."""
        if self.docids is not None:
            return self.docids
        return everything(self.conn)
