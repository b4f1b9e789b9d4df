"""Which fields of a document differ, database and index side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import orjson
import polars as pl

from scrypath.compare.fingerprint_tables import row_fingerprints
from scrypath.compare.fingerprints import id_of
from scrypath.compare.float_rounding import as_sent
from scrypath.config import Config
from scrypath.errors import IndexNotFound, ProjectionError
from scrypath.frames import FIELD_DIFFERENCES
from scrypath.meilisearch import documents as index_documents
from scrypath.reach import one_call
from scrypath.schema import SearchSchema
from scrypath.schema.documents import project_records
from scrypath.schema.identity import several
from scrypath.schema.index_ref import IndexRef
from scrypath.source.selection import Part
from scrypath.sync.current_documents import current
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
        For an unknown schema, or one id where several are asked for.

    Examples
    --------
    >>> import scrypath
    >>> _ = scrypath.sync_record("Brand", {"id": 1, "name": "Acne"})
    >>> scrypath.explain("Brand", ["1"]).select("drift", "field", "database", "index").rows()
    [('stale', 'name', '"Acme"', '"Acne"')]
    """
    ref = IndexRef.find(schema, config)
    texts = list(dict.fromkeys(str(item) for item in several("ids", ids)))
    unknown = _unsound(ref, texts)
    documents, _ = current(ref, [item for item in texts if item not in unknown])
    rows = dict(zip(documents.ids, map(orjson.loads, documents.lines), strict=True))
    index = _documents(ref, texts)
    different: list[dict[str, Any]] = []
    for document_id in texts:
        row, document = rows.get(document_id), index.get(document_id)
        drift = DocumentDrift.UNKNOWN if document_id in unknown else _drift(row, document)
        if drift is None:
            continue
        same = _same_fields(ref.schema, row, document) if drift is DocumentDrift.STALE else ()
        different.extend(
            {
                "document_id": document_id,
                "drift": str(drift),
                "field": field.name,
                "database": None if row is None else _json(row.get(field.name)),
                "index": None
                if document is None or field.name not in document
                else _json(document[field.name]),
            }
            for field in ref.schema.fields
            if field.name not in same
        )
    return FIELD_DIFFERENCES.rows(different)


def _unsound(ref: IndexRef, ids: Sequence[str]) -> set[str]:
    read = row_fingerprints(ref, Part(ids=ids))
    pairs = zip(read.column("id").to_pylist(), read.column("problem").to_pylist(), strict=True)
    return {document_id for document_id, problem in pairs if problem is not None}


def _documents(ref: IndexRef, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    names = [field.name for field in ref.schema.fields]
    try:
        read = index_documents.get_many(ref.config, ref.uid, ids, fields=names)
    except IndexNotFound:
        return {}
    return {id_of(ref.schema, document): document for document in read}


def _drift(row: Any, document: Any) -> DocumentDrift | None:
    if row is None:
        return None if document is None else DocumentDrift.ORPHAN
    return DocumentDrift.MISSING if document is None else DocumentDrift.STALE


def _same_fields(
    schema: SearchSchema, row: Mapping[str, Any] | None, document: Mapping[str, Any] | None
) -> set[str]:
    """Fields that say the same on both sides, in whatever way.

    A moment in another zone, a set in another order, a number whose last digit the server lost.
    """
    left, right, written = dict(row or {}), document or {}, schema.in_documents
    # The row with one value of the document's: the same row still, or another one.
    names = [field.name for field in schema.fields if field.name != schema.document_id]
    one_changed = [{**left, name: as_sent(right.get(name), left.get(name))} for name in names]
    try:
        mark, *marks = project_records(written, [left, *one_changed]).fingerprints
    except ProjectionError:  # one of the fields cannot hold what the document has
        mark = project_records(written, [left]).fingerprints[0]
        marks = [_mark(written, changed) for changed in one_changed]
    return {schema.document_id, *(name for name, found in zip(names, marks, strict=True) if found == mark)}


def _mark(schema: SearchSchema, record: Mapping[str, Any]) -> str:
    try:
        return project_records(schema, [record]).fingerprints[0]
    except ProjectionError:
        return ""


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
