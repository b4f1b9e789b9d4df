"""Breaking off answers that take longer than they may: a read timeout starts again with every byte, this does not."""

from __future__ import annotations

import heapq
import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool


@dataclass(slots=True)
class Answer:
    """One answer that is waited for.

    Parameters
    ----------
    seconds
        How long it may take, from the end of the request to its last byte.
    """

    seconds: float
    broken_off: bool = False
    _sock: Any = None
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def begin(self, sock: Any) -> None:
        """The request was sent over this socket."""
        self._sock = sock
        _watch.add(time.monotonic() + self.seconds, self)

    def end(self) -> None:
        """It is here, or nobody waits any more."""
        with self._lock:
            self._sock = None

    def break_off(self) -> None:
        """End it where it has not ended."""
        with self._lock:
            if self._sock is not None:
                self.broken_off = True
                with suppress(OSError):
                    # Also under TLS: the reader must see the end at once, not negotiate it.
                    socket.socket.shutdown(self._sock, socket.SHUT_RDWR)


_thread = threading.local()


@contextmanager
def answering(seconds: float) -> Iterator[Answer]:
    """What is requested in this block, by this thread, is answered within so many seconds or broken off."""
    answer = Answer(seconds)
    _thread.answer = answer
    try:
        yield answer
    finally:
        _thread.answer = None
        answer.end()


def pool_manager(maxsize: int) -> urllib3.PoolManager:
    """Kept-alive connections whose answers can be broken off."""
    pools = urllib3.PoolManager(maxsize=maxsize, retries=False)
    pools.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
    return pools


class _Http(HTTPConnection):
    def getresponse(self) -> Any:
        _begin(self.sock)
        return super().getresponse()


class _Https(HTTPSConnection):
    def getresponse(self) -> Any:
        _begin(self.sock)
        return super().getresponse()


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


def _begin(sock: Any) -> None:
    answer = getattr(_thread, "answer", None)
    if answer is not None:
        answer.begin(sock)


class _Watch:
    """One thread that looks at the answers whose time is up; it begins with the first answer."""

    def __init__(self) -> None:
        self._reset()
        os.register_at_fork(after_in_child=self._reset)

    def _reset(self) -> None:
        self._due: list[tuple[float, int, Answer]] = []
        self._numbers = count()
        self._changed = threading.Condition()
        self._running = False

    def add(self, until: float, answer: Answer) -> None:
        with self._changed:
            earliest = not self._due or until < self._due[0][0]
            heapq.heappush(self._due, (until, next(self._numbers), answer))
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="scrypath-answers", daemon=True).start()
            elif earliest:
                self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._due or self._due[0][0] > time.monotonic():
                    self._changed.wait(self._due[0][0] - time.monotonic() if self._due else None)
                _, _, answer = heapq.heappop(self._due)
            answer.break_off()


_watch = _Watch()
