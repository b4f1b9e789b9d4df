"""Facets: how many documents have which value, and searching among the values."""

from __future__ import annotations

import json
import sqlite3
import time
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz.distance import OSA

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import request
from scrypath.local.engine.search.derive import Typos
from scrypath.local.engine.search.fields import Filterable, covers, listed, matches
from scrypath.local.engine.search.indexer import field_ids, loads
from scrypath.local.engine.search.tokens import normal
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
            numbers, texts = _counted(conn, fid, docids)
        else:
            numbers, texts = _read(documents, name)
        counts[name] = _top(numbers, texts, limit, by_count=by_count)
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


def _counted(conn: sqlite3.Connection, fid: int, docids: Collection[int] | None) -> tuple[Numbers, Texts]:
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


def _top(numbers: Numbers, texts: Texts, limit: int, *, by_count: bool) -> dict[str, int]:
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


@dataclass(frozen=True, slots=True)
class FacetSearch:
    """A search among the values of one facet.

    Parameters
    ----------
    name
        The facet.
    text
        What its values are to begin with, None for all.
    search
        The documents whose values count.
    """

    name: str
    text: str | None
    search: request.Search


def answer(conn: sqlite3.Connection, settings: Mapping[str, Any], asked: FacetSearch) -> dict[str, Any]:
    """Answer a search among the values of one facet that has been read already.

    Parameters
    ----------
    conn
        Database of the index.
    settings
        Settings of the index, in the shape of the wire.
    asked
        What is asked for.

    Returns
    -------
    dict
        The reply as the API gives it.

    Raises
    ------
    ApiError
        The settings do not allow it.
    """
    from scrypath.local.engine.search.query import candidates

    started = time.perf_counter()
    if not settings["facetSearch"]:
        raise ApiError("facet_search_disabled", "The facet search is disabled for this index")
    docids = candidates(conn, settings, asked.search)
    _searchable(asked.name, settings)
    fid = field_ids(conn).get(asked.name, -1)
    _, texts = _counted(conn, fid, docids)
    if asked.text is not None:
        accepted = _accepts(asked.text, settings)
        texts = {folded: found for folded, found in texts.items() if accepted(folded)}
    limit = int(settings["faceting"]["maxValuesPerFacet"])
    top = _top({}, texts, limit, by_count=order_of(settings, asked.name) == "count")
    return {
        "facetHits": [{"value": value, "count": count} for value, count in top.items()],
        "facetQuery": asked.text,
        "processingTimeMs": int((time.perf_counter() - started) * 1000),
    }


def read(body: Any) -> FacetSearch:
    """Return the facet search that a JSON body asks for.

    Raises
    ------
    ApiError
        A value of the wrong type, or no facet.
    """
    found = deserr.expect_object(body)
    name: str | None = None
    text: str | None = None
    rest: dict[str, Any] = {}
    for key, value in found.items():
        if key == "facetName":
            name = deserr.string(value, "invalid_facet_search_facet_name", ".facetName")
        elif key == "facetQuery":
            text = (
                None if value is None else deserr.string(value, "invalid_facet_search_query", ".facetQuery")
            )
        elif key == "exhaustiveFacetCount" and value is not None:
            deserr.boolean(value, "invalid_facet_search_exhaustive_facet_count", ".exhaustiveFacetCount")
        elif key in KEPT:
            rest[key] = value
    search, _ = request.read(rest)
    if name is None:
        raise ApiError("missing_facet_search_facet_name", "Missing field `facetName`")
    return FacetSearch(name, text, search)


KEPT: Final = frozenset(
    {
        "q",
        "vector",
        "media",
        "hybrid",
        "filter",
        "matchingStrategy",
        "attributesToSearchOn",
        "rankingScoreThreshold",
        "locales",
        "useNetwork",
    }
)


def _searchable(name: str, settings: Mapping[str, Any]) -> None:
    filterable = Filterable(settings)
    rule = filterable.rule(name)
    if rule is not None and rule.facet_search:
        return
    if rule is not None:
        raise ApiError(
            "invalid_facet_search_facet_name",
            f"Attribute `{name}` is not facet-searchable. Note: this attribute matches rule #{rule.number} in"
            " filterableAttributes, but this rule does not enable facetSearch.\n"
            f'Hint: enable facetSearch in rule #{rule.number} by adding `"facetSearch": true` to the rule.\n'
            f"Hint: prepend another rule matching {name} with facetSearch: true before rule #{rule.number}",
        )
    patterns = filterable.facet_patterns()
    known = (
        f"Available facet-searchable attributes patterns are: `{listed(patterns, settings)}`."
        if patterns
        else "This index does not have configured facet-searchable attributes."
    )
    raise ApiError(
        "invalid_facet_search_facet_name",
        f"Attribute `{name}` is not facet-searchable. {known}"
        " To make it facet-searchable add it to the `filterableAttributes` index settings.",
    )


def _accepts(text: str, settings: Mapping[str, Any]) -> Any:
    wanted = normal(text.strip())
    typos = Typos(settings)
    most = 0
    if typos.enabled and wanted not in typos.exact and len(wanted) >= typos.one:
        most = 1 if len(wanted) < typos.two else 2

    def accepted(value: str) -> bool:
        folded = normal(value)
        if folded.startswith(wanted):
            return True
        if not most:
            return False
        lengths = range(max(0, len(wanted) - most), len(wanted) + most + 1)
        return any(OSA.distance(folded[:length], wanted, score_cutoff=most) <= most for length in lengths)

    return accepted
