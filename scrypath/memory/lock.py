"""A lock of the operating system beside the DuckDB file: fair between waiters, freed when its holder dies."""

from __future__ import annotations

import os
import random
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from scrypath.errors import StoreBusy

# Without such locks, DuckDB's own lock is waited for by trying again.
if sys.platform != "win32":
    import fcntl

_FIRST_PAUSE = 0.0005
# Short, so that who waits long is not passed by who came just now and still asks often.
_LONGEST_PAUSE = 0.004


@dataclass(slots=True)
class Patience:
    """Growing, randomised pauses until a stated time is over.

    Parameters
    ----------
    path
        The file that is waited for.
    timeout
        Seconds until ``StoreBusy``.
    """

    path: Path
    timeout: float
    _since: float = field(default_factory=time.monotonic)
    _pause: float = _FIRST_PAUSE

    def wait(self, holder: str) -> None:
        """Pause once.

        Parameters
        ----------
        holder
            Who is in the way, for the message.

        Raises
        ------
        StoreBusy
            When the stated time is over.
        """
        left = self.timeout - (time.monotonic() - self._since)
        if left <= 0:
            raise StoreBusy(
                f"{self.path} was held by {holder} for longer than {self.timeout:g} s.",
                hint="Close what holds the file, or wait longer with store_timeout=<seconds>.",
            )
        time.sleep(min(left, self._pause * random.uniform(0.5, 1.5)))  # noqa: S311 - a pause, not a secret
        self._pause = min(self._pause * 1.5, _LONGEST_PAUSE)


@contextmanager
def held(path: Path, patience: Patience, *, shared: bool) -> Iterator[None]:
    """Hold the lock of a file for the block.

    Parameters
    ----------
    path
        The file to protect; the locks are ``<path>.turn`` and ``<path>.lock`` and are never deleted.
    patience
        How long to wait.
    shared
        True: together with other shared holders; false: alone.

    Raises
    ------
    StoreBusy
        When the patience ends first.
    """
    turn, lock = (_open(path.with_name(f"{path.name}.{suffix}")) for suffix in ("turn", "lock"))
    try:
        # Who waits for the lock holds the turn, so that its last holder cannot overtake it.
        _acquire(turn, patience, lock, shared=False)
        _acquire(lock, patience, lock, shared=shared)
        _release(turn)
        if not shared:
            _sign(lock, str(os.getpid()))
        try:
            yield
        finally:
            if not shared:
                _sign(lock, "")
    finally:
        for descriptor in (turn, lock):
            _release(descriptor)
            if descriptor is not None:
                os.close(descriptor)


def _open(path: Path) -> int | None:
    if sys.platform == "win32":
        return None
    try:
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    except OSError:
        return None  # a folder that cannot be written: a reader still has DuckDB's own lock


def _acquire(descriptor: int | None, patience: Patience, lock: int | None, *, shared: bool) -> None:
    if descriptor is None:
        return
    while not _taken(descriptor, fcntl.LOCK_SH if shared else fcntl.LOCK_EX):
        patience.wait(_holder(lock))


def _taken(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True  # a file system without locks
    return True


def _release(descriptor: int | None) -> None:
    if descriptor is not None:
        with suppress(OSError):
            fcntl.flock(descriptor, fcntl.LOCK_UN)


def _sign(descriptor: int | None, text: str) -> None:
    if descriptor is not None:
        with suppress(OSError):
            os.ftruncate(descriptor, 0)
            os.pwrite(descriptor, text.encode(), 0)


def _holder(lock: int | None) -> str:
    pid = os.pread(lock, 20, 0).decode() if lock is not None else ""
    if not pid:
        return "another reader or writer"
    return "another thread of this process" if pid == str(os.getpid()) else f"process {pid}"
