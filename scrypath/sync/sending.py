"""Sending documents and deletions to Meilisearch, each task known to the ledger before it exists."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched

from scrypath.config import Config
from scrypath.meilisearch import documents as wire_documents
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch import settings as wire_settings
from scrypath.meilisearch.tasks import Task
from scrypath.memory import ledger
from scrypath.schema import SearchSchema
from scrypath.schema.documents import Documents
from scrypath.schema.settings import desired
from scrypath.sync.payloads import Payload, cut
from scrypath.vocabulary import Operation, SyncMode

NOTED_AT_ONCE = (
    4  # payloads in one transaction of the ledger: opening and closing its file is what takes time
)


@dataclass(frozen=True, slots=True)
class Sent:
    """One accepted task and the documents it is about."""

    task_uid: int
    operation: Operation
    ids: tuple[str, ...]

    @property
    def work_id(self) -> str:
        """The work id of the task."""
        return f"meili:{self.task_uid}"


@dataclass(frozen=True, slots=True)
class Prepared:
    """A payload that the ledger knows and the server does not yet."""

    index: str
    reference: str
    payload: Payload


def ensure_index(schema: SearchSchema, config: Config, index: str) -> None:
    """Make the index with its settings when it does not exist; an existing one is left as it is.

    The tasks are only enqueued: writes that follow are run after them. Without this, the first write would
    create an index that displays and searches every field, the fingerprint among them.
    """
    if indexes.get(config, index) is None:
        indexes.create(config, index, schema.document_id)
        wire_settings.patch(config, index, desired(schema))


def upsert(
    schema: SearchSchema,
    config: Config,
    documents: Documents,
    *,
    mode: SyncMode,
    index: str | None = None,
    cause: str | None = None,
) -> Iterator[Sent]:
    """Send documents, one task a payload, in the order given.

    Parameters
    ----------
    schema, config
        Whose documents, and where to.
    documents
        What to write.
    mode
        The mode of the write, for the ledger.
    index
        Another index than the schema's own: a rebuild's target.
    cause
        Work id that this write retries or repairs.
    """
    for group in prepare(schema, config, documents, mode=mode, index=index, cause=cause):
        for prepared in group:
            yield post(schema, config, prepared)


def prepare(
    schema: SearchSchema,
    config: Config,
    documents: Documents,
    *,
    mode: SyncMode,
    index: str | None = None,
    cause: str | None = None,
) -> Iterator[list[Prepared]]:
    """Payloads that the ledger knows, some at a time, to be sent with :func:`post`; parameters as in :func:`upsert`."""
    target = index or schema.index_name(config)
    for payloads in batched(cut(documents, config), NOTED_AT_ONCE):
        ids = [payload.ids for payload in payloads]
        references = _record(
            schema, config, index=target, operation=Operation.UPSERT, mode=mode, ids=ids, cause=cause
        )
        yield [
            Prepared(target, reference, payload)
            for reference, payload in zip(references, payloads, strict=True)
        ]


def post(schema: SearchSchema, config: Config, prepared: Prepared) -> Sent:
    """Send one payload."""
    sent = wire_documents.write_payload(
        config,
        prepared.index,
        prepared.payload.body,
        primary_key=schema.document_id,
        reference=prepared.reference,
    )
    return Sent(sent.uid, Operation.UPSERT, prepared.payload.ids)


def delete(
    schema: SearchSchema, config: Config, ids: Sequence[str], *, mode: SyncMode, cause: str | None = None
) -> Iterator[Sent]:
    """Delete documents by id, one task for each ``batch_size`` of them."""
    target = schema.index_name(config)
    for start in range(0, len(ids), config.batch_size):
        part = tuple(ids[start : start + config.batch_size])
        [reference] = _record(
            schema, config, index=target, operation=Operation.DELETE, mode=mode, ids=[part], cause=cause
        )
        for sent in wire_documents.delete(config, target, part, reference=reference):
            yield Sent(sent.uid, Operation.DELETE, part)


def finished(config: Config, sent: Iterable[Sent]) -> list[Task]:
    """Wait until Meilisearch has finished the tasks; whether they succeeded is for the caller to look at.

    Raises
    ------
    TaskTimeout
        When ``task_timeout`` seconds pass first; the tasks may still finish.
    """
    uids = [item.task_uid for item in sent]
    return tasks.wait_all(config, uids) if uids else []


def _record(
    schema: SearchSchema,
    config: Config,
    *,
    index: str,
    operation: Operation,
    mode: SyncMode,
    ids: Sequence[tuple[str, ...]],
    cause: str | None,
) -> list[str]:
    # Written before the requests: a process that dies in between leaves references the tasks carry too.
    works = [
        ledger.SentWork(
            reference=ledger.new_reference(),
            schema=schema.name,
            index=index,
            operation=operation,
            mode=mode,
            document_ids=part,
            document_count=len(part),
            sent_at=datetime.now(UTC),
            cause=cause,
        )
        for part in ids
    ]
    ledger.record(config, works)
    return [work.reference for work in works]
