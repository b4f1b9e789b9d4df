"""Sending documents and deletions to Meilisearch; the ledger knows each task before the server does."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import batched

from scrypath.meilisearch import documents as index_documents
from scrypath.meilisearch import indexes
from scrypath.meilisearch import settings as index_settings
from scrypath.memory import ledger
from scrypath.memory.task_metadata import metadata
from scrypath.schema.documents import Documents
from scrypath.schema.index_ref import IndexRef
from scrypath.schema.settings import desired
from scrypath.sync.payloads import Payload, cut
from scrypath.vocabulary import Operation, SyncMode

RECORDED_AT_ONCE = 4  # payloads in one transaction of the ledger: opening its file is what takes time


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

    reference: str
    payload: Payload


def ensure_index(ref: IndexRef) -> None:
    """Create the index with its settings when it does not exist; an existing one is left as it is.

    The tasks are only enqueued: writes that follow are run after them. Without this, the first write would
    create an index that displays and searches every field, the fingerprint among them.
    """
    if indexes.get(ref.config, ref.uid) is None:
        indexes.create(ref.config, ref.uid, ref.schema.document_id)
        index_settings.patch(ref.config, ref.uid, desired(ref.schema))


def upsert(
    ref: IndexRef,
    documents: Documents,
    *,
    mode: SyncMode,
    cause: str | None = None,
) -> list[Sent]:
    """Send documents, one task a payload, in the order given.

    Parameters
    ----------
    ref
        Whose documents, and where to.
    documents
        What to write.
    mode
        The mode of the write, for the ledger.
    cause
        Work id that this write retries or repairs.
    """
    groups = prepare(ref, documents, mode=mode, cause=cause)
    return [post(ref, prepared) for group in groups for prepared in group]


def prepare(
    ref: IndexRef,
    documents: Documents,
    *,
    mode: SyncMode,
    cause: str | None = None,
) -> Iterator[list[Prepared]]:
    """Payloads that the ledger knows, some at a time, to be sent with :func:`post`; parameters as in :func:`upsert`."""
    for payloads in batched(cut(documents, ref.config), RECORDED_AT_ONCE):
        ids = [payload.ids for payload in payloads]
        references = _record(ref, operation=Operation.UPSERT, mode=mode, ids=ids, cause=cause)
        yield [Prepared(reference, payload) for reference, payload in zip(references, payloads, strict=True)]


def post(ref: IndexRef, prepared: Prepared) -> Sent:
    """Send one payload: whole documents, or in an index that another writer shares the schema's fields only."""
    sent = index_documents.write_payload(
        ref.config,
        ref.uid,
        prepared.payload.body,
        primary_key=ref.schema.document_id,
        reference=metadata(prepared.reference, prepared.payload.ids),
        content="replace" if ref.schema.fingerprint else "update",
    )
    return Sent(sent.uid, Operation.UPSERT, prepared.payload.ids)


def delete(ref: IndexRef, ids: Sequence[str], *, mode: SyncMode, cause: str | None = None) -> list[Sent]:
    """Delete documents by id, one task for each ``batch_size`` of them."""
    sent: list[Sent] = []
    for start in range(0, len(ids), ref.config.batch_size):
        part = tuple(ids[start : start + ref.config.batch_size])
        [reference] = _record(ref, operation=Operation.DELETE, mode=mode, ids=[part], cause=cause)
        tasks_made = index_documents.delete(ref.config, ref.uid, part, reference=metadata(reference, part))
        sent.extend(Sent(task.uid, Operation.DELETE, part) for task in tasks_made)
    return sent


def _record(
    ref: IndexRef,
    *,
    operation: Operation,
    mode: SyncMode,
    ids: Sequence[tuple[str, ...]],
    cause: str | None,
) -> list[str]:
    # Written before the requests: a process that dies in between leaves references the tasks carry too.
    works = [
        ledger.SentWork(
            reference=ledger.new_reference(),
            schema=ref.schema.name,
            index=ref.uid,
            operation=operation,
            mode=mode,
            document_ids=part,
            document_count=len(part),
            sent_at=datetime.now(UTC),
            cause=cause,
        )
        for part in ids
    ]
    ledger.record(ref.config, works)
    return [work.reference for work in works]
