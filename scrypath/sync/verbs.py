"""``sync_record`` and its siblings: the public verbs of the write path."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from scrypath.config import Config, resolve
from scrypath.schema import SearchSchema, registry
from scrypath.schema.documents import project_records
from scrypath.schema.identity import document_id, id_text, several
from scrypath.sync import sending
from scrypath.sync.jobs import enqueue
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


def sync_record(schema: Any, record: Any, **options: Any) -> SyncResult:
    """Write one record's document; see :func:`sync_records` for parameters, result and errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.sync_record("Brand", {"id": 2, "name": "Boreal"}).status
    <SyncStatus.COMPLETED: 'completed'>
    >>> scrypath.search("Brand", "boreal").hits.rows()
    [(2, 'Boreal')]
    """
    return sync_records(schema, [record], **options)


def sync_records(
    schema: Any,
    records: Iterable[Any],
    *,
    mode: str | None = None,
    session: Session | Connection | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> SyncResult:
    """Write the documents of records.

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
    found, config, how = _prepare(schema, mode, session, config)
    given = records if isinstance(records, Sequence) else list(records)
    with span("scrypath.sync.upsert", schema=found.name, index=found.index_name(config), sync_mode=how):
        if how is SyncMode.OBAN:
            ids = [document_id(found, record) for record in given]
            return _queued(found, config, Operation.UPSERT, ids, session)
        # Everything is projected before anything is sent: a record that cannot be, leaves nothing half done.
        parts = [project_records(found, given[at : at + CHUNK]) for at in range(0, len(given), CHUNK)]
        if parts:
            sending.ensure_index(found, config, found.index_name(config))
        sent: list[Sent] = []
        with progress_bar(f"{found.name}: documents sent", len(given), shown=progress) as bar:
            for part in parts:
                for item in sending.upsert(found, config, part, mode=how):
                    sent.append(item)
                    bar.update(len(item.ids))
        return _direct(found, config, how, sent)


def delete_record(schema: Any, record: Any, **options: Any) -> SyncResult:
    """Delete one record's document; see :func:`delete_documents` for options, result and errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.delete_record("Product", {"id": 3, "name": "Chair"}).document_ids
    ('3',)
    """
    return delete_documents(schema, [document_id(registry.find(schema), record)], **options)


def delete_document(schema: Any, document: Any, **options: Any) -> SyncResult:
    """Delete one document by id; see :func:`delete_documents` for options, result and errors.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.delete_document("Product", 3).status
    <SyncStatus.COMPLETED: 'completed'>
    >>> scrypath.search("Product").hits["name"].to_list()
    ['Lamp', 'Desk']
    """
    return delete_documents(schema, [document], **options)


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
        For one id where several are asked for.
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
    found, config, how = _prepare(schema, mode, session, config)
    texts = [id_text(found, item) for item in several("ids", ids)]
    with span("scrypath.sync.delete", schema=found.name, index=found.index_name(config), sync_mode=how):
        if how is SyncMode.OBAN:
            return _queued(found, config, Operation.DELETE, texts, session)
        return _direct(found, config, how, list(sending.delete(found, config, texts, mode=how)))


def _prepare(
    schema: Any, mode: str | None, session: Any, config: Config | None
) -> tuple[SearchSchema, Config, SyncMode]:
    settled = resolve(config)
    chosen = mode_of(settled, mode, session)
    return registry.find(schema), settled, chosen


def _queued(
    schema: SearchSchema, config: Config, operation: Operation, ids: Sequence[str], session: Any
) -> SyncResult:
    work_ids = enqueue(schema, config, operation, ids, session=session)
    return SyncResult(
        SyncMode.OBAN,
        SyncStatus.ACCEPTED if work_ids else SyncStatus.NOOP,
        schema.index_name(config),
        tuple(ids),
        work_ids,
    )


def _direct(schema: SearchSchema, config: Config, mode: SyncMode, sent: Sequence[Sent]) -> SyncResult:
    if sent and mode is SyncMode.INLINE:
        for task in sending.finished(config, sent):
            task.require_success()
    done = SyncStatus.COMPLETED if mode is SyncMode.INLINE else SyncStatus.ACCEPTED
    return SyncResult(
        mode,
        done if sent else SyncStatus.NOOP,
        schema.index_name(config),
        tuple(document for item in sent for document in item.ids),
        tuple(item.work_id for item in sent),
    )
