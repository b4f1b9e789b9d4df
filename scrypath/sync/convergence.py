"""Bringing given documents in step with their rows as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import batched

from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from scrypath.sync.fence import ROUNDS, fenced
from scrypath.sync.sending import Sent
from scrypath.vocabulary import SyncMode


@dataclass(frozen=True, slots=True)
class Converged:
    """What was sent for given documents.

    Parameters
    ----------
    sent
        The accepted tasks, in their order.
    in_flight
        Documents whose row changed during each of the writes: they may be older than their row.
    """

    sent: tuple[Sent, ...] = ()
    in_flight: tuple[str, ...] = ()


def converge(
    ref: IndexRef,
    ids: Sequence[str],
    *,
    mode: SyncMode,
    cause: str | None = None,
    rounds: int = ROUNDS,
) -> Converged:
    """Write the rows behind these ids as they are now, and delete the documents whose row is gone.

    What was asked for when the work was made does not matter any more: a job may run twice, late or out of
    order, and the index still ends as the database is.

    Parameters
    ----------
    ref
        Whose rows, and where to.
    ids
        Document ids.
    mode, cause
        As for :func:`scrypath.sync.sending.upsert`.
    rounds
        How often a row that keeps changing is written.

    Raises
    ------
    ReplicaSource
        When the database is in recovery.
    ProjectionError
        When one of the rows cannot be projected.
    """
    if not ids:
        return Converged()
    sent: list[Sent] = []
    in_flight: list[str] = []
    with fenced(ref) as fence:
        for part in batched(dict.fromkeys(ids), ref.config.batch_size):
            left: tuple[str, ...] = part
            for _ in range(rounds):
                reading = fence.read(left)
                if reading.documents.ids:
                    sending.ensure_index(ref)
                sent += sending.upsert(ref, reading.documents, mode=mode, cause=cause)
                sent += sending.delete(ref, reading.vanished, mode=mode, cause=cause)
                left = fence.overtaken(left, reading.tokens)
                if not left:
                    break
            in_flight += left
    return Converged(tuple(sent), tuple(in_flight))
