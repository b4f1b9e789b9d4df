"""Federation: the hits of several searches, over several indexes, in one list."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from functools import cmp_to_key
from typing import Any

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import facets, query, scores
from scrypath.local.engine.search.compatibility import Order, check, order_of
from scrypath.local.engine.search.docids import Docids
from scrypath.local.engine.search.docids import everything as all_docids
from scrypath.local.engine.search.fields import covers
from scrypath.local.engine.search.multi_request import Asked, Federation, refused
from scrypath.local.engine.search.tokens import Tokenizer
from scrypath.local.engine.search.values import facet_values, finite, normal_facet, shown_number

type Opened = tuple[sqlite3.Connection, Mapping[str, Any], str | None]
type OpenIndex = Callable[[str], AbstractContextManager[Opened]]


@dataclass(slots=True)
class _Merged:
    """A hit on its way into the merged list."""

    uid: str
    docid: int
    position: int
    weight: float
    order: int
    details: tuple[scores.Detail, ...]
    hit: dict[str, Any]
    document: dict[str, Any]

    @property
    def score(self) -> float:
        return scores.total(self.details) * self.weight


@dataclass(slots=True)
class _Gathered:
    """What all searches together found."""

    hits: list[_Merged] = field(default_factory=list)
    docids: dict[str, Docids] = field(default_factory=dict)
    facets: dict[str, tuple[dict[str, dict[str, int]], dict[str, dict[str, float]]]] = field(
        default_factory=dict
    )
    orders: dict[str, bool] = field(default_factory=dict)
    order: Order | None = None


def answer(open_index: OpenIndex, queries: list[Asked], merged: Federation) -> dict[str, Any]:
    """Return the merged hits of the searches."""
    started = time.perf_counter()
    for index, asked in enumerate(queries):
        problem = refused(asked, merged)
        if problem is not None:
            raise ApiError(problem.code, f"Inside `.queries[{index}]`: {problem.message}")
    gathered = _Gathered()
    offset, limit = query.window(merged.window, 1 << 62)
    # which hits are distinct is known only when all are
    most = 1 << 62 if merged.distinct is not None and offset + limit else offset + limit
    # like the server, index by index
    for index, asked in sorted(enumerate(queries), key=lambda item: item[1].uid):
        try:
            with open_index(asked.uid) as (conn, settings, _):
                order = order_of(asked.search, settings, asked.uid, index)
                if gathered.order is not None:
                    check(gathered.order, order)
                gathered.order = order
                _gather(gathered, conn, settings, asked, index, most)
                if asked.uid in merged.facets_by_index and asked.uid not in gathered.facets:
                    _check_facets(settings, asked.uid, merged.facets_by_index[asked.uid], "")
        except ApiError as error:
            raise ApiError(error.code, f"Inside `.queries[{index}]`: {error.message}") from None
    _gather_facets(gathered, open_index, merged)
    ordered = list(_unique(sorted(gathered.hits, key=cmp_to_key(_compare))))
    total = sum(map(len, gathered.docids.values()))
    if merged.distinct is not None:
        ordered, rejected = _distinct(ordered, merged.distinct)
        total -= len(rejected)
        for item in rejected:
            _forget(gathered, item)
    reply: dict[str, Any] = {"hits": [item.hit for item in ordered[offset : offset + limit]]}
    reply |= query.pages(merged.window, offset, total)
    reply |= _facets(gathered, merged)
    reply["requestUid"] = str(uuid.uuid4())
    reply["processingTimeMs"] = int((time.perf_counter() - started) * 1000)
    return reply


def _gather(
    gathered: _Gathered,
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    asked: Asked,
    index: int,
    most: int,
) -> None:
    tokenizer = Tokenizer(settings)
    limit = min(most, int(settings["pagination"]["maxTotalHits"]))
    found = query.find(conn, settings, asked.search, 0, limit, tokenizer=tokenizer, uid=asked.uid)
    everything = found.docids if found.docids is not None else all_docids(conn)
    known = gathered.docids.setdefault(asked.uid, set())
    known |= everything
    weight = asked.options.weight if asked.options is not None else 1.0
    shown = query.hits(conn, settings, asked.search, found, tokenizer)
    for order, ((docid, details), hit) in enumerate(zip(found.ranked, shown, strict=True)):
        item = _Merged(asked.uid, docid, index, weight, order, details, hit, query.document(conn, docid))
        item.hit["_federation"] = {
            "indexUid": asked.uid,
            "queriesPosition": index,
            "weightedRankingScore": item.score,
        }
        gathered.hits.append(item)


def _check_facets(settings: Mapping[str, Any], uid: str, listed: list[str] | None, note: str) -> None:
    try:
        facets.check(listed or [], settings)
    except ApiError as error:
        message = f"Inside `.federation.facetsByIndex.{uid}`: {error.message}{note}"
        raise ApiError(error.code, message) from None


def _gather_facets(gathered: _Gathered, open_index: OpenIndex, merged: Federation) -> None:
    for uid in sorted(merged.facets_by_index):
        listed = merged.facets_by_index[uid]
        note = "" if uid in gathered.docids else f"\n - Note: index `{uid}` is not used in queries"
        try:
            opened = open_index(uid)
            with opened as (conn, settings, _):
                _check_facets(settings, uid, listed, note)
                if listed is None or uid not in gathered.docids:
                    continue
                gathered.facets[uid] = facets.distribution(conn, settings, listed, gathered.docids[uid])
                for name in gathered.facets[uid][0]:
                    gathered.orders.setdefault(name, facets.order_of(settings, name) == "count")
        except ApiError as error:
            if error.code != "index_not_found":
                raise
            message = f"Inside `.federation.facetsByIndex.{uid}`: {error.message}{note}"
            raise ApiError(error.code, message) from None


def _facets(gathered: _Gathered, merged: Federation) -> dict[str, Any]:
    if not gathered.facets:
        return {}
    if not merged.merge_facets:
        return {
            "facetsByIndex": {
                uid: {"distribution": counts, "stats": stats}
                for uid, (counts, stats) in gathered.facets.items()
            }
        }
    counts: dict[str, dict[str, int]] = {}
    stats: dict[str, dict[str, float]] = {}
    for own_counts, own_stats in gathered.facets.values():
        for name, values in own_counts.items():
            total = counts.setdefault(name, {})
            for value, count in values.items():
                total[value] = total.get(value, 0) + count
        for name, own in own_stats.items():
            known = stats.setdefault(name, dict(own))
            known["min"] = min(known["min"], own["min"])
            known["max"] = max(known["max"], own["max"])
    most = merged.max_values_per_facet if merged.max_values_per_facet is not None else 100
    for name, values in counts.items():
        by_count = gathered.orders.get(name, False)
        ranked = sorted(values.items(), key=lambda item: (-item[1], item[0]) if by_count else (0, item[0]))
        counts[name] = dict(ranked[:most])
    return {"facetDistribution": counts, "facetStats": stats}


def _groups(item: _Merged) -> Iterator[tuple[str, Any]]:
    ranks: list[scores.Detail] = []
    for detail in item.details:
        if detail.best:
            ranks.append(detail)
            continue
        if ranks:
            yield "score", scores.total(ranks) * item.weight
            ranks = []
        yield detail.rule.rpartition(":")[2], detail.value
    if ranks:
        yield "score", scores.total(ranks) * item.weight


def _compare(left: _Merged, right: _Merged) -> int:
    lefts, rights = list(_groups(left)), list(_groups(right))
    for (kind, value), (other_kind, other) in zip(lefts, rights, strict=False):
        if kind != other_kind:
            return _by_score(left, right)
        order = _order(kind, value, other)
        if order:
            return order
    if len(lefts) != len(rights):
        return -1 if len(lefts) > len(rights) else 1
    return left.position - right.position or left.order - right.order


def _by_score(left: _Merged, right: _Merged) -> int:
    return (left.score < right.score) - (left.score > right.score) or left.position - right.position


def _order(kind: str, left: Any, right: Any) -> int:
    """Return a negative number when the left value comes first."""
    if left == right:
        return 0
    if kind == "score":
        return 0 if abs(left - right) <= 2.220446049250313e-16 else (-1 if left > right else 1)
    if left is None or right is None:
        return 1 if left is None else -1
    if isinstance(left, str) != isinstance(right, str):
        return 1 if isinstance(left, str) else -1
    if isinstance(left, tuple):
        return 0
    smaller = -1 if left < right else 1
    return smaller if kind == "asc" else -smaller


def _unique(ordered: list[_Merged]) -> Iterator[_Merged]:
    seen: set[tuple[str, int]] = set()
    for item in ordered:
        key = (item.uid, item.docid)
        if key not in seen:
            seen.add(key)
            yield item


def _distinct(ordered: list[_Merged], name: str) -> tuple[list[_Merged], list[_Merged]]:
    """Return the first hits of every value, and the others."""
    seen: set[Any] = set()
    kept: list[_Merged] = []
    rejected: list[_Merged] = []
    for item in ordered:
        values = _values(item, name)
        if seen.isdisjoint(values):
            seen |= values
            kept.append(item)
        else:
            rejected.append(item)
    return kept, rejected


def _values(item: _Merged, name: str) -> set[Any]:
    found = facet_values(item.document, lambda key: covers(name, key), geo=False)
    values = (number if number is not None else text and text[0] for _, number, text, _ in found)
    return {value for value in values if value is not None}


def _forget(gathered: _Gathered, item: _Merged) -> None:
    """Take a hit that is not shown out of the facets of its index."""
    counts, stats = gathered.facets.get(item.uid, ({}, {}))
    for name, values in counts.items():
        spelled = {normal_facet(value): value for value in values}
        for value in _values(item, name):
            shown = spelled.get(value) if isinstance(value, str) else shown_number(value)
            if shown in values:
                values[shown] -= 1
                if not values[shown]:
                    del values[shown]
        numbers = [number for value in values if (number := finite(value)) is not None]
        if name in stats and numbers:
            stats[name] = {"min": min(numbers), "max": max(numbers)}
