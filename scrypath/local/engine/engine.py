"""The engine below HTTP: everything a request does, as methods."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from scrypath.local.engine import clock
from scrypath.local.engine.access import Guard
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.hooks import Hooks
from scrypath.local.engine.indexes import Indexes
from scrypath.local.engine.keys import Keys
from scrypath.local.engine.query import Query, Visible
from scrypath.local.engine.queue import Queue
from scrypath.local.engine.store import Gone
from scrypath.local.engine.tasks import Kind, Task
from scrypath.local.engine.worker import Worker

VERSION: Final = "1.50.0"
PAYLOAD_LIMIT: Final = 104_857_600


class Engine:
    """A search engine in a folder.

    Parameters
    ----------
    data_dir
        Where it keeps everything; created when missing.
    master_key
        The secret that protects it, None to leave it open.
    hooks
        Whether failures may be asked for over HTTP.
    payload_limit
        Most bytes of documents in one request.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, Engine(folder) as engine:
    ...     engine.indexes.names()
    []
    """

    def __init__(
        self,
        data_dir: str | Path,
        *,
        master_key: str | None = None,
        hooks: bool = False,
        payload_limit: int = PAYLOAD_LIMIT,
    ) -> None:
        folder = Path(data_dir)
        folder.mkdir(parents=True, exist_ok=True)
        self.hooks_enabled = hooks
        self.payload_limit = payload_limit
        self.hooks = Hooks()
        self.queue = Queue(folder)
        self.indexes = Indexes(folder / "indexes", self.queue.database)
        self.keys = Keys(self.queue.database, master_key)
        self.guard = Guard(self.keys, master_key)
        self.worker = Worker(folder, self.queue, self.indexes, self.keys, self.hooks)

    def start(self) -> None:
        """Start the worker, which first takes what a previous run left."""
        self.worker.start()
        self.worker.wake()

    def close(self) -> None:
        """Stop the worker and close every database."""
        self.worker.stop()
        self.indexes.close()
        self.queue.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def version(self) -> str:
        """The version the engine says it is."""
        return self.hooks.version or VERSION

    # -- tasks -----------------------------------------------------------------------------------

    def enqueue(
        self, kind: Kind, index_uid: str | None, content: dict[str, Any], custom_metadata: str | None = None
    ) -> Task:
        """Store a task and tell the worker."""
        task = self.queue.enqueue(kind, index_uid, content, custom_metadata)
        self.worker.wake()
        return task

    def enqueue_choice(self, kind: Kind, query_string: str, query: Query, visible: Visible) -> Task:
        """Store a cancelation or deletion of the tasks a query means."""
        task = self.queue.enqueue_choice(kind, query_string, query, visible)
        if kind is Kind.TASK_CANCELATION:
            uids = [uid for first, last in task.content["tasks"] for uid in range(first, last + 1)]
            self.worker.abandon(uids)
        self.worker.wake()
        return task

    def swap(self, swaps: list[dict[str, Any]]) -> Task:
        """Store a swap, every index of which is named once."""
        names = [uid for swap in swaps for uid in swap["indexes"]]
        twice = sorted({uid for uid in names if names.count(uid) > 1})
        if twice:
            listed = ", ".join(f"`{uid}`" for uid in twice)
            verb = "was" if len(twice) == 1 else "were"
            message = (
                f"Indexes must be declared only once during a swap. {listed} {verb} specified several times."
            )
            raise ApiError("invalid_swap_duplicate_index_found", message)
        return self.enqueue(Kind.INDEX_SWAP, None, {"swaps": swaps})

    # -- indexes ---------------------------------------------------------------------------------

    def index_view(self, uid: str) -> dict[str, Any]:
        """Return what clients see of an index."""
        facts = self.indexes.get(uid).facts()
        return {
            "uid": uid,
            "createdAt": clock.rfc3339(facts.created_at),
            "updatedAt": clock.rfc3339(facts.updated_at),
            "primaryKey": facts.primary_key,
        }

    def index_views(self, uids: Iterable[str]) -> Iterator[dict[str, Any]]:
        """Yield what clients see of indexes; those that are removed meanwhile are left out."""
        for uid in uids:
            with suppress(ApiError, Gone):
                yield self.index_view(uid)

    def is_busy(self, uid: str) -> bool:
        """Return whether the batch at work changes an index."""
        at_work = self.queue.at_work
        return at_work is not None and any(task.index_uid == uid for task in at_work.tasks)

    def stats(self, visible: Visible) -> dict[str, Any]:
        """Return the numbers of the whole engine."""
        indexes: dict[str, dict[str, Any]] = {}
        updates: list[int] = []
        for uid, index in self.indexes.all():
            if visible is None or visible(uid):
                with suppress(Gone):
                    updates.append(index.facts().updated_at)
                    indexes[uid] = index.stats(self.is_busy(uid))
        size = (
            self.queue.database.size()
            + self.queue.size()
            + sum(i.database.size() for _, i in self.indexes.all())
        )
        return {
            "databaseSize": size,
            "usedDatabaseSize": size,
            "lastUpdate": clock.rfc3339(max(updates)) if updates else None,
            "indexes": indexes,
        }
