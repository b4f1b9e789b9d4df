"""The words of an index, kept in memory by first letter as long as they do not change."""

from __future__ import annotations

import sqlite3
import threading
from collections import OrderedDict
from typing import Final

from scrypath.local.engine.search.tokens import BREAK, HOLE

LAST: Final = "\U0010ffff"
"""Sorts after every character of a word."""

MAX_WORDS: Final = 250_000
"""Words kept over all indexes: some twenty megabytes."""


class _Memory:
    """The word lists used last."""

    def __init__(self) -> None:
        self._lists: OrderedDict[tuple[str, str], list[str]] = OrderedDict()
        self._count = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> list[str] | None:
        with self._lock:
            found = self._lists.get(key)
            if found is not None:
                self._lists.move_to_end(key)
            return found

    def put(self, key: tuple[str, str], words: list[str]) -> None:
        with self._lock:
            if key in self._lists:
                return
            self._lists[key] = words
            self._count += len(words)
            while self._count > MAX_WORDS and len(self._lists) > 1:
                _, dropped = self._lists.popitem(last=False)
                self._count -= len(dropped)


_memory: Final = _Memory()


class Vocabulary:
    """The words of one index.

    Parameters
    ----------
    conn
        Database of the index.
    """

    def __init__(self, conn: sqlite3.Connection) -> None:
        self.conn = conn
        row = conn.execute("SELECT value FROM search_state WHERE name = 'version'").fetchone()
        self.version: str | None = None if row is None else row[0]

    def initial(self, letter: str) -> list[str]:
        """Return the words that begin with a letter, in order."""
        if self.version is None:
            return []
        key = (self.version, letter)
        found = _memory.get(key)
        if found is None:
            rows = self.conn.execute(
                "SELECT term FROM search_vocabulary WHERE term >= ? AND term < ?", (letter, letter + LAST)
            )
            found = [term for (term,) in rows if term not in {BREAK, HOLE}]
            _memory.put(key, found)
        return found
