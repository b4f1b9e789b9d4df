"""Comparing chosen documents with their rows, by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from scrypath.compare.confirm import confirmed
from scrypath.compare.current_state import current_states, in_step
from scrypath.compare.in_flight import in_flight
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    from scrypath.source.adbc import Connection


@dataclass(frozen=True, slots=True)
class ComparedById:
    """What was found of the documents chosen.

    Parameters
    ----------
    drift
        As :func:`scrypath.compare.confirm.confirmed` returns it.
    rows, documents
        How many rows and documents have these ids.
    """

    drift: pl.DataFrame
    rows: int
    documents: int


def compare_by_id(
    ref: IndexRef,
    ids: Sequence[str],
    *,
    verify: Verification,
    ended: int,
    over: Connection | None = None,
) -> ComparedById:
    """Read both sides of these ids, and once more what does not look the same.

    Parameters
    ----------
    ref
        What is compared.
    ids
        Document ids, each once.
    verify
        What is read from documents.
    ended
        As :func:`scrypath.compare.in_flight.ended_up_to` said before anything was read.
    over
        As for ``rows.stream``.
    """
    read = current_states(ref, ids, verify=verify, over=over)
    suspects = read.filter(~in_step()).select(
        "document_id",
        row_fingerprint="row_now",
        document_fingerprint="document_now",
        has_row="row_exists",
        has_document="document_exists",
    )
    pending = in_flight(ref, since=ended)
    return ComparedById(
        confirmed(ref, suspects, pending, verify=verify, over=over),
        rows=int(read["row_count"].sum()),
        documents=int(read["document_exists"].sum()),
    )
