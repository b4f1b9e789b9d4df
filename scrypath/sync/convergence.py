"""Bringing given documents in step with their rows as they are now."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing, nullcontext
from dataclasses import dataclass
from itertools import batched
from time import monotonic

from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from scrypath.sync.fence import ROUNDS, Fence, Reading, fenced
from scrypath.sync.sending import Sent
from scrypath.vocabulary import SyncMode

SUSPENDED = 20.0  # seconds without a sign of this process between reading a row and sending it


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
    fence: Fence | None = None,
) -> Converged:
    """Write the rows behind these ids as they are now, and delete the documents whose row is gone.

    What the work was made for does not matter any more: a job may run twice, late or out of
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
    fence
        One for these rows that nobody else is reading with; default: one of its own.

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
    with nullcontext(fence) if fence is not None else fenced(ref) as asking:
        for part in batched(dict.fromkeys(ids), ref.config.batch_size):
            left: tuple[str, ...] = part
            for _ in range(rounds):
                tokens: dict[str, str] = {}
                complete = True
                with closing(asking.read(left)) as readings:
                    for reading in readings:
                        posted, complete = _posted(ref, reading, mode=mode, cause=cause)
                        sent += posted
                        tokens.update(reading.tokens)
                        if not complete:
                            break
                if not complete:
                    continue
                left = asking.overtaken(left, tokens)
                if not left:
                    break
            in_flight += left
    return Converged(tuple(sent), tuple(in_flight))


def _posted(ref: IndexRef, reading: Reading, *, mode: SyncMode, cause: str | None) -> tuple[list[Sent], bool]:
    """The tasks of what was read, and whether all of it was sent.

    It is not when this process was stopped in between: others may have written all of it since, and have been believed.
    """
    sent: list[Sent] = []
    alive_at = reading.read_at
    if reading.documents.ids:
        sending.ensure_index(ref)
    for group in sending.prepare(ref, reading.documents, mode=mode, cause=cause):
        for prepared in group:
            if monotonic() - alive_at > SUSPENDED:
                return sent, False
            sent.append(sending.post(ref, prepared))
            alive_at = monotonic()
    if reading.vanished and monotonic() - alive_at > SUSPENDED:
        return sent, False
    return [*sent, *sending.delete(ref, reading.vanished, mode=mode, cause=cause)], True
