"""Both sides of given documents as they are at this moment."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import polars as pl

from scrypath.compare.fingerprint_tables import row_fingerprints
from scrypath.compare.fingerprints import document_fingerprints, id_of
from scrypath.compare.float_rounding import as_their_rows
from scrypath.errors import IndexNotFound
from scrypath.meilisearch import documents as index_documents
from scrypath.reach import submit
from scrypath.schema import FINGERPRINT_FIELD
from scrypath.schema.index_ref import IndexRef
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    from scrypath.source.adbc import Connection

AT_ONCE = 50_000  # documents read by id in one go: each one pays for a connection of its own

NOW = pl.Schema(
    {
        "document_id": pl.String(),
        "row_now": pl.String(),
        "document_now": pl.String(),
        "row_exists": pl.Boolean(),
        "document_exists": pl.Boolean(),
        "problem": pl.String(),
        "row_count": pl.Int64(),
        "by_content": pl.Boolean(),  # whether the fingerprint was computed, not carried by the document
    }
)

DOCUMENTS = pl.Schema({"id": pl.String(), "fingerprint": pl.String(), "by_content": pl.Boolean()})


def current_states(
    ref: IndexRef,
    ids: Sequence[str],
    *,
    verify: Verification,
    over: Connection | None = None,
) -> pl.DataFrame:
    """Rows and documents read by id: whether each exists, and its fingerprint; ``over`` as for ``rows.stream``.

    Returns
    -------
    polars.DataFrame
        Schema ``NOW``, one row per id, in order. An index that does not exist has no documents.
    """
    parts = [
        _states(ref, list(ids[start : start + AT_ONCE]), verify, over)
        for start in range(0, len(ids), AT_ONCE)
    ]
    return pl.concat(parts) if parts else NOW.to_frame()


def in_step() -> pl.Expr:
    """Whether a row of ``NOW`` says that both sides agree."""
    return (
        pl.col("problem").is_null()
        & (pl.col("row_exists") == pl.col("document_exists"))
        & pl.col("row_now").eq_missing(pl.col("document_now"))
    )


def _states(
    ref: IndexRef,
    ids: list[str],
    verify: Verification,
    over: Connection | None,
) -> pl.DataFrame:
    with ThreadPoolExecutor(1, thread_name_prefix="scrypath-states") as beside:
        reading = submit(beside, row_fingerprints, ref, Part(ids=ids), over=over)
        try:
            documents = _documents(ref, ids, verify)
        except IndexNotFound:
            documents = pl.DataFrame(schema=DOCUMENTS)
        rows = _once(pl.DataFrame(reading.result()))
    now = (
        pl.DataFrame({"document_id": ids}, schema={"document_id": pl.String()})
        .join(
            rows.select(
                pl.col("id").alias("document_id"),
                pl.col("fingerprint").alias("row_now"),
                "problem",
                "row_count",
                row_exists=True,
            ),
            on="document_id",
            how="left",
        )
        .join(
            documents.select(
                pl.col("id").alias("document_id"),
                pl.col("fingerprint").alias("document_now"),
                "by_content",
                document_exists=True,
            ),
            on="document_id",
            how="left",
        )
        .with_columns(
            pl.col("row_exists", "document_exists", "by_content").fill_null(value=False),
            pl.col("row_count").fill_null(0),
        )
    )
    unlike = now.filter(
        pl.col("by_content") & pl.col("row_exists") & pl.col("problem").is_null() & ~in_step()
    )
    alike = as_their_rows(ref, unlike["document_id"].to_list())
    said = pl.when(pl.col("document_id").is_in(list(alike))).then("row_now").otherwise("document_now")
    return now.with_columns(document_now=said).select(NOW.names()).cast(NOW)


def _once(rows: pl.DataFrame) -> pl.DataFrame:
    """Each id once; rows that share an id and differ cannot be distinguished by it."""
    return rows.group_by("id", maintain_order=True).agg(
        pl.col("fingerprint").first(),
        pl.coalesce(
            pl.col("problem").drop_nulls().first(),
            pl.when(pl.col("fingerprint").n_unique() > 1).then(
                pl.format("{} different rows have this id.", pl.col("fingerprint").n_unique())
            ),
        ).alias("problem"),
        pl.len().cast(pl.Int64).alias("row_count"),
    )


def _documents(ref: IndexRef, ids: list[str], verify: Verification) -> pl.DataFrame:
    """``id`` and ``fingerprint`` of some documents; of those that carry none, ``by_content``."""
    index = ref.uid
    carried: list[tuple[str, str]] = []
    bare: Sequence[str] = ids
    if verify is not Verification.CONTENT:
        read = index_documents.get_many(
            ref.config, index, ids, fields=[ref.schema.document_id, FINGERPRINT_FIELD]
        )
        marks = [(id_of(ref.schema, item), item.get(FINGERPRINT_FIELD)) for item in read]
        carried = [(document_id, mark) for document_id, mark in marks if isinstance(mark, str)]
        bare = [document_id for document_id, mark in marks if not isinstance(mark, str)]
    found = pl.DataFrame([(*pair, False) for pair in carried], schema=DOCUMENTS, orient="row")
    if not bare:
        return found
    whole = [field.name for field in ref.schema.fields]
    read_whole = index_documents.get_in_portions(ref.config, index, bare, fields=whole)
    computed = [pl.DataFrame(document_fingerprints(ref.schema, portion)) for portion in read_whole]
    return pl.concat(
        [found, *(portion.with_columns(by_content=True).cast(DOCUMENTS) for portion in computed)]
    )
