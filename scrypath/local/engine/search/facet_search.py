"""Searching among the values of a facet."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from rapidfuzz.distance import OSA

from scrypath.local.engine import deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import facets, query, request
from scrypath.local.engine.search.derive import Typos
from scrypath.local.engine.search.fields import Filterable, listed
from scrypath.local.engine.search.indexer import field_ids
from scrypath.local.engine.search.tokens import normal

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


@dataclass(frozen=True, slots=True)
class FacetSearch:
    """A search among the values of one facet.

    Parameters
    ----------
    name
        The facet.
    text
        What its values must begin with, None for all.
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
    started = time.perf_counter()
    if not settings["facetSearch"]:
        raise ApiError("facet_search_disabled", "The facet search is disabled for this index")
    docids = query.candidates(conn, settings, asked.search)
    _searchable(asked.name, settings)
    fid = field_ids(conn).get(asked.name, -1)
    _, texts = facets.value_counts(conn, fid, docids)
    if asked.text is not None:
        accepted = _accepts(asked.text, settings)
        texts = {folded: found for folded, found in texts.items() if accepted(folded)}
    limit = int(settings["faceting"]["maxValuesPerFacet"])
    top = facets.first_values({}, texts, limit, by_count=facets.order_of(settings, asked.name) == "count")
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


def _accepts(text: str, settings: Mapping[str, Any]) -> Callable[[str], bool]:
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
