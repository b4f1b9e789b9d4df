"""Every row compared with its document: both sides read, joined, and what differs confirmed one by one."""

from __future__ import annotations

from datetime import UTC, datetime

from scrypath.compare.checkpoint import observe
from scrypath.compare.comparison import Comparison, impossible, not_compared
from scrypath.compare.confirm import confirmed
from scrypath.compare.in_flight import ended_up_to, in_flight
from scrypath.compare.local_reader import Reader, read_here
from scrypath.config import Config
from scrypath.errors import IndexNotFound
from scrypath.frames import DOCUMENTS
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.indexes import IndexInfo
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Verification

REPLACED = "The index was swapped or recreated while it was read."
OVERLOOKED = "Documents were deleted each time the index was read: some may have been missed."


def compare(
    ref: IndexRef,
    *,
    verify: Verification = Verification.FINGERPRINT,
    read: Reader = read_here,
) -> Comparison:
    """Compare every row of a schema with its document.

    Suspects are read again by id on both sides, and documents with work pending are ``in_flight``: neither a
    page that shifted nor a write under way is reported as drift.

    Parameters
    ----------
    ref
        What is compared.
    verify
        What is read from documents.
    read
        How both sides are read.

    Raises
    ------
    TransportError, DatabaseError
        When a side cannot be read.
    OutOfSpace
        When memory or the temporary folder is full.
    """
    began = datetime.now(UTC)
    before = indexes.get(ref.config, ref.uid)
    if not ref.schema.fingerprint:
        verify = Verification.CONTENT
    if before is not None and before.primary_key not in (None, ref.schema.document_id):
        note = f"The index names its documents by {before.primary_key!r}, not {ref.schema.document_id!r}."
        return not_compared(ref, verify, began, note)
    ended = ended_up_to(ref.config, ref.uid)
    baseline = observe(ref, before, ended=ended)
    try:
        scanned = read(ref, verify, before is not None)
    except IndexNotFound:
        return not_compared(ref, verify, began, "The index was deleted while it was read.")
    pending = in_flight(ref, since=ended)
    found = confirmed(ref, scanned.suspects, pending, verify=verify, without_id=scanned.without_id).sort(
        "document_id"
    )
    if _replaced(ref.config, ref.uid, before, ended=ended):
        return not_compared(ref, verify, began, REPLACED)
    if not scanned.complete:
        # Every row was compared all the same: it is documents without a row that may be missing here.
        return impossible(began, verify, OVERLOOKED, DOCUMENTS.conform(found))
    return Comparison(
        taken_at=began,
        duration=datetime.now(UTC) - began,
        verify=verify,
        compared=True,
        rows=scanned.rows,
        documents=scanned.documents,
        in_step=scanned.rows - int(found["row_count"].sum()),
        drift=DOCUMENTS.conform(found),
        baseline=None if baseline is None else baseline.completed(ref.config),
        index_created_at=before.created_at if before is not None else None,
        without_id=scanned.without_id,
    )


def _replaced(config: Config, index: str, before: IndexInfo | None, *, ended: int) -> bool:
    """Whether the index is another one than before, or has been another one meanwhile."""
    after = indexes.get(config, index)
    if (before and before.created_at) != (after and after.created_at):
        return True
    swaps = tasks.listing(
        config, types=["indexSwap"], statuses=["succeeded"], reverse=True, from_uid=ended + 1
    )
    return any(f'"{index}"' in (details or "") for details in swaps.frame["details"])
