"""What a key may do on an index, found by trying: the server leaves out what a key does not see without saying so."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from threading import Lock
from typing import Any
from weakref import WeakKeyDictionary

from scrypath.config import Config
from scrypath.errors import BackendRejected, Unauthorised
from scrypath.meilisearch.indexes import path
from scrypath.meilisearch.wire import Wire, connect


@dataclass(frozen=True, slots=True)
class _Try:
    """A request that needs an action of the key and changes nothing: one that would write is refused for its body."""

    method: str
    rest: tuple[str, ...]  # below the index, or the whole path where it names none
    json: Any = None
    of_index: bool = True


READS = {
    "indexes.get": _Try("GET", ()),
    "stats.get": _Try("GET", ("stats",)),
    "documents.get": _Try("POST", ("documents", "fetch"), {"limit": 0}),
    "settings.get": _Try("GET", ("settings", "stop-words")),
    "search": _Try("POST", ("search",), {"limit": 0}),
    "tasks.get": _Try("GET", ("tasks?limit=1",), of_index=False),
    "version": _Try("GET", ("version",), of_index=False),
}
WRITES = {
    "documents.add": _Try("POST", ("documents?nope=1",), []),
    "documents.delete": _Try("POST", ("documents", "delete-batch"), {"nope": 1}),
    "indexes.create": _Try("POST", ("indexes",), {}, of_index=False),
    "indexes.swap": _Try("POST", ("swap-indexes",), [{}], of_index=False),
    "settings.update": _Try("PATCH", ("settings",), [1]),
}

_reached: WeakKeyDictionary[Wire, set[str]] = WeakKeyDictionary()  # the indexes of a key never change
_lock = Lock()


def require_reach(config: Config, index_uids: Iterable[str]) -> None:
    """Make sure that the key sees these indexes, so that an empty list of their tasks is one.

    Parameters
    ----------
    index_uids
        Names of indexes, whether they exist or not.

    Raises
    ------
    Unauthorised
        When nothing shows that the key reaches one of them.
    TransportError
        When the server cannot be reached.
    """
    if not has_key(config):
        return  # a server without keys shows everything
    wire = connect(config)
    with _lock:
        known = _reached.setdefault(wire, set())
    for uid in index_uids:
        if uid in known:
            continue
        if not reaches(config, uid):
            raise Unauthorised(
                f"The key does not reach index {uid!r}: what it cannot see is not empty.",
                hint="Give a key whose indexes include it: scrypath preflight says what is missing.",
            )
        known.add(uid)


def has_key(config: Config) -> bool:
    """Whether a key is configured."""
    return config.meilisearch_key is not None and bool(config.meilisearch_key.reveal())


def reaches(config: Config, uid: str) -> bool:
    """Whether the key may read anything of an index of this name, which need not exist."""
    wire = connect(config)
    return any(_allowed(wire, uid, item) for item in READS.values() if item.of_index)


def missing_actions(config: Config, uid: str) -> tuple[list[str], list[str]]:
    """Actions that the key lacks on an index: those to read, those to write.

    Whether it may delete the index is not tried: no request for it is without effect.

    Raises
    ------
    TransportError
        When the server cannot be reached.
    """
    wire = connect(config)
    reads, writes = (
        [action for action, item in actions.items() if not _allowed(wire, uid, item)]
        for actions in (READS, WRITES)
    )
    return reads, writes


def _allowed(wire: Wire, uid: str, item: _Try) -> bool:
    where = path(uid) if item.of_index else ""
    try:
        wire.request(item.method, "/".join((where, *item.rest)), json=item.json, idempotent=True)
    except Unauthorised:
        return False
    except BackendRejected:
        return True  # the key was good: the index is not there, or the body is refused
    return True
