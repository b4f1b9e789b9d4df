"""Which fields of a document differ, database and index side by side."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import batched
from typing import Any

import orjson
import polars as pl

from scrypath.compare.fingerprint_tables import row_fingerprints
from scrypath.compare.fingerprints import id_of
from scrypath.compare.float_rounding import as_sent
from scrypath.config import Config
from scrypath.errors import IndexNotFound
from scrypath.frames import FIELD_DIFFERENCES
from scrypath.meilisearch import documents as index_documents
from scrypath.reach import one_call
from scrypath.schema import SearchSchema
from scrypath.schema.columns import from_records
from scrypath.schema.documents import canonical_fields_sql, computed
from scrypath.schema.fields import Field
from scrypath.schema.identity import several
from scrypath.schema.index_ref import IndexRef
from scrypath.schema.values import field_value
from scrypath.source.selection import Part
from scrypath.sync.current_documents import portions
from scrypath.vocabulary import DocumentDrift


@one_call()
def explain(schema: Any, ids: Sequence[str], *, config: Config | None = None) -> pl.DataFrame:
    """Why documents are not in step: one row for each field that differs.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    ids
        Document ids.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.FIELD_DIFFERENCES``. A ``missing``, ``orphan`` or ``unknown`` document has every field in it: the row
        of an unknown one cannot be projected, and has no values.

    Raises
    ------
    SchemaError, InvalidOptions
        For an unknown schema, or one id where a list is expected.

    Examples
    --------
    >>> import scrypath
    >>> _ = scrypath.sync_record("Brand", {"id": 1, "name": "Acne"})
    >>> scrypath.explain("Brand", ["1"]).select("drift", "field", "database", "index").rows()
    [('stale', 'name', '"Acme"', '"Acne"')]
    """
    ref = IndexRef.find(schema, config)
    texts = list(dict.fromkeys(str(item) for item in several("ids", ids)))
    unknown = _unprojectable(ref, texts)
    found: dict[str, list[dict[str, Any]]] = {}
    for documents in portions(ref, [item for item in texts if item not in unknown]):
        rows = dict(zip(documents.ids, documents.lines, strict=True))
        for index in _documents(ref, documents.ids):
            pairs = [(orjson.loads(rows[document_id]), document) for document_id, document in index.items()]
            for (document_id, document), (row, _), same in zip(
                index.items(), pairs, _same_fields(ref.schema, pairs), strict=True
            ):
                found[document_id] = _different(ref.schema, document_id, row, document, same=same)
        for document_id in rows.keys() - found.keys():
            found[document_id] = _different(ref.schema, document_id, orjson.loads(rows[document_id]), None)
    for index in _documents(ref, [item for item in texts if item not in found]):
        for document_id, document in index.items():
            found[document_id] = _different(
                ref.schema, document_id, None, document, unknown=document_id in unknown
            )
    for document_id in unknown - found.keys():
        found[document_id] = _different(ref.schema, document_id, None, None, unknown=True)
    return FIELD_DIFFERENCES.rows(row for item in texts for row in found.get(item, ()))


def _different(
    schema: SearchSchema,
    document_id: str,
    row: Mapping[str, Any] | None,
    document: Mapping[str, Any] | None,
    *,
    same: Collection[str] = (),
    unknown: bool = False,
) -> list[dict[str, Any]]:
    """The rows of ``frames.FIELD_DIFFERENCES`` for one document: its fields but those that are the ``same``."""
    drift = DocumentDrift.UNKNOWN if unknown else _drift(row, document)
    return [
        {
            "document_id": document_id,
            "drift": str(drift),
            "field": field.name,
            "database": None if row is None else _json(row.get(field.name)),
            "index": None if document is None or field.name not in document else _json(document[field.name]),
        }
        for field in schema.fields
        if field.name not in same
    ]


def _unprojectable(ref: IndexRef, ids: Sequence[str]) -> set[str]:
    read = row_fingerprints(ref, Part(ids=ids))
    pairs = zip(read.column("id").to_pylist(), read.column("problem").to_pylist(), strict=True)
    return {document_id for document_id, problem in pairs if problem is not None}


def _documents(ref: IndexRef, ids: Sequence[str]) -> Iterator[dict[str, dict[str, Any]]]:
    names = [field.name for field in ref.schema.fields]
    read = index_documents.get_in_portions(ref.config, ref.uid, ids, fields=names)
    with suppress(IndexNotFound):
        for documents in read:
            yield {id_of(ref.schema, document): document for document in documents}


def _drift(row: Any, document: Any) -> DocumentDrift:
    if row is None:
        return DocumentDrift.ORPHAN
    return DocumentDrift.MISSING if document is None else DocumentDrift.STALE


def _same_fields(
    schema: SearchSchema, pairs: Sequence[tuple[Mapping[str, Any], Mapping[str, Any]]]
) -> list[set[str]]:
    """Fields that say the same in a row and in its document, in whatever way, for each pair of these.

    A moment in another zone, a set in another order, a number whose last digit the server lost.
    """
    written = schema.in_documents
    names = [field.name for field in written.fields]
    records: list[Mapping[str, Any]] = []
    refused: list[set[str]] = []  # fields that cannot hold what the document has
    for row, document in pairs:
        held = {name: as_sent(document.get(name), row.get(name)) for name in names}
        held[schema.document_id] = row[schema.document_id]
        refused.append({field.name for field in written.fields if not _holds(field, held[field.name])})
        records += [row, held | {name: row.get(name) for name in refused[-1]}]
    query = f"SELECT [{canonical_fields_sql(written)}] AS marks FROM batch"
    marks = computed(query, from_records(written, records)).column("marks").to_pylist()
    return [
        {name for name, left, right in zip(names, *both, strict=True) if left == right} - other
        for both, other in zip(batched(marks, 2), refused, strict=True)
    ]


def _holds(field: Field, value: Any) -> bool:
    try:
        field_value(field, value)
    except (TypeError, ValueError, OverflowError):
        return False
    return True


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
