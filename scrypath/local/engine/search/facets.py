"""Facets: how many documents have which value."""

from __future__ import annotations

import json
import sqlite3
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, Final

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search.fields import Filterable, covers, matches
from scrypath.local.engine.search.indexer import field_ids, loads
from scrypath.local.engine.search.values import facet_values, shown_number

FEW: Final = 300
"""Documents whose values are read one document at a time."""


def check(patterns: list[str], settings: Mapping[str, Any]) -> None:
    """Refuse facets that the settings do not allow."""
    filterable = Filterable(settings)
    for pattern in patterns:
        for rule in filterable.rules:
            if rule.filters:
                if rule.touches(pattern):
                    break
            elif rule.about(pattern):
                raise _refused(pattern, filterable, rule.number)
        else:
            raise _refused(pattern, filterable, None)


def _refused(pattern: str, filterable: Filterable, rule: int | None) -> ApiError:
    known = filterable.patterns()
    listed = (
        f"Available filterable attributes patterns are: `{', '.join(known)}`."
        if known
        else "This index does not have configured filterable attributes."
    )
    message = f"Invalid facet distribution: Pattern `{pattern}` is not filterable. {listed}"
    if rule is not None:
        message = (
            f"Invalid facet distribution: Attribute `{pattern}` is not filterable."
            f" Note: this attribute matches rule #{rule} in filterableAttributes,"
            " but this rule does not enable filtering.\n"
            f"Hint: enable filtering in rule #{rule} by modifying the features.filter object\n"
            f"Hint: prepend another rule matching `{pattern}` with appropriate filter features"
            f" before rule #{rule}. {listed}"
        )
    return ApiError("invalid_search_facets", message)


def order_of(settings: Mapping[str, Any], field: str) -> str:
    """Return how the values of a facet are sorted: ``"alpha"`` or ``"count"``."""
    orders = settings["faceting"]["sortFacetValuesBy"]
    return str(orders.get(field, orders.get("*", "alpha")))


def distribution(
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    patterns: list[str],
    docids: Collection[int] | None,
) -> tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]:
    """Return the counts and the statistics of the facets of some documents.

    Parameters
    ----------
    conn
        Database of the index.
    settings
        Settings of the index, in the shape of the wire.
    patterns
        Which facets.
    docids
        The documents, None for all.

    Returns
    -------
    tuple
        Count by value by field, and minimum and maximum by field.
    """
    filterable = Filterable(settings)
    counts: dict[str, dict[str, int]] = {}
    stats: dict[str, dict[str, float]] = {}
    limit = int(settings["faceting"]["maxValuesPerFacet"])
    few = docids if docids is not None and len(docids) <= FEW else None
    documents = None if few is None else _documents(conn, few)
    known = field_ids(conn)
    asked = [name for name in known if filterable.allows(name) and any(matches(p, name) for p in patterns)]
    chosen = {
        name: fid
        for name, fid in sorted(known.items())
        if filterable.allows(name) and any(covers(own, name) for own in asked)
    }
    for name, fid in chosen.items():
        by_count = order_of(settings, name) == "count"
        if documents is None:
            numbers, texts = value_counts(conn, fid, docids)
        else:
            numbers, texts = _read(documents, name)
        counts[name] = first_values(numbers, texts, limit, by_count=by_count)
        if numbers:
            stats[name] = {"min": float(min(numbers)), "max": float(max(numbers))}
    return counts, stats


def _documents(conn: sqlite3.Connection, docids: Collection[int]) -> list[dict[str, Any]]:
    rows = conn.execute(
        "SELECT doc FROM documents WHERE docid IN (SELECT value FROM json_each(?)) ORDER BY docid",
        (json.dumps(sorted(docids)),),
    )
    return [loads(doc) for (doc,) in rows]


type Numbers = dict[float, int]
type Texts = dict[str, tuple[str, int]]


def _read(documents: list[dict[str, Any]], name: str) -> tuple[Numbers, Texts]:
    numbers: Counter[float] = Counter()
    texts: Texts = {}
    for document in documents:
        own: dict[str, str] = {}
        own_numbers: set[float] = set()
        for field, number, text, _ in facet_values(document, name.__eq__, geo=name.startswith("_geo")):
            if field != name:
                continue
            if number is not None:
                own_numbers.add(number)
            elif text is not None:
                own.setdefault(text[0], text[1])
        numbers.update(own_numbers)
        for folded, original in own.items():
            first, count = texts.get(folded, (original, 0))
            texts[folded] = (first, count + 1)
    return dict(numbers), texts


def value_counts(conn: sqlite3.Connection, fid: int, docids: Collection[int] | None) -> tuple[Numbers, Texts]:
    """Return how many of some documents have each number and each text in a field; all documents for None."""
    within = "" if docids is None else " AND docid IN (SELECT value FROM json_each(?))"
    parameters: list[Any] = [fid] if docids is None else [fid, json.dumps(sorted(docids))]
    numbers = conn.execute(
        f"SELECT value, COUNT(*) FROM facet_numbers WHERE fid = ?{within} GROUP BY value", parameters
    )
    # with MIN(docid), SQLite takes `original` from the same row: the first document's spelling
    texts = conn.execute(
        f"SELECT value, original, COUNT(*), MIN(docid) FROM facet_strings WHERE fid = ?{within} GROUP BY value",
        parameters,
    )
    return dict(numbers.fetchall()), {folded: (original, count) for folded, original, count, _ in texts}


def first_values(numbers: Numbers, texts: Texts, limit: int, *, by_count: bool) -> dict[str, int]:
    """Return the counts of the first values of a facet, in its order."""
    if by_count:
        # of equal counts the server gives the last value first
        ranked = sorted(numbers.items(), key=lambda item: (item[1], item[0]), reverse=True)
        named = sorted(texts.items(), key=lambda item: (item[1][1], item[0]), reverse=True)
        pairs = [(shown_number(value), count) for value, count in ranked]
        pairs += [(original, count) for _, (original, count) in named]
        return dict(pairs[:limit])
    pairs = sorted((shown_number(value), count) for value, count in numbers.items())
    pairs += [(original, count) for _, (original, count) in sorted(texts.items())]
    return dict(pairs[:limit])
