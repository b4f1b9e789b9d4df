"""Everything that speaks to Meilisearch: one pooled wire, and the server's own power in typed calls.

Modules: ``wire`` (requests and their errors), ``version``, ``tasks``, ``batches``, ``documents``, ``indexes``,
``settings``. ``client(config)`` hands out the official client, ``search(config, index, body)`` a raw reply.
Nothing is imported before it is used.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrypath.meilisearch.official import client
    from scrypath.meilisearch.raw import multi_search, search
    from scrypath.meilisearch.reply import Reply
    from scrypath.meilisearch.wire import Wire, connect

_MODULES = frozenset({"batches", "documents", "indexes", "settings", "tasks", "version", "wire"})
_NAMES = {
    "Reply": "reply",
    "Wire": "wire",
    "client": "official",
    "connect": "wire",
    "multi_search": "raw",
    "search": "raw",
}

__all__ = [
    "Reply",
    "Wire",
    "batches",
    "client",
    "connect",
    "documents",
    "indexes",
    "multi_search",
    "search",
    "settings",
    "tasks",
    "version",
    "wire",
]


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"{__name__}.{name}")
    if name in _NAMES:
        return getattr(import_module(f"{__name__}.{_NAMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
