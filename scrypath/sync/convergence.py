"""Bringing given documents in step with their rows as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext

from scrypath.queue.order import in_turn
from scrypath.schema.documents import Documents, project_columns, project_records
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.selection import Part
from scrypath.sync import sending
from scrypath.sync.sending import Sent
from scrypath.vocabulary import SyncMode


def current(ref: IndexRef, ids: Sequence[str]) -> tuple[Documents, tuple[str, ...]]:
    """The documents of the rows behind these ids, and the ids that have no row.

    Raises
    ------
    ProjectionError
        When one of the rows cannot be projected.
    """
    if ref.schema.plain:
        documents = project_columns(ref.schema, rows.table(ref, Part(ids=ids)))
    else:
        documents = project_records(ref.schema, rows.records(ref, ids))
    present = set(documents.ids)
    return documents, tuple(dict.fromkeys(item for item in ids if item not in present))


def converge(ref: IndexRef, ids: Sequence[str], *, mode: SyncMode, cause: str | None = None) -> list[Sent]:
    """Write the rows behind these ids as they are now, and delete the documents whose row is gone.

    What was asked for when the work was made does not matter any more: a job may run twice, late or out of
    order, and the index still ends as the database is.

    Returns
    -------
    list[Sent]
        The accepted tasks; none when ``ids`` is empty.
    """
    sent: list[Sent] = []
    for start in range(0, len(ids), ref.config.batch_size):
        # Rows read last must be sent last: two jobs about one row take turns between reading and sending.
        with in_turn(ref.config, ref.uid) if mode is SyncMode.OBAN else nullcontext():
            documents, vanished = current(ref, ids[start : start + ref.config.batch_size])
            if documents.ids:
                sending.ensure_index(ref)
            sent.extend(sending.upsert(ref, documents, mode=mode, cause=cause))
            sent.extend(sending.delete(ref, vanished, mode=mode, cause=cause))
    return sent
