"""Writing again the documents of other schemas that depend on changed records."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from scrypath.config import Config
from scrypath.schema.identity import document_id, several
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import sent_result
from scrypath.sync.fan_out import target_of, targets
from scrypath.sync.jobs import enqueue_jobs
from scrypath.sync.mode import mode_of
from scrypath.sync.result import SyncResult
from scrypath.telemetry import span
from scrypath.vocabulary import Operation, SyncMode, SyncStatus


def sync_related(
    schema: Any,
    records: Iterable[Any],
    *,
    fan_out: str,
    mode: str | None = None,
    session: Any = None,
    config: Config | None = None,
) -> SyncResult:
    """Write again the documents that a declared fan-out derives from these records.

    Parameters
    ----------
    schema
        The schema that declares the fan-out.
    records
        The changed records, or their ids.
    fan_out
        Name of the fan-out.
    mode, session, config
        As for ``sync_records``. In ``oban`` mode the job carries the source ids, and the worker resolves them.

    Returns
    -------
    SyncResult
        About the target's documents; in ``oban`` mode about the source ids.

    Raises
    ------
    InvalidOptions
        For a fan-out that is not declared, one record where a list is expected, or a session in another mode
        than ``oban``.

    Examples
    --------
    >>> import scrypath
    >>> result = scrypath.sync_related("Brand", [1], fan_out="products")
    >>> result.status, result.document_ids
    (<SyncStatus.COMPLETED: 'completed'>, ('1', '2'))
    """
    source = IndexRef.find(schema, config)
    sync_mode = mode_of(source.config, mode, session)
    ids = tuple(dict.fromkeys(document_id(source.schema, record) for record in several("records", records)))
    target = target_of(source, fan_out)
    with span("scrypath.sync.upsert", schema=target.schema.name, index=target.uid, sync_mode=sync_mode):
        if sync_mode is SyncMode.OBAN:
            work_ids = enqueue_jobs(source, Operation.FAN_OUT, ids, session=session, fan_out=fan_out)
            status = SyncStatus.ACCEPTED if work_ids else SyncStatus.NOOP
            return SyncResult(sync_mode, status, target.uid, ids, work_ids)
        _, target_ids = targets(source, fan_out, ids)
        done = converge(target, target_ids, mode=sync_mode)
        return sent_result(target, sync_mode, done.sent, target_ids, fenced=not done.in_flight)
