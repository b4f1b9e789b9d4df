"""Facets of a search: counts that ignore the facet's own filter, all in one round trip, and their frames."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl

from scrypath.frame_schema import FrameSchema
from scrypath.query import decoding
from scrypath.query.request import PER_QUERY, SearchRequest
from scrypath.search_frames import FACET_COUNTS, FACET_STATS, FACET_TREE

SEPARATOR = " > "  # between the parts of a hierarchical value
_LEVEL = re.compile(r"(.+)\.lvl(\d+)")


def bodies(request: SearchRequest) -> list[dict[str, Any]]:
    """The request's own body, and after it one for each set of facets that is counted without a filter of its own.

    The counts of a facet ignore what is chosen in it, or below it in its hierarchy: a page shows what else could be
    chosen. What is chosen in other facets, and the filter with its tenant, always count.
    """
    main = request.body()
    groups: dict[frozenset[str], list[str]] = {}
    for facet in request.facets:
        groups.setdefault(_ignored(request, facet), []).append(facet)
    main.pop("facets", None)
    if counted := groups.pop(frozenset(), []):
        main["facets"] = counted
    return [main, *(_counting(request, ignored, facets) for ignored, facets in groups.items())]


def counts(facets: Iterable[str], replies: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The facet counts of some answers, a frame ``FACET_COUNTS``."""
    if not (wanted := list(facets)):
        return _nothing(FACET_COUNTS)
    found = {name: values for reply in replies for name, values in decoding.facet_counts(reply).items()}
    return FACET_COUNTS.rows(
        {"facet": name, "value": value, "count": count}
        for name in _ordered(wanted, found)
        for value, count in found[name].items()
    )


def stats(facets: Iterable[str], replies: Iterable[Mapping[str, Any]]) -> pl.DataFrame:
    """The least and the greatest number of each facet that has numbers, a frame ``FACET_STATS``."""
    if not (wanted := list(facets)):
        return _nothing(FACET_STATS)
    found = {name: numbers for reply in replies for name, numbers in decoding.facet_stats(reply).items()}
    return FACET_STATS.rows({"facet": name, **found[name]} for name in _ordered(wanted, found))


def tree(counted: pl.DataFrame, base: str, separator: str = SEPARATOR) -> pl.DataFrame:
    """The values of a hierarchical facet, each below its parent.

    Parameters
    ----------
    counted
        A frame ``FACET_COUNTS``.
    base
        Name of the hierarchy: ``categories`` for ``categories.lvl0``, ``categories.lvl1`` and so on.
    separator
        Between the parts of a value.

    Returns
    -------
    polars.DataFrame
        Frame ``FACET_TREE``.
    """
    below: dict[str | None, list[dict[str, Any]]] = {}
    for facet, value, count in counted.iter_rows():
        level = _LEVEL.fullmatch(facet)
        if level is None or level[1] != base:
            continue
        parent, _, label = value.rpartition(separator)
        row = {
            "level": int(level[2]),
            "value": value,
            "label": label,
            "parent": parent or None,
            "count": count,
        }
        below.setdefault(row["parent"], []).append(row)
    shown = {row["value"] for rows in below.values() for row in rows}
    rows: list[dict[str, Any]] = []

    def put(row: dict[str, Any]) -> None:
        rows.append(row)
        for child in below.get(row["value"], ()):
            put(child)

    for parent, children in below.items():
        if parent not in shown:  # the top, or a branch whose parent was not counted
            for child in children:
                put(child)
    return FACET_TREE.rows(rows)


def _ignored(request: SearchRequest, facet: str) -> frozenset[str]:
    chosen = {name for name, _ in request.facet_conditions}
    level = _LEVEL.fullmatch(facet)
    if level is None:
        return frozenset(chosen & {facet})
    deeper = (_LEVEL.fullmatch(name) for name in chosen)
    return frozenset(
        it[0] for it in deeper if it is not None and it[1] == level[1] and int(it[2]) >= int(level[2])
    )


def _counting(request: SearchRequest, ignored: frozenset[str], facets: Sequence[str]) -> dict[str, Any]:
    body: dict[str, Any] = {"q": request.text, "limit": 0, "facets": list(facets)}
    if (expression := request.expression(without=ignored)) is not None:
        body["filter"] = expression
    if (threshold := request.per_query.get("ranking_score_threshold")) is not None:
        body[PER_QUERY["ranking_score_threshold"]] = threshold
    return body


@cache
def _nothing(schema: FrameSchema) -> pl.DataFrame:
    # Making a frame takes longer than all else that a search without facets does after its answer.
    return schema.empty()


def _ordered(facets: Iterable[str], found: Mapping[str, Any]) -> list[str]:
    wanted = list(facets)  # a facet may mean those inside of it: attrs for attrs.colour
    return sorted(
        found,
        key=lambda name: next(
            (i for i, it in enumerate(wanted) if name == it or name.startswith(f"{it}.")), len(wanted)
        ),
    )


def values_body(request: SearchRequest, facet: str, query: str) -> dict[str, Any]:
    """The body of a search among a facet's values, as ``POST /indexes/{uid}/facet-search`` takes it."""
    body: dict[str, Any] = {"facetName": facet, "q": request.text, "exhaustiveFacetCount": True}
    if query:
        body["facetQuery"] = query
    if (expression := request.expression(without=_ignored(request, facet))) is not None:
        body["filter"] = expression
    return body
