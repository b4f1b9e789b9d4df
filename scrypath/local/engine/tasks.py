"""Tasks: what they hold, what clients see of them, and how their counters end."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

from scrypath.local.engine import clock


class Status(StrEnum):
    """Where a task stands, in the order Meilisearch lists them."""

    ENQUEUED = "enqueued"
    PROCESSING = "processing"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELED = "canceled"


class Kind(StrEnum):
    """What a task does, in the order Meilisearch lists them."""

    DOCUMENT_ADDITION = "documentAdditionOrUpdate"
    DOCUMENT_EDITION = "documentEdition"
    DOCUMENT_DELETION = "documentDeletion"
    SETTINGS_UPDATE = "settingsUpdate"
    INDEX_CREATION = "indexCreation"
    INDEX_DELETION = "indexDeletion"
    INDEX_UPDATE = "indexUpdate"
    INDEX_SWAP = "indexSwap"
    TASK_CANCELATION = "taskCancelation"
    TASK_DELETION = "taskDeletion"
    DUMP_CREATION = "dumpCreation"
    SNAPSHOT_CREATION = "snapshotCreation"
    EXPORT = "export"
    UPGRADE_DATABASE = "upgradeDatabase"
    INDEX_COMPACTION = "indexCompaction"
    NETWORK_TOPOLOGY_CHANGE = "networkTopologyChange"
    DSR_UPDATE = "dsrUpdate"
    DSR_CLEAR = "dsrClear"


FINISHED: Final = (Status.SUCCEEDED, Status.FAILED, Status.CANCELED)

# Kinds of tasks that never belong to exactly one index.
GLOBAL_KINDS: Final = (
    Kind.INDEX_SWAP,
    Kind.TASK_CANCELATION,
    Kind.TASK_DELETION,
    Kind.DUMP_CREATION,
    Kind.SNAPSHOT_CREATION,
    Kind.EXPORT,
    Kind.UPGRADE_DATABASE,
    Kind.NETWORK_TOPOLOGY_CHANGE,
)

COUNTERS: Final = (
    "indexedDocuments",
    "deletedDocuments",
    "editedDocuments",
    "canceledTasks",
    "deletedTasks",
)
TOTALS: Final = ("receivedDocuments", "providedIds", "matchedTasks")


@dataclass(slots=True)
class Task:
    """One task as the scheduler works on it.

    ``content`` holds what the work needs and no client sees; times are nanoseconds.
    """

    uid: int
    batch_uid: int | None
    index_uid: str | None
    status: Status
    type: Kind
    canceled_by: int | None
    details: dict[str, Any] | None
    error: dict[str, Any] | None
    enqueued_at: int
    started_at: int | None
    finished_at: int | None
    custom_metadata: str | None
    content: dict[str, Any]

    def indexes(self) -> list[str]:
        """Return every index the task names."""
        if self.type is Kind.INDEX_SWAP:
            return [uid for swap in self.content["swaps"] for uid in swap["indexes"]]
        names = [] if self.index_uid is None else [self.index_uid]
        renamed = self.content.get("newUid")
        return [*names, renamed] if renamed is not None else names

    def summary(self) -> dict[str, Any]:
        """Return the reply to the request that enqueued the task."""
        view = {
            "taskUid": self.uid,
            "indexUid": self.index_uid,
            "status": Status.ENQUEUED,
            "type": self.type,
            "enqueuedAt": clock.rfc3339(self.enqueued_at),
        }
        if self.custom_metadata is not None:
            view["customMetadata"] = self.custom_metadata
        return view


COLUMNS: Final = (
    "uid, batch_uid, index_uid, status, type, canceled_by, details, error,"
    " enqueued_at, started_at, finished_at, custom_metadata"
)


def from_row(row: Sequence[Any]) -> Task:
    """Return the task of a row of ``COLUMNS`` and ``content``."""
    details = None if row[6] is None else json.loads(row[6])
    error = None if row[7] is None else json.loads(row[7])
    return Task(
        row[0],
        row[1],
        row[2],
        Status(row[3]),
        Kind(row[4]),
        row[5],
        details,
        error,
        row[8],
        row[9],
        row[10],
        row[11],
        json.loads(row[12]),
    )


def _moment(nanoseconds: int | None) -> str:
    return "null" if nanoseconds is None else f'"{clock.rfc3339(nanoseconds)}"'


def view(row: Sequence[Any], processing: tuple[int, int] | None = None) -> str:
    """Return the JSON text clients see of a row of ``COLUMNS``.

    Parameters
    ----------
    row
        The stored task.
    processing
        Uid and start (nanoseconds) of the batch at work, when the task belongs to it.
    """
    uid, batch, index, status, type_, canceled_by, details, error, enqueued, started, finished, meta = row[
        :12
    ]
    if processing is not None and status == Status.ENQUEUED:
        batch, started = processing
        status = Status.PROCESSING
    length = None if started is None or finished is None else clock.duration(finished - started)
    parts = [
        f'{{"uid":{uid},"batchUid":{"null" if batch is None else batch}',
        f',"indexUid":{json.dumps(index)},"status":"{status}","type":"{type_}"',
        f',"canceledBy":{"null" if canceled_by is None else canceled_by}',
        "" if details is None else f',"details":{details}',
        f',"error":{error or "null"},"duration":{"null" if length is None else chr(34) + length + chr(34)}',
        f',"enqueuedAt":{_moment(enqueued)},"startedAt":{_moment(started)},"finishedAt":{_moment(finished)}',
        "" if meta is None else f',"customMetadata":{json.dumps(meta)}',
        "}",
    ]
    return "".join(parts)


def default_details(kind: Kind, content: dict[str, Any]) -> dict[str, Any] | None:
    """Return the details of a task that waits."""
    match kind:
        case Kind.DOCUMENT_ADDITION:
            return {"receivedDocuments": content["count"], "indexedDocuments": None}
        case Kind.DOCUMENT_DELETION if "ids" in content:
            return {"providedIds": len(content["ids"]), "deletedDocuments": None, "originalFilter": None}
        case Kind.DOCUMENT_DELETION if "filter" in content:
            shown = json.dumps(content["filter"], ensure_ascii=False, separators=(",", ":"))
            return {"providedIds": 0, "deletedDocuments": None, "originalFilter": shown}
        case Kind.DOCUMENT_DELETION | Kind.INDEX_DELETION:
            return {"deletedDocuments": None}
        case Kind.SETTINGS_UPDATE:
            return dict(content["settings"])
        case Kind.INDEX_CREATION:
            return {"primaryKey": content["primaryKey"]}
        case Kind.INDEX_UPDATE:
            details = {"primaryKey": content["primaryKey"]}
            if content["newUid"] is not None:
                details |= {"oldIndexUid": content["oldUid"], "newIndexUid": content["newUid"]}
            return details
        case Kind.INDEX_SWAP:
            return {"swaps": content["swaps"]}
        case Kind.TASK_CANCELATION | Kind.TASK_DELETION:
            done = "canceledTasks" if kind is Kind.TASK_CANCELATION else "deletedTasks"
            return {"matchedTasks": content["matched"], done: None, "originalFilter": content["query"]}
        case Kind.DUMP_CREATION:
            return {"dumpUid": None}
        case Kind.INDEX_COMPACTION:
            return {}
    return None


def ended_details(details: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return the details of a task that ended without effect: open counters become 0."""
    if details is None:
        return None
    return {key: 0 if key in COUNTERS else value for key, value in details.items()}


def accumulate(left: dict[str, Any], right: dict[str, Any]) -> None:
    """Add the details of one more task to the details of a batch."""
    for key, value in right.items():
        known = left.get(key)
        if known is None:
            left[key] = value
        elif value is None:
            continue
        elif key in COUNTERS or key in TOTALS:
            left[key] = known + value
        elif key == "originalFilter":
            left[key] = f"{known}&{value}"
        elif key == "swaps":
            left[key] = known + value
        elif key not in ("primaryKey", "oldIndexUid", "newIndexUid", "dumpUid", "url"):
            left[key] = value
