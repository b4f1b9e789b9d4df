"""DuckDB engines in memory that live as long as the process, and are never shared with another one."""

from __future__ import annotations

import atexit
import os
import sys
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb


class Engine:
    """An engine that starts when it is first needed: starting one takes longer than most of what it is asked.

    Parameters
    ----------
    settings
        DuckDB's configuration, by name.

    Examples
    --------
    >>> engine = Engine(threads=1)
    >>> engine.cursor().sql("SELECT 6 * 7").fetchall()
    [(42,)]
    >>> engine.drop()
    """

    def __init__(self, **settings: bool | int | str) -> None:
        self._settings = settings
        self._running: list[duckdb.DuckDBPyConnection] = []
        self._starting = threading.Lock()
        atexit.register(self.drop)
        # A forked child must neither use nor close the engine of its parent.
        if sys.platform != "win32":
            os.register_at_fork(before=self.drop)

    def cursor(self) -> duckdb.DuckDBPyConnection:
        """A connection of its own: DuckDB's connections are not shared between threads."""
        import duckdb

        with self._starting:
            if not self._running:
                self._running.append(duckdb.connect(":memory:", config=dict(self._settings)))
            return self._running[0].cursor()

    def drop(self) -> None:
        """Let go of the engine; it ends with its last connection, and the next one is a new one."""
        with self._starting:
            while self._running:
                self._running.pop().close()
