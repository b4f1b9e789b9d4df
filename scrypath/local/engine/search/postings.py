"""Reading the word index: which documents hold a word, a prefix, a phrase, and where."""

from __future__ import annotations

import sqlite3
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from scrypath.local.engine.search.docids import Docids, listed
from scrypath.local.engine.search.fields import covered, matches, searchable_weight
from scrypath.local.engine.search.indexer import FID_BITS, FID_MASK, field_ids
from scrypath.local.engine.search.tokens import HOLE
from scrypath.local.engine.search.vocabulary import LAST, Vocabulary


def quoted(word: str) -> str:
    """Return a word as a term of a full-text query."""
    return '"' + word.replace('"', '""') + '"'


class Postings:
    """The word index of one index, seen through its settings.

    Parameters
    ----------
    conn
        Database of the index.
    settings
        Settings of the index, in the shape of the wire.
    only
        Attributes to search on, None for all that are searchable.
    """

    def __init__(
        self, conn: sqlite3.Connection, settings: Mapping[str, Any], only: Sequence[str] | None = None
    ) -> None:
        self.conn = conn
        self.vocabulary = Vocabulary(conn)
        self.weights: dict[int, int] = {}
        self.tolerant: set[int] = set()
        exact = settings["typoTolerance"]["disableOnAttributes"]
        self.asked: set[int] = set()
        for name, fid in field_ids(conn).items():
            weight = searchable_weight(settings, name)
            if weight is None:
                continue
            self.weights[fid] = weight
            if not covered(exact, name):
                self.tolerant.add(fid)
            if only is None or any(matches(pattern, name) for pattern in only):
                self.asked.add(fid)
        everything = only is None or "*" in only
        if everything:
            self.asked = set(self.weights)
        tolerant = self.tolerant & self.asked
        self._all = "" if everything else self._condition(self.asked)
        self._tolerant = self._all if everything and not exact else self._condition(tolerant)
        self.max_weight = max(0, len(settings["searchableAttributes"]) - 1)

    @staticmethod
    def _condition(fids: Iterable[int]) -> str:
        listed = ", ".join(map(str, sorted(fids))) or "-1"
        return f" AND rowid & {FID_MASK} IN ({listed})"

    def _documents(self, query: str, *, tolerant: bool = False) -> Docids:
        fields = self._tolerant if tolerant else self._all
        source = f"search_text WHERE search_text MATCH ?{fields}"
        return set(listed(self.conn, source, (query,), of=f"rowid >> {FID_BITS}"))

    def words(self, words: Iterable[str], *, tolerant: bool = False) -> Docids:
        """Return the documents that hold any of the words."""
        query = " OR ".join(quoted(word) for word in words)
        return self._documents(query, tolerant=tolerant) if query else set()

    def prefix(self, prefix: str) -> Docids:
        """Return the documents that hold a word that begins with `prefix`."""
        return self._documents(quoted(prefix) + " *")

    def phrase(self, words: Sequence[str | None], *, prefix: bool = False) -> Docids:
        """Return the documents that hold the words side by side; None stands for any stop word."""
        text = quoted(" ".join(HOLE if word is None else word for word in words))
        return self._documents(text + " *" if prefix else text)

    def initial(self, word: str, *, prefix: bool = False) -> Docids:
        """Return the documents that have a field which begins with the word."""
        return self._documents("^" + quoted(word) + (" *" if prefix else ""))

    def contains(self, word: str) -> bool:
        """Tell whether any document holds the word."""
        row = self.conn.execute(
            "SELECT 1 FROM search_text WHERE search_text MATCH ? LIMIT 1", (quoted(word),)
        ).fetchone()
        return row is not None

    def beginning(self, prefix: str) -> Sequence[str]:
        """Return the words that begin with `prefix`, in order."""
        words = self.vocabulary.initial(prefix[0])
        if len(prefix) == 1:
            return words
        return words[bisect_left(words, prefix) : bisect_left(words, prefix + LAST)]

    def pair_frequency(self, left: str, right: str) -> int:
        """Return how many documents hold two words side by side."""
        (count,) = self.conn.execute(
            f"SELECT COUNT(DISTINCT rowid >> {FID_BITS}) FROM search_text WHERE search_text MATCH ?",
            (quoted(f"{left} {right}"),),
        ).fetchone()
        return int(count)

    def bodies(self, docid: int) -> list[tuple[int, str]]:
        """Return ``(fid, words)`` of every searchable field of a document."""
        low = docid << FID_BITS
        rows = self.conn.execute(
            "SELECT id, c0 FROM search_text_content WHERE id BETWEEN ? AND ?", (low, low | FID_MASK)
        )
        return [(rowid & FID_MASK, body) for rowid, body in rows if rowid & FID_MASK in self.weights]
