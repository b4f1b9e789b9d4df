"""What a write returns."""

from __future__ import annotations

from dataclasses import dataclass, field

from scrypath.vocabulary import SyncMode, SyncStatus


@dataclass(frozen=True, slots=True)
class SyncResult:
    """What became of one write.

    Parameters
    ----------
    mode
        The sync mode it was made in.
    status
        ``completed``: Meilisearch finished the task (inline). ``accepted``: the task or the job exists, and
        the documents may not be searchable yet (manual, oban). ``noop``: there was nothing to do.
    index
        Index name on the server.
    document_ids
        Ids of the documents, as text.
    work_ids
        One work id for each task or job the write was cut into.
    fenced
        False: a newer row that somebody else committed and wrote meanwhile may have been overwritten by this write.
        So it is where the database cannot be read: the record is not as its row, its transaction is still open, or
        there is no database; and where a row changed during each of several writes.
    removed_ids
        Those of ``document_ids`` whose documents are removed: what was to be deleted, and records that are no rows of
        the schema, since its ``query`` does not show them or their row is gone. Empty in ``oban`` mode: the worker
        looks when the job runs.
    """

    mode: SyncMode
    status: SyncStatus
    index: str
    document_ids: tuple[str, ...] = field(repr=False)
    work_ids: tuple[str, ...] = ()
    fenced: bool = True
    removed_ids: tuple[str, ...] = field(default=(), repr=False)

    @property
    def document_count(self) -> int:
        """How many documents the write is about."""
        return len(self.document_ids)

    @property
    def removed_count(self) -> int:
        """How many of the documents are removed."""
        return len(self.removed_ids)

    @property
    def work_id(self) -> str | None:
        """The work id of a write that is one task or job; the last one of several."""
        return self.work_ids[-1] if self.work_ids else None
