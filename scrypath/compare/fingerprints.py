"""Fingerprints of documents by what they hold, whatever fingerprint they carry."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scrypath.errors import BackendRejected
from scrypath.schema import SearchSchema
from scrypath.schema.columns import projectable_records
from scrypath.schema.documents import computed, fingerprint_sql, raw_id_sql
from scrypath.schema.fields import Kind
from scrypath.schema.identity import id_value

if TYPE_CHECKING:
    import pyarrow as pa


def unnamed(schema: SearchSchema) -> BackendRejected:
    """The index holds documents without the field that names them: another primary key has been set meanwhile."""
    return BackendRejected(
        f"The index of {schema.name} holds documents without the field {schema.document_id!r}.",
        hint="Look at its primary key: another one may have been set while it was read.",
    )


def id_of(schema: SearchSchema, document: dict[str, Any]) -> str:
    """The id of a document as text.

    Raises
    ------
    BackendRejected
        When it has none.
    """
    value = document.get(schema.document_id)
    if value is None:
        raise unnamed(schema)
    return str(value)


def document_fingerprints(schema: SearchSchema, documents: Sequence[dict[str, Any]]) -> pa.Table:
    """``id`` and ``fingerprint`` of documents, computed as for rows; an absent field counts as null.

    A document whose values the schema's fields cannot hold has no fingerprint: it differs from every row.
    """
    import pyarrow as pa

    names = [field.name for field in schema.fields]
    other, documents = _other_spellings(schema, documents)
    held = [
        {name: document.get(name) for name in names} | {schema.document_id: _identity(schema, document)}
        for document in documents
    ]
    projectable, unprojectable = projectable_records(schema.in_documents, held)
    key = raw_id_sql(schema)
    known = computed(
        f"SELECT {key}::VARCHAR AS id, {fingerprint_sql(schema)} AS fingerprint FROM batch", projectable
    )
    strange = [*other, *(document_id for document_id, _ in unprojectable)]
    strangers = pa.table(
        {
            "id": pa.array(strange, known.schema.field("id").type),
            "fingerprint": pa.nulls(len(strange), known.schema.field("fingerprint").type),
        }
    )
    return pa.concat_tables([known, strangers])


def _other_spellings(
    schema: SearchSchema, documents: Sequence[dict[str, Any]]
) -> tuple[list[str], list[dict[str, Any]]]:
    """Ids as no row's document has them, such as a UUID in capital letters, and the documents that have another."""
    ids = [id_of(schema, document) for document in documents]
    if schema.id_field.kind is not Kind.UUID:
        return [], list(documents)
    usual = [id_value(schema, text) is not None for text in ids]
    return (
        [text for text, same in zip(ids, usual, strict=True) if not same],
        [document for document, same in zip(documents, usual, strict=True) if same],
    )


def _identity(schema: SearchSchema, document: dict[str, Any]) -> Any:
    # 1 and "1" name the same document, whichever of the two it was sent with.
    text, value = id_of(schema, document), document[schema.document_id]
    kind = schema.id_field.kind
    if kind is Kind.INTEGER and isinstance(value, str):
        number = id_value(schema, text)
        return text if number is None else number
    return text if kind is Kind.TEXT else value
