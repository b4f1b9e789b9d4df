"""DuckDB engines in memory that live as long as the process, and are never shared with another one; their errors."""

from __future__ import annotations

import atexit
import os
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrypath.errors import OutOfSpace, raise_alone

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


@contextmanager
def computing() -> Iterator[None]:
    """What DuckDB, Arrow or the operating system say when something cannot be computed or kept, as an error of ours.

    Raises
    ------
    OutOfSpace
        When memory or the temporary folder is full, or cannot be used.
    """
    import duckdb

    try:
        yield
    except (duckdb.Error, MemoryError, OSError) as error:
        reason = str(error).strip().partition("\n")[0] or type(error).__name__
        failure = OutOfSpace(
            f"This machine could not compute it: {reason}",
            hint=f"Free some memory, or space in {tempfile.gettempdir()}; TMPDIR names another folder.",
        )
    else:
        return
    raise_alone(failure)
