"""What a job carries: ids and where they go, never documents of ours."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

from scrypath.vocabulary import Operation, SyncMode

WORKER = "scrypath.queue.SyncWorker"
ANCESTORS = ("Scrypath.Oban.UpsertWorker", "Scrypath.Oban.DeleteWorker", "Scrypath.Sync.RelatedWorker")
WORKERS = (WORKER, *ANCESTORS)
OPERATIONS = (Operation.UPSERT, Operation.DELETE, Operation.FAN_OUT)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobArgs:
    """The arguments of one sync job.

    Parameters
    ----------
    operation
        ``upsert``, ``delete`` or ``fan_out``.
    schema
        Registered name of the search schema; a module name in an Elixir deployment's jobs.
    index
        Index name on the server; the Elixir deployment's fan-outs carry none.
    document_ids
        Ids as text: of the documents, or for ``fan_out`` of the records it starts from.
    document_count
        How many ids.
    sync_mode
        The mode the write was made in.
    reference
        The kit's own reference of the write.
    fan_out
        Name of the fan-out, for that operation only.
    documents
        The documents themselves, only in the Elixir deployment's jobs.
    """

    operation: Operation
    schema: str
    index: str | None
    document_ids: tuple[str, ...]
    document_count: int = -1
    sync_mode: SyncMode = SyncMode.OBAN
    reference: str | None = None
    fan_out: str | None = None
    documents: tuple[Mapping[str, Any], ...] | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.document_count < 0:
            object.__setattr__(self, "document_count", len(self.document_ids))

    def to_json(self) -> str:
        """The args column of the job, as JSON text.

        Examples
        --------
        >>> args = JobArgs(operation=Operation.DELETE, schema="City", index="cities", document_ids=("7",))
        >>> parse(json.loads(args.to_json())) == args
        True
        """
        content: dict[str, Any] = {
            "operation": str(self.operation),
            "schema": self.schema,
            "index": self.index,
            "document_ids": list(self.document_ids),
            "document_count": self.document_count,
            "sync_mode": str(self.sync_mode),
            "reference": self.reference,
            "fan_out": self.fan_out,
            "documents": None if self.documents is None else [dict(item) for item in self.documents],
        }
        return json.dumps({name: value for name, value in content.items() if value is not None})

    @property
    def key(self) -> str:
        """What two jobs share when performing one of them does the work of both."""
        same = [str(self.operation), self.schema, self.index, self.fan_out, sorted(set(self.document_ids))]
        return blake2b(json.dumps(same).encode(), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Malformed:
    """Arguments that cannot be performed, and why."""

    reason: str
    raw: Any = field(repr=False)  # an Elixir deployment's args may hold an API key


def parse(raw: Any) -> JobArgs | Malformed:
    """The arguments of a job as its row holds them; ``jobs.sql`` knows the same rules.

    Parameters
    ----------
    raw
        The decoded args column.

    Examples
    --------
    >>> parse({"operation": "upsert", "schema": "City", "index": "cities"})
    Malformed(reason='document_ids is missing')
    """
    reason = _reason(raw)
    if reason is not None:
        return Malformed(reason, raw)
    documents = raw.get("documents")
    count = raw.get("document_count")
    return JobArgs(
        operation=_operation(raw),
        schema=raw["schema"],
        index=_text(raw.get("index")),
        document_ids=tuple(str(item) for item in raw["document_ids"]),
        document_count=count if _whole(count) and count >= 0 else len(raw["document_ids"]),
        sync_mode=SyncMode(raw["sync_mode"]) if raw.get("sync_mode") in list(SyncMode) else SyncMode.OBAN,
        reference=_text(raw.get("reference")),
        fan_out=_text(raw.get("fan_out")),
        documents=tuple(item for item in documents if isinstance(item, dict))
        if isinstance(documents, list)
        else None,
    )


def _reason(raw: Any) -> str | None:
    if not isinstance(raw, dict):
        return "args are not an object"
    if raw.get("schema") is None:
        return "schema is missing"
    if _text(raw["schema"]) is None:
        return "schema is not a name"
    if "operation" in raw or _text(raw.get("fan_out")) is None:
        if raw.get("operation") is None:
            return "operation is missing"
        if raw["operation"] not in list(OPERATIONS):
            return "operation is not upsert, delete or fan_out"
    if _operation(raw) is Operation.FAN_OUT:
        if _text(raw.get("fan_out")) is None:
            return "fan_out is missing"
    elif _text(raw.get("index")) is None:
        return "index is missing"
    ids = raw.get("document_ids")
    if ids is None:
        return "document_ids is missing"
    if not isinstance(ids, list):
        return "document_ids is not a list"
    if not all(isinstance(item, str) or _whole(item) for item in ids):
        return "document_ids holds something other than texts and integers"
    return None


def _operation(raw: Mapping[str, Any]) -> Operation:
    # The Elixir deployment's fan-outs are known by their worker alone and name no operation.
    return Operation(raw.get("operation", Operation.FAN_OUT))


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value else None
