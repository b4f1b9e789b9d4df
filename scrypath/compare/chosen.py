"""Comparing chosen documents with their rows, by id."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from scrypath.compare.by_id import in_step, states
from scrypath.compare.confirm import confirmed
from scrypath.compare.in_flight import in_flight
from scrypath.config import Config
from scrypath.schema import SearchSchema
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    from scrypath.source.adbc import Connection


@dataclass(frozen=True, slots=True)
class Chosen:
    """What was found of the documents chosen.

    Parameters
    ----------
    drift
        As :func:`scrypath.compare.confirm.confirmed` returns it.
    bare_rows, bare_documents
        How many were rows without a document, and documents without a row, when they were read.
    """

    drift: pl.DataFrame
    bare_rows: int
    bare_documents: int


def compare_chosen(
    schema: SearchSchema,
    config: Config,
    ids: Sequence[str],
    *,
    verify: Verification,
    ended: int,
    over: Connection | None = None,
) -> Chosen:
    """Read both sides of these ids, and once more what does not look the same.

    Parameters
    ----------
    schema, config
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
    read = states(schema, config, ids, verify=verify, over=over)
    suspects = read.filter(~in_step()).select(
        "document_id",
        row_fingerprint="row_now",
        document_fingerprint="document_now",
        has_row="row_stands",
        has_document="document_stands",
    )
    stands = pl.col("row_stands"), pl.col("document_stands")
    alone = read.select((stands[0] & ~stands[1]).sum(), (stands[1] & ~stands[0]).sum().alias("documents"))
    pending = in_flight(schema, config, since=ended)
    return Chosen(confirmed(schema, config, suspects, pending, verify=verify, over=over), *alone.row(0))
