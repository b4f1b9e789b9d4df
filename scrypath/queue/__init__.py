"""The durable queue: Oban's tables in the caller's own database, so that a job commits with the rows it is about.

``install`` makes the tables, ``enqueue`` writes a job inside the caller's transaction, ``worker`` performs
jobs, ``jobs`` reads them, ``retry`` makes one runnable again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scrypath.queue.performing import SyncWorker

__all__ = ["SyncWorker"]


def __getattr__(name: str) -> Any:
    # Oban imports the worker by the name stored in the table, "scrypath.queue.SyncWorker".
    if name == "SyncWorker":
        from scrypath.queue.performing import SyncWorker

        return SyncWorker
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
