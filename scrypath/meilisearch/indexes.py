"""Indexes of a server: read, create, delete, swap."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrypath.config import Config
from scrypath.errors import IndexNotFound, InvalidOptions
from scrypath.meilisearch.moments import moment
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.shapes import count, counts
from scrypath.meilisearch.wire import connect
from scrypath.schema.identity import several

PAGE = 1_000  # indexes in one read
GONE = "The index does not exist: it is gone, or was never created."
_UID = re.compile(r"[A-Za-z0-9_-]{1,400}", re.ASCII)


@dataclass(frozen=True, slots=True)
class IndexInfo:
    """An index as the server lists it; times are UTC."""

    uid: str
    primary_key: str | None
    created_at: datetime | None
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class IndexStats:
    """What the server counts in an index."""

    number_of_documents: int  # documents
    is_indexing: bool
    field_distribution: dict[str, int]  # documents per field


def path(uid: str, *rest: str) -> str:
    """The URL path of an index, refusing a name that no index can have.

    Raises
    ------
    InvalidOptions
        For an empty, too long or otherwise impossible name.

    Examples
    --------
    >>> path("shop_cities", "stats")
    '/indexes/shop_cities/stats'
    """
    if not isinstance(uid, str) or not _UID.fullmatch(uid):
        raise InvalidOptions(
            f"{uid!r} cannot be the name of an index.",
            hint="Use 1 to 400 letters, digits, hyphens and underscores (a-z A-Z 0-9 - _).",
        )
    return "/".join(("", "indexes", uid, *rest))


def get(config: Config, uid: str) -> IndexInfo | None:
    """The index of this name, or ``None`` when the server has none."""
    try:
        reply = connect(config).request("GET", path(uid))
    except IndexNotFound:
        return None
    return _info(reply.mapping(), reply)


def listing(config: Config) -> tuple[IndexInfo, ...]:
    """Every index that the key may see, in the server's order."""
    return tuple(_every(config))


def _every(config: Config) -> Iterator[IndexInfo]:
    offset = 0
    seen: set[str] = set()
    while True:
        reply = connect(config).request("GET", "/indexes", params={"limit": PAGE, "offset": offset})
        results, total = reply.objects("results"), reply.count("total")
        found = [_info(item, reply) for item in results]
        if not seen.isdisjoint(item.uid for item in found):
            raise reply.malformed()  # a listing that repeats itself would never end
        seen.update(item.uid for item in found)
        yield from found
        offset += len(results)
        if not results or offset >= total:
            return


def create(config: Config, uid: str, primary_key: str | None = None) -> int:
    """Enqueue the creation of an index and return the task's uid."""
    path(uid)
    return (
        connect(config).request("POST", "/indexes", json={"uid": uid, "primaryKey": primary_key}).task_uid()
    )


def delete(config: Config, uid: str) -> int:
    """Enqueue the deletion of an index with all its documents and return the task's uid."""
    return connect(config).request("DELETE", path(uid)).task_uid()


def stats(config: Config, uid: str) -> IndexStats:
    """Count an index.

    Raises
    ------
    IndexNotFound
        When the server has no index of this name.
    """
    reply = connect(config).request("GET", path(uid, "stats"))
    return _stats(reply.mapping(), reply)


def all_stats(config: Config) -> dict[str, IndexStats]:
    """The counts of every index that the key may see, by name, in one request."""
    reply = connect(config).request("GET", "/stats")
    found = reply.mapping().get("indexes")
    if not isinstance(found, dict):
        raise reply.malformed()
    return {uid: _stats(counted, reply) for uid, counted in found.items()}


def swap(config: Config, pairs: Sequence[tuple[str, str]], *, rename: bool = False) -> int:
    """Enqueue one swap of all pairs, or of none, and return the task's uid.

    Parameters
    ----------
    pairs
        Names of two indexes each. The history and the settings move with the documents.
    rename
        True: the first of each pair takes the name of the second, which must not exist (Meilisearch 1.18).

    Raises
    ------
    InvalidOptions
        Without a pair, or when an index appears twice.
    """
    pairs = [pair if isinstance(pair, tuple | list) else () for pair in several("pairs", pairs)]
    for name in (names := [name for pair in pairs for name in pair]):
        path(name)
    if not names or len(set(names)) != len(names) or any(len(pair) != 2 for pair in pairs):
        raise InvalidOptions(
            f"swap cannot take {pairs!r}.", hint="Give at least one pair, and each index once only."
        )
    swaps = [{"indexes": list(pair)} | ({"rename": True} if rename else {}) for pair in pairs]
    return connect(config).request("POST", "/swap-indexes", json=swaps).task_uid()


def _info(found: dict[str, Any], reply: Reply) -> IndexInfo:
    uid, primary_key = found.get("uid"), found.get("primaryKey")
    if not isinstance(uid, str) or not isinstance(primary_key, str | None):
        raise reply.malformed()
    return IndexInfo(
        uid=uid,
        primary_key=primary_key,
        created_at=moment(found.get("createdAt")),
        updated_at=moment(found.get("updatedAt")),
    )


def _stats(found: Any, reply: Reply) -> IndexStats:
    if not isinstance(found, dict):
        raise reply.malformed()
    number, fields = count(found.get("numberOfDocuments")), counts(found.get("fieldDistribution", {}))
    indexing = found.get("isIndexing", False)
    if number is None or fields is None or not isinstance(indexing, bool):
        raise reply.malformed()
    return IndexStats(number_of_documents=number, is_indexing=indexing, field_distribution=fields)
