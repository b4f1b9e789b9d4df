"""SQLite files with one writer, any number of readers, and a bounded memory."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = NORMAL",
    "PRAGMA cache_size = -16000",
    "PRAGMA temp_store = MEMORY",
    "PRAGMA busy_timeout = 30000",
)
_IDLE_READERS = 8


class Gone(Exception):
    """The database was removed while somebody wanted to read it."""


class Database:
    """One SQLite file in WAL mode.

    Parameters
    ----------
    path
        The file; its folder must exist.
    schema
        Statements run by every opening; they must bear repetition.
    create
        Whether a file that is missing is made.
    """

    def __init__(self, path: Path, schema: str = "", *, create: bool = True) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._idle: list[sqlite3.Connection] = []
        self._idle_lock = threading.Lock()
        self._closed = False
        self._writer = sqlite3.connect(
            f"file:{path}?mode={'rwc' if create else 'rw'}",
            uri=True,
            isolation_level=None,
            check_same_thread=False,
        )
        for pragma in _PRAGMAS:
            self._writer.execute(pragma)
        if schema:
            self._writer.executescript(schema)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """Yield the writing connection inside a transaction, rolled back by an exception."""
        with self._lock:
            self._writer.execute("BEGIN IMMEDIATE")
            try:
                yield self._writer
                self._writer.execute("COMMIT")
            except BaseException:
                if self._writer.in_transaction:
                    self._writer.execute("ROLLBACK")
                raise

    @contextmanager
    def read(self) -> Iterator[sqlite3.Connection]:
        """Yield a connection that sees one moment of the database and cannot change it."""
        with self._idle_lock:
            conn = self._idle.pop() if self._idle else None
        if conn is None:
            conn = self._reader()
        try:
            conn.execute("BEGIN")
            yield conn
            conn.execute("ROLLBACK")
        except BaseException:
            conn.close()
            raise
        with self._idle_lock:
            keep = not self._closed and len(self._idle) < _IDLE_READERS
            if keep:
                self._idle.append(conn)
        if not keep:
            conn.close()

    def _reader(self) -> sqlite3.Connection:
        conn = None
        try:
            conn = sqlite3.connect(
                f"file:{self.path}?mode=ro", uri=True, isolation_level=None, check_same_thread=False
            )
            conn.execute("PRAGMA cache_size = -8000")
            conn.execute("PRAGMA temp_store = MEMORY")
            conn.execute("PRAGMA busy_timeout = 30000")
            conn.execute("SELECT count(*) FROM sqlite_schema")
        except sqlite3.OperationalError as error:
            if conn is not None:
                conn.close()
            if self._closed or not self.path.exists():
                raise Gone(self.path.name) from error
            raise
        return conn

    def compact(self) -> None:
        """Rewrite the file without the room that deleted rows left in it."""
        with self._lock:
            self._writer.execute("PRAGMA temp_store = FILE")  # the copy is as large as the database
            try:
                self._writer.execute("VACUUM")
                self._writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            finally:
                self._writer.execute("PRAGMA temp_store = MEMORY")

    def size(self) -> int:
        """Return the bytes the database takes on disk."""
        total = 0
        for suffix in ("", "-wal"):
            with suppress(FileNotFoundError):
                total += self.path.with_name(self.path.name + suffix).stat().st_size
        return total

    def close(self) -> None:
        """Close every connection; readers at work close theirs when they are done."""
        with self._idle_lock:
            self._closed = True
            idle, self._idle = self._idle, []
        for conn in idle:
            conn.close()
        with self._lock:
            self._writer.close()

    def unlink(self) -> None:
        """Close the database and remove its files."""
        self.close()
        for suffix in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
