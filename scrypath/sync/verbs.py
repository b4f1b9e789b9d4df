"""``sync_record`` and its siblings: the public verbs of the write path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrypath.config import Config
from scrypath.schema import registry
from scrypath.schema.documents import Documents, project_records
from scrypath.schema.identity import document_id, id_text, several
from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from scrypath.sync.delivery import sent_result
from scrypath.sync.direct_writes import delete_ids, write_records
from scrypath.sync.jobs import enqueue_jobs
from scrypath.sync.membership import outsiders
from scrypath.sync.mode import mode_of
from scrypath.sync.progress import progress_bar
from scrypath.sync.result import SyncResult
from scrypath.sync.sending import Sent
from scrypath.telemetry import span
from scrypath.vocabulary import Operation, SyncMode, SyncStatus

if TYPE_CHECKING:
    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

CHUNK = 5_000  # records projected at a time


def sync_record(
    schema: Any,
    record: Any,
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    config: Config | None = None,
) -> SyncResult:
    """Write one record's document.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    record
        A model instance, a row or a mapping.
    mode, session, config
        As for :func:`sync_records`.

    Returns
    -------
    SyncResult
        As for :func:`sync_records`, which also names the errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.sync_record("Brand", {"id": 2, "name": "Boreal"}).status
    <SyncStatus.COMPLETED: 'completed'>
    >>> scrypath.search("Brand", "boreal").hits.rows()
    [(2, 'Boreal')]
    """
    return sync_records(schema, [record], mode=mode, session=session, config=config)


def sync_records(
    schema: Any,
    records: Iterable[Any],
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> SyncResult:
    """Write the documents of records; remove the document of a record that the schema's ``query`` does not show.

    In every mode the same documents end in the index. Whether a record is shown is checked through its own session, so
    that an insert that is not committed yet is seen; of a mapping, or a record without a session, through a connection
    of the kit's own, where no row means that the document is removed. Without a ``query`` the database is not read.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    records
        Model instances, rows or mappings.
    mode
        ``inline``, ``manual`` or ``oban``; default: the configured mode.
    session
        For ``oban``: the caller's SQLAlchemy session or connection; the job commits with its transaction.
        Without it, the job is committed at once.
    progress
        Show a progress bar.
    config
        Used instead of the configured one.

    Returns
    -------
    SyncResult
        ``completed`` when Meilisearch finished the tasks (inline), ``accepted`` when they (manual) or the job
        (oban) are only durable, ``noop`` for no records.

    Raises
    ------
    ProjectionError
        For a record without a declared field; nothing has been sent then.
    InvalidOptions
        inline and manual, where the schema has a ``query``: for a record with changes that have not been flushed.
    DatabaseError
        Where the schema has a ``query``, and the database cannot be read.
    TaskFailed
        inline: Meilisearch ran the task and it failed; nothing of that task applies.
    TaskTimeout
        inline: the wait ended first; the task may still finish.
    TransportError, BackendRejected
        When the server cannot be reached or refuses.

    Examples
    --------
    >>> import scrypath
    >>> brands = [{"id": 2, "name": "Boreal"}, {"id": 3, "name": "Cumulus"}]
    >>> result = scrypath.sync_records("Brand", brands, mode="manual")
    >>> result.status, result.document_ids
    (<SyncStatus.ACCEPTED: 'accepted'>, ('2', '3'))
    """
    ref, sync_mode = _addressed(schema, mode, session, config)
    given = records if isinstance(records, Sequence) else list(records)
    with span("scrypath.sync.upsert", schema=ref.schema.name, index=ref.uid, sync_mode=sync_mode):
        if sync_mode is SyncMode.OBAN:
            ids = [document_id(ref.schema, record) for record in given]
            return _queued(ref, Operation.UPSERT, ids, session)
        # Everything is projected before anything is sent: a record that cannot be, leaves nothing half done.
        parts = [_part(ref, given[at : at + CHUNK]) for at in range(0, len(given), CHUNK)]
        if any(part.documents.ids for part in parts):
            sending.ensure_index(ref)
        sent: list[Sent] = []
        fenced = True
        with progress_bar(f"{ref.schema.name}: documents sent", len(given), shown=progress) as bar:
            for part in parts:
                written = write_records(ref, part.records, part.documents, part.outside, mode=sync_mode)
                sent += written.sent
                fenced &= written.fenced
                bar.update(len(part.ids))
        ids = [item for part in parts for item in part.ids]
        return sent_result(ref, sync_mode, sent, ids, fenced=fenced)


def delete_record(
    schema: Any,
    record: Any,
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    config: Config | None = None,
) -> SyncResult:
    """Delete one record's document.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    record
        A model instance, a row or a mapping; its id is all that is read.
    mode, session, config
        As for :func:`delete_documents`.

    Returns
    -------
    SyncResult
        As for :func:`delete_documents`, which also names the errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.delete_record("Product", {"id": 3, "name": "Chair"}).document_ids
    ('3',)
    """
    ids = [document_id(registry.find(schema), record)]
    return delete_documents(schema, ids, mode=mode, session=session, config=config)


def delete_document(
    schema: Any,
    document: Any,
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    config: Config | None = None,
) -> SyncResult:
    """Delete one document by id.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    document
        Its id: an integer, a text or a UUID.
    mode, session, config
        As for :func:`delete_documents`.

    Returns
    -------
    SyncResult
        As for :func:`delete_documents`, which also names the errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.delete_document("Product", 3).status
    <SyncStatus.COMPLETED: 'completed'>
    >>> scrypath.search("Product").hits["name"].to_list()
    ['Lamp', 'Desk']
    """
    return delete_documents(schema, [document], mode=mode, session=session, config=config)


def delete_documents(
    schema: Any,
    ids: Iterable[Any],
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    config: Config | None = None,
) -> SyncResult:
    """Delete documents by id.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    ids
        Document ids: integers, texts or UUIDs.
    mode, session, config
        As for :func:`sync_records`. In ``oban`` mode the worker looks at the row again: a document whose row
        exists when the job runs is written, not deleted.

    Returns
    -------
    SyncResult
        As for :func:`sync_records`.

    Raises
    ------
    InvalidOptions
        For one id where a list is expected.
    ProjectionError
        For a value that cannot be a document id.
    TaskFailed, TaskTimeout, TransportError, BackendRejected
        As for :func:`sync_records`.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.delete_documents("Product", [2, 3]).document_count
    2
    >>> scrypath.search("Product").hits["name"].to_list()
    ['Lamp']
    """
    ref, sync_mode = _addressed(schema, mode, session, config)
    texts = [id_text(ref.schema, item) for item in several("ids", ids)]
    with span("scrypath.sync.delete", schema=ref.schema.name, index=ref.uid, sync_mode=sync_mode):
        if sync_mode is SyncMode.OBAN:
            return _queued(ref, Operation.DELETE, texts, session)
        deleted = delete_ids(ref, texts, mode=sync_mode)
        return sent_result(ref, sync_mode, deleted.sent, texts, fenced=deleted.fenced)


@dataclass(frozen=True, slots=True)
class _Part:
    records: Sequence[Any]  # the rows of the schema
    documents: Documents  # of them, in the same order
    outside: tuple[str, ...]  # ids of the records that are no rows

    @property
    def ids(self) -> list[str]:
        return [*self.documents.ids, *self.outside]


def _part(ref: IndexRef, given: Sequence[Any]) -> _Part:
    outside = outsiders(ref, given)
    if not outside:
        return _Part(given, project_records(ref.schema, given), ())
    inside = [record for record in given if document_id(ref.schema, record) not in outside]
    named = dict.fromkeys(document_id(ref.schema, record) for record in given)
    return _Part(
        inside, project_records(ref.schema, inside), tuple(item for item in named if item in outside)
    )


def _addressed(
    schema: Any, mode: str | None, session: Any, config: Config | None
) -> tuple[IndexRef, SyncMode]:
    ref = IndexRef.find(schema, config)
    return ref, mode_of(ref.config, mode, session)


def _queued(ref: IndexRef, operation: Operation, ids: Sequence[str], session: Any) -> SyncResult:
    work_ids = enqueue_jobs(ref, operation, ids, session=session)
    return SyncResult(
        SyncMode.OBAN,
        SyncStatus.ACCEPTED if work_ids else SyncStatus.NOOP,
        ref.uid,
        tuple(ids),
        work_ids,
    )
