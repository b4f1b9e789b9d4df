"""Which fields of a document differ, database and index side by side."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson
import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import IndexNotFound
from scrypath.frames import FIELD_DIFFERENCES
from scrypath.meilisearch import documents as wire
from scrypath.schema import SearchSchema, registry
from scrypath.schema.columns import canonical_json
from scrypath.sync.convergence import current
from scrypath.vocabulary import DocumentDrift


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
        ``frames.FIELD_DIFFERENCES``; a missing or orphan document has every field in it.

    Raises
    ------
    ProjectionError
        When one of the rows cannot be projected.
    """
    found, settled = registry.find(schema), resolve(config)
    texts = [str(item) for item in ids]
    documents, _ = current(found, settled, texts)
    rows = dict(zip(documents.ids, map(orjson.loads, documents.lines), strict=True))
    index = _documents(found, settled, texts)
    different: list[dict[str, Any]] = []
    for document_id in texts:
        row, document = rows.get(document_id), index.get(document_id)
        drift = _drift(row, document)
        if drift is None:
            continue
        for field in found.fields:
            left = None if row is None else row.get(field.name)
            right = None if document is None else document.get(field.name)
            if row is None or document is None or _differs(left, right, set_like=field.set_like):
                different.append(
                    {
                        "document_id": document_id,
                        "drift": str(drift),
                        "field": field.name,
                        "database": None if row is None else _json(left),
                        "index": None if document is None or field.name not in document else _json(right),
                    }
                )
    return FIELD_DIFFERENCES.rows(different)


def _documents(schema: SearchSchema, config: Config, ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    names = [field.name for field in schema.fields]
    try:
        read = wire.get_many(config, schema.index_name(config), ids, fields=names)
    except IndexNotFound:
        return {}
    return {str(document[schema.document_id]): document for document in read}


def _drift(row: Any, document: Any) -> DocumentDrift | None:
    if row is None:
        return None if document is None else DocumentDrift.ORPHAN
    return DocumentDrift.MISSING if document is None else DocumentDrift.STALE


def _differs(left: Any, right: Any, *, set_like: bool) -> bool:
    return canonical_json(left, set_like=set_like) != canonical_json(right, set_like=set_like)


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
