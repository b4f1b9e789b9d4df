"""Waiting for futures so that Ctrl-C ends the wait."""

from __future__ import annotations

from collections.abc import Collection
from concurrent.futures import FIRST_COMPLETED, FIRST_EXCEPTION, Future, wait
from typing import Any

# Seconds. Polars and ADBC have the system take up a wait again after a signal: without an end of its own, it would
# last until a future is done, and Ctrl-C with it.
WAIT_STEP = 0.2


def first_done(futures: Collection[Future[Any]]) -> set[Future[Any]]:
    """Those that are done, as soon as one is."""
    while True:
        if done := wait(futures, timeout=WAIT_STEP, return_when=FIRST_COMPLETED).done:
            return done


def all_or_failure(futures: Collection[Future[Any]]) -> None:
    """Return when all are done, or one has failed."""
    while True:
        done, rest = wait(futures, timeout=WAIT_STEP, return_when=FIRST_EXCEPTION)
        if not rest or any(future.exception() is not None for future in done):
            return
