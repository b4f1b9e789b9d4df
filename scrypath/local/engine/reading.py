"""Documents read back: one, a page, some by id, filtered or sorted."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import orjson

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.index import Facts, Index
from scrypath.local.engine.payload import Document, loads


@dataclass(frozen=True, slots=True)
class Browse:
    """Which documents are asked for, and which of their fields.

    ``fields``, ``ids``, ``filter`` and ``sort`` are None when not given.
    """

    offset: int = 0
    limit: int = 20
    fields: Sequence[str] | None = None
    vectors: bool = False
    ids: Sequence[str] | None = None
    filter: Any = None
    sort: Sequence[str] | None = None


def _select(value: Any, paths: Iterable[list[str]]) -> Any:
    """Return the parts of an object that dotted paths name."""
    if isinstance(value, list):
        return [_select(item, paths) if isinstance(item, (dict, list)) else item for item in value]
    kept: dict[str, Any] = {}
    for key, inner in value.items():
        deeper: list[list[str]] = []
        for path in paths:
            depths = range(1, len(path) + 1)
            deeper.extend(path[depth:] for depth in depths if ".".join(path[:depth]) == key)
        if [] in deeper:
            kept[key] = inner
        elif deeper and isinstance(inner, (dict, list)):
            part = _select(inner, deeper)
            if part:
                kept[key] = part
    return kept


def projection(fields: Sequence[str]) -> Callable[[Document], Document]:
    """Return what reduces a document to some of its fields."""
    wanted = frozenset(fields)
    if not any("." in field for field in fields):
        return lambda document: {key: document[key] for key in document if key in wanted}
    paths = [field.split(".") for field in fields]

    def select(document: Document) -> Document:
        found: Document = _select(document, paths)
        return found

    return select


def shape(texts: Iterable[str], browse: Browse, facts: Facts) -> list[str] | list[Document]:
    """Return stored documents as they are shown; whole ones stay the text they are."""
    if browse.vectors:
        whole = ({"_vectors": {}, **loads(text)} for text in texts)
        reduce = projection(browse.fields) if browse.fields is not None else dict
        return [reduce(document) for document in whole]
    if browse.fields is None:
        if not facts.vectors:
            return list(texts)
        return [{key: value for key, value in loads(text).items() if key != "_vectors"} for text in texts]
    fields = [field for field in browse.fields if field != "_vectors"]
    if len(fields) <= 3 and not any("." in field for field in fields):
        return _few(texts, list(dict.fromkeys(fields)))
    reduce = projection(fields)
    return [reduce(loads(text)) for text in texts]


def _few(texts: Iterable[str], fields: list[str]) -> list[Document]:
    """Return documents reduced to a handful of fields, the common case of a comparison."""
    kept = []
    for text in texts:
        document = loads(text)
        kept.append({field: document[field] for field in fields if field in document})
    return kept


def encode(results: list[str] | list[Document], offset: int, limit: int, total: int) -> bytes:
    """Return the JSON of a page of documents."""
    if results and isinstance(results[0], str):
        shown = ("[" + ",".join(results) + "]").encode()
    else:
        shown = orjson.dumps(results)
    return b'{"results":' + shown + f',"offset":{offset},"limit":{limit},"total":{total}}}'.encode()


def _by_docids(conn: sqlite3.Connection, docids: Sequence[int]) -> list[str]:
    rows = conn.execute(
        "SELECT doc FROM json_each(?) AS wanted CROSS JOIN documents ON documents.docid = wanted.value"
        " ORDER BY wanted.key",
        (dumps(list(docids)),),
    )
    return [text for (text,) in rows]


def candidates(conn: sqlite3.Connection, facts: Facts, browse: Browse) -> list[int] | None:
    """Return the docids a request is about; None for all."""
    from scrypath.local.engine.search import filters

    found: list[int] | None = None
    if browse.ids is not None:
        rows = conn.execute(
            "SELECT docid FROM documents WHERE id IN (SELECT value FROM json_each(?)) ORDER BY docid",
            (dumps(list(browse.ids)),),
        )
        found = [docid for (docid,) in rows]
    if browse.filter is not None:
        try:
            node = filters.parse(browse.filter)
            if node is not None:
                matching = filters.matching(conn, facts.settings, node)
                among = None if found is None else frozenset(found)
                found = sorted(docid for docid in matching if among is None or docid in among)
        except filters.FilterError as error:
            raise ApiError(error.code or "invalid_document_filter", error.message) from None
    return found


def _in_order(
    conn: sqlite3.Connection, facts: Facts, sort: Sequence[str], docids: list[int] | None
) -> list[int]:
    """Return docids (None for all) in the order of criteria; a document that a criterion loses is left out."""
    from scrypath.local.engine.search import sorting

    try:
        criteria = sorting.read(list(sort))
        sorting.check(criteria, {**facts.settings, "rankingRules": ["sort"]}, "")
    except ApiError as error:
        raise ApiError("invalid_document_sort", error.message) from None
    return _sorted(conn, criteria, docids)


def _sorted(conn: sqlite3.Connection, criteria: Sequence[Any], docids: list[int] | None) -> list[int]:
    from scrypath.local.engine.search import sorting

    if not criteria:
        return docids or []
    found: list[int] = []
    for value, group in sorting.groups(conn, criteria[0], docids):
        shown = group if value is not None else sorting.without(conn, criteria[0], group)
        found += _sorted(conn, criteria[1:], shown) if criteria[1:] else shown
    return found


def page(index: Index, browse: Browse) -> bytes:
    """Return the JSON of the documents a request asks for."""
    with index.read() as (conn, facts):
        docids = candidates(conn, facts, browse)
        total = facts.count if docids is None else len(docids)
        if browse.sort:
            docids = _in_order(conn, facts, browse.sort, docids)
        if docids is not None:
            texts: Iterable[str] = _by_docids(conn, docids[browse.offset : browse.offset + browse.limit])
        else:
            limit = min(browse.limit, max(total - browse.offset, 0))
            start, skip = index.first_docid(conn, facts, browse.offset) if limit else (0, 0)
            rows = conn.execute(
                "SELECT doc FROM documents WHERE docid >= ? ORDER BY docid LIMIT ? OFFSET ?",
                (start, limit, skip),
            )
            texts = [text for (text,) in rows]
        results = shape(texts, browse, facts)
    return encode(results, browse.offset, browse.limit, total)


def one(index: Index, id_: str, fields: Sequence[str] | None, vectors: bool) -> bytes:
    """Return the JSON of one document."""
    with index.read() as (conn, facts):
        row = conn.execute("SELECT doc FROM documents WHERE id = ?", (id_,)).fetchone()
        if row is None:
            raise ApiError("document_not_found", f"Document `{id_}` not found.")
        shown = shape([row[0]], Browse(fields=fields, vectors=vectors), facts)[0]
    return shown.encode() if isinstance(shown, str) else orjson.dumps(shown)
