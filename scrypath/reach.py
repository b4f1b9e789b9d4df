"""What one call knows of the services it asks: one that was found unreachable is not asked again by the same call.

Several schemas, sources and checks make one call of an operator. Without this, each of them would wait for itself.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import dataclass, field
from typing import Any

from scrypath.errors import ScrypathError, raise_alone


@dataclass(slots=True)
class _Call:
    unreachable: dict[str, ScrypathError] = field(default_factory=dict)
    probes: dict[str, Future[None]] = field(default_factory=dict)
    lock: threading.Lock = field(default_factory=threading.Lock)


_call: ContextVar[_Call | None] = ContextVar("scrypath_call", default=None)
_probing: ContextVar[bool] = ContextVar("scrypath_probing", default=False)


@contextmanager
def one_call() -> Iterator[None]:
    """A block in which a service that did not answer fails at once from then on; inside another one, a part of it."""
    if _call.get() is not None:
        yield
        return
    token = _call.set(_Call())
    try:
        yield
    finally:
        _call.reset(token)


def found_unreachable(service: str, error: ScrypathError) -> None:
    """Remember for the rest of the call that a service did not answer.

    Parameters
    ----------
    service
        Its URL, without a password.
    error
        What the next one who asks is told.
    """
    call = _call.get()
    if call is not None:
        with call.lock:
            call.unreachable.setdefault(service, error)


def refuse_if_unreachable(service: str) -> None:
    """Nothing, or the error that this call met when it asked the service before; a probe under way is waited for."""
    call = _call.get()
    if call is None:
        return
    probe = call.probes.get(service)
    if probe is not None and not _probing.get():
        wait([probe])
    with call.lock:
        known = call.unreachable.get(service)
    if known is not None:
        raise_alone(type(known)(known.message, hint=known.hint))


@contextmanager
def probed(service: str, probe: Callable[[], None]) -> Iterator[None]:
    """Find out beside the block whether a service answers, so that a call does not wait for one after another.

    Parameters
    ----------
    service
        Its URL, without a password.
    probe
        Asks it, and remembers it as unreachable where it does not answer.
    """
    call = _call.get()
    if call is None or service in call.probes:
        yield
        return
    with ThreadPoolExecutor(1, thread_name_prefix="scrypath-probe") as beside:
        call.probes[service] = submit(beside, _as_probe, probe)
        yield


def _as_probe(probe: Callable[[], None]) -> None:
    _probing.set(True)
    probe()


def submit[T](pool: ThreadPoolExecutor, work: Callable[..., T], *arguments: Any, **options: Any) -> Future[T]:
    """Let a thread do a part of the call that this one belongs to."""
    return pool.submit(copy_context().run, work, *arguments, **options)
