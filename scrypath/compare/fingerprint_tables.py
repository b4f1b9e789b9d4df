"""Ids and fingerprints of rows and of documents, as Arrow tables: what the sides of a comparison are made of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scrypath.compare.fingerprints import document_fingerprints, id_of, unnamed
from scrypath.compare.page_overlap import PageOverlap
from scrypath.meilisearch import documents as index_documents
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.columns import Unprojectable
from scrypath.schema.documents import computed, fingerprint_sql, id_sql, raw_id_sql
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification

if TYPE_CHECKING:
    import pyarrow as pa

    from scrypath.source.adbc import Connection


def row_fingerprints(ref: IndexRef, part: Part, *, over: Connection | None = None) -> pa.Table:
    """``id``, ``fingerprint`` and ``problem`` of some rows, as the scan sees them; ``over`` as for ``rows.stream``."""
    import pyarrow as pa

    found: list[pa.Table] = []
    unprojectable: list[Unprojectable] = []
    with rows.stream_portions(ref, part, over=over) as portions:
        for portion in portions:
            found.append(computed(row_query(ref.schema), portion.table))
            unprojectable.extend(portion.unprojectable)
    if unprojectable or not found:  # made of Python's values, it has pyarrow import pandas
        found.append(unprojectable_table(unprojectable))
    return pa.concat_tables(found)


def document_tables(
    ref: IndexRef,
    verify: Verification,
    overlap: PageOverlap,
    *,
    start: int = 0,
    stop: int | None = None,
) -> Iterator[pa.Table]:
    """``id`` and ``fingerprint`` of documents, page by page, as the scan sees them.

    Parameters
    ----------
    ref
        Whose documents.
    verify
        Whether documents are judged by the fingerprint they carry or by their content.
    overlap
        Learns whether the pages left nothing out.
    start, stop
        Positions, ``stop`` exclusive; default: all of them.

    Raises
    ------
    BackendRejected
        When a document has no field of the schema's ``document_id``.
    """
    by_content = verify is Verification.CONTENT
    fields = (
        [field.name for field in ref.schema.fields]
        if by_content
        else [ref.schema.document_id, FINGERPRINT_FIELD]
    )
    most = index_documents.ANSWER if by_content else None
    for page in index_documents.pages(
        ref.config, ref.uid, fields=fields, start=start, stop=stop, overlap=1, most=most
    ):
        if by_content:
            documents = page.documents()
            ids = [id_of(ref.schema, document) for document in documents[:1] + documents[-1:]]
            table = document_fingerprints(ref.schema, documents)
        else:
            table = index_documents.columns(page, fields).rename_columns(["id", "fingerprint"])
            if table.column("id").null_count:
                raise unnamed(ref.schema)
            ids = [table.column("id")[place].as_py() for place in (0, -1)] if page.count else []
        overlap.follow(*(ids or (None, None)))
        yield table


def unprojectable_table(unprojectable: Sequence[Unprojectable]) -> pa.Table:
    """Rows that cannot be projected, as the scan keeps them: id, no fingerprint, and the problem."""
    import pyarrow as pa

    names = ("id", "fingerprint", "problem")
    said = [dict(zip(names, (shown, None, why), strict=True)) for shown, why in unprojectable]
    return pa.Table.from_pylist(said, schema=pa.schema([(name, pa.string()) for name in names]))


def row_query(schema: SearchSchema) -> str:
    """SQL that makes ``id``, ``fingerprint`` and ``problem`` of a table ``batch`` of a schema's columns."""
    key, fingerprint = id_sql(schema), fingerprint_sql(schema)
    raw = raw_id_sql(schema)
    return f"""
        SELECT coalesce(key, raw, '') AS id, fingerprint,
               CASE WHEN key IS NULL THEN 'The id is one that Meilisearch refuses.'
                    WHEN fingerprint IS NULL THEN 'A number is not finite.' END AS problem
        FROM (SELECT {key} AS key, {raw}::VARCHAR AS raw, {fingerprint} AS fingerprint FROM batch)
    """
