"""One task of the server, read tolerantly."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from scrypath.errors import TaskFailed
from scrypath.meilisearch.moments import duration, moment
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.shapes import count

FINISHED = frozenset({"succeeded", "failed", "canceled"})
UNFINISHED = frozenset({"enqueued", "processing"})


@dataclass(frozen=True, slots=True)
class Task:
    """One task; times are UTC. Fields that a newer server adds are ignored, its new words are kept as text."""

    uid: int
    batch_uid: int | None
    index_uid: str | None
    status: str
    type: str
    details: dict[str, Any]
    error_code: str | None
    error_type: str | None
    error_message: str | None
    custom_metadata: str | None
    enqueued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    duration: timedelta | None
    canceled_by: int | None

    @property
    def finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self.status in FINISHED or (self.status not in UNFINISHED and self.finished_at is not None)

    @property
    def succeeded(self) -> bool:
        """Whether its effect is in the index."""
        return self.status == "succeeded"

    def require_success(self) -> Task:
        """The task itself, or a ``TaskFailed`` that carries its error."""
        if self.succeeded:
            return self
        raise self.failure()

    def failure(self) -> TaskFailed:
        """The error that this task ended with."""
        where = f" on index {self.index_uid!r}" if self.index_uid else ""
        said = self.error_message or "The server gives no reason."
        return TaskFailed(
            f"Task {self.uid} ({self.type}{where}) is {self.status}: {said}",
            hint=f"Error code {self.error_code}." if self.error_code else "",
            task_uid=self.uid,
            error_code=self.error_code,
            error_type=self.error_type,
        )


def parse(found: Any, reply: Reply) -> Task:
    """A task from the server's JSON.

    Raises
    ------
    TransportError
        When it has no uid: whatever this is, it is not a task.
    """
    known = values(found) if isinstance(found, dict) else {"uid": None}
    if known["uid"] is None:
        raise reply.malformed()
    return Task(**known)


def values(found: dict[str, Any]) -> dict[str, Any]:
    """The fields of a task, tolerating what a newer server adds, leaves out or writes in another type."""
    error = found.get("error")
    error = error if isinstance(error, dict) else {"message": error}
    details = found.get("details")
    return {
        "uid": count(found.get("uid")),
        "batch_uid": count(found.get("batchUid")),
        "index_uid": _word(found.get("indexUid")),
        "status": _word(found.get("status")) or "unknown",
        "type": _word(found.get("type")) or "unknown",
        "details": details if isinstance(details, dict) else {},
        "error_code": _word(error.get("code")),
        "error_type": _word(error.get("type")),
        "error_message": _word(error.get("message")),
        "custom_metadata": _word(found.get("customMetadata")),
        "enqueued_at": moment(found.get("enqueuedAt")),
        "started_at": moment(found.get("startedAt")),
        "finished_at": moment(found.get("finishedAt")),
        "duration": duration(found.get("duration")),
        "canceled_by": count(found.get("canceledBy")),
    }


def _word(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(value)
