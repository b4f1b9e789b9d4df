"""What a later comparison needs to know of an earlier one, to read only what may have changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from scrypath.compare.definition import definition
from scrypath.config import Config
from scrypath.errors import DatabaseError
from scrypath.meilisearch import tasks
from scrypath.meilisearch.indexes import IndexInfo
from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_versions, rows
from scrypath.source.row_versions import Mark


@dataclass(frozen=True, slots=True)
class TaskSeen:
    """A task as a server showed it: one that went back in time does not show it, or another one in its place."""

    uid: int
    enqueued_at: str
    type: str

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {"uid": self.uid, "enqueued_at": self.enqueued_at, "type": self.type}


@dataclass(frozen=True, slots=True)
class Baseline:
    """Both sides as they were just before a comparison began to read.

    Parameters
    ----------
    definition
        A hash of what a row is and of its fingerprint: another one means that every document may differ.
    index_created_at
        Which index it was; a swap or a new index of the same name has another one.
    task
        Greatest uid of which, and of all before it, the tasks had ended; -1 when there was none.
    newest_task
        The newest task of the server when the documents had been read; None when it has none, or is not known yet.
    mark
        Where in the database's history the reading began; None where versions of rows do not say all.
    stable_until
        Up to when the database's rows could no longer change unseen by their ``updated_at``, UTC; None without one.
    """

    definition: str
    index_created_at: datetime
    task: int
    newest_task: TaskSeen | None = None
    mark: Mark | None = None
    stable_until: datetime | None = None

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {
            "definition": self.definition,
            "index_created_at": self.index_created_at.isoformat(),
            "task": self.task,
            "newest_task": None if self.newest_task is None else self.newest_task.as_dict(),
            "mark": None if self.mark is None else self.mark.as_dict(),
            "stable_until": None if self.stable_until is None else self.stable_until.isoformat(),
        }

    def completed(self, config: Config) -> Baseline:
        """The same after documents were read: whatever they show was done by tasks up to the newest one now."""
        return replace(self, newest_task=newest_task(config))


def parse(found: Mapping[str, Any] | None) -> Baseline | None:
    """A baseline as a snapshot keeps it; None where it keeps none that can be read.

    Examples
    --------
    >>> parse({"task": 7}) is None
    True
    """
    try:
        known = found or {}
        stable_until, newest = known["stable_until"], known["newest_task"]
        return Baseline(
            str(known["definition"]),
            datetime.fromisoformat(known["index_created_at"]),
            int(known["task"]),
            TaskSeen(int(newest["uid"]), str(newest["enqueued_at"]), str(newest["type"])),
            row_versions.parse(known["mark"]),
            None if stable_until is None else datetime.fromisoformat(stable_until),
        )
    except (KeyError, TypeError, ValueError):
        return None


def observe(ref: IndexRef, index: IndexInfo | None, *, ended: int) -> Baseline | None:
    """The state before a comparison reads; None when no later one can start from it.

    Parameters
    ----------
    ref
        What will be compared.
    index
        As the server lists it, None when there is none.
    ended
        As :func:`scrypath.compare.in_flight.ended_up_to` says.
    """
    if index is None or index.created_at is None or not rows.in_columns(ref):
        return None  # without columns, a value may change without its row
    try:
        mark = row_versions.observe(ref).mark
        stable_until = None if ref.schema.updated_at is None else rows.stable_until(ref.config)
    except DatabaseError:
        return None  # where rows cannot be read either, the reading itself says why
    if mark is None and stable_until is None:
        return None
    return Baseline(
        definition(ref.schema, moments=True),
        index.created_at,
        ended,
        mark=mark,
        stable_until=stable_until,
    )


def newest_task(config: Config, *, up_to: int | None = None) -> TaskSeen | None:
    """The newest task of a server, whatever it does; None when it remembers none.

    Parameters
    ----------
    up_to
        Only tasks up to this uid.
    """
    found = tasks.listing(config, limit=1, from_uid=up_to).frame
    if found.is_empty():
        return None
    uid, enqueued_at, kind = found.select("uid", "enqueued_at", "type").row(0)
    return TaskSeen(int(uid), "" if enqueued_at is None else enqueued_at.isoformat(), str(kind))
