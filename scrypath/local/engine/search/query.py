"""A search from its JSON body to its JSON reply."""

from __future__ import annotations

import sqlite3
import time
import uuid
from collections import deque
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import facets, filters, scores, sorting, terms
from scrypath.local.engine.search.distinct import Distinct
from scrypath.local.engine.search.docids import Docids, everything
from scrypath.local.engine.search.fields import Filterable, covered, listed, matches
from scrypath.local.engine.search.graph import Graph
from scrypath.local.engine.search.highlight import Highlighter
from scrypath.local.engine.search.hits import HitMaker
from scrypath.local.engine.search.indexer import field_ids, loads
from scrypath.local.engine.search.postings import Postings
from scrypath.local.engine.search.ranking import Ranked, Ranker, rules
from scrypath.local.engine.search.request import Search
from scrypath.local.engine.search.tokens import Tokenizer

NETWORK_OFF: Final = (
    "requires enabling the `network` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/805"
)
PERSONALIZATION_OFF: Final = (
    "reranking search results requires enabling the `personalization` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/866"
)
MULTIMODAL_OFF: Final = (
    "passing `media` in a search query requires enabling the `multimodal` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/846"
)


@dataclass(slots=True)
class Found:
    """The documents a search found.

    Parameters
    ----------
    ranked
        The documents of the window asked for, each with its ranks.
    total
        How many there are.
    docids
        All of them, None when they are all of the index.
    query
        The parsed query, None when it has no words.
    """

    ranked: list[Ranked]
    total: int
    docids: Docids | None
    query: terms.Query | None


def answer(
    conn: sqlite3.Connection, settings: Mapping[str, Any], asked: Search, *, uid: str | None
) -> dict[str, Any]:
    """Answer a search that has been read already.

    Parameters
    ----------
    conn
        Database of the index.
    settings
        Settings of the index, in the shape of the wire.
    asked
        What is asked for.
    uid
        Name of the index, for messages.

    Returns
    -------
    dict
        The reply as the API gives it, without ``indexUid``.

    Raises
    ------
    ApiError
        The settings do not allow it.
    """
    started = time.perf_counter()
    most = int(settings["pagination"]["maxTotalHits"])
    offset, limit = window(asked, most)
    tokenizer = Tokenizer(settings)
    found = find(conn, settings, asked, offset, limit, tokenizer=tokenizer, uid=uid)
    if asked.facets is not None:
        facets.check(asked.facets, settings)
    reply: dict[str, Any] = {
        "hits": hits(conn, settings, asked, found, tokenizer),
        "query": asked.q or "",
        "processingTimeMs": 0,
        **pages(asked, offset, found.total),
    }
    if asked.facets:
        counts, stats = facets.distribution(conn, settings, asked.facets, found.docids)
        reply["facetDistribution"] = counts
        reply["facetStats"] = stats
    reply["requestUid"] = str(uuid.uuid4())
    spent = (time.perf_counter() - started) * 1000
    if asked.show_performance_details:
        reply["performanceDetails"] = {"search": f"{spent:.2f}ms"}
    reply["processingTimeMs"] = int(spent)
    return reply


def window(asked: Search, most: int) -> tuple[int, int]:
    """Return the offset and limit of a search, within the highest number of hits."""
    if asked.paged:
        limit = asked.hits_per_page if asked.hits_per_page is not None else 20
        page = 1 if asked.page is None else asked.page
        offset, limit = (limit * (page - 1), limit) if page else (0, 0)
    else:
        offset, limit = asked.offset, asked.limit
    offset = min(offset, most)
    return offset, min(limit, most - offset)


def pages(asked: Search, offset: int, total: int) -> dict[str, int]:
    """Return how the hits of a search are counted, in one of the two ways."""
    if not asked.paged:
        return {"limit": asked.limit, "offset": offset, "estimatedTotalHits": total}
    size = asked.hits_per_page if asked.hits_per_page is not None else 20
    return {
        "hitsPerPage": size,
        "page": 1 if asked.page is None else asked.page,
        "totalPages": (total + size - 1) // size if size else 0,
        "totalHits": total,
    }


def hits(
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    asked: Search,
    found: Found,
    tokenizer: Tokenizer,
) -> list[dict[str, Any]]:
    """Return the hits of the documents found."""
    highlighter = Highlighter(
        found.query, tokenizer, asked.highlight_pre_tag, asked.highlight_post_tag, asked.crop_marker
    )
    maker = HitMaker(asked, settings, field_ids(conn), highlighter)
    result = []
    for docid, details in found.ranked:
        hit = maker.hit(document(conn, docid))
        if asked.show_ranking_score:
            hit["_rankingScore"] = scores.total(details)
        if asked.show_ranking_score_details:
            hit["_rankingScoreDetails"] = scores.described(details)
        result.append(hit)
    return result


def document(conn: sqlite3.Connection, docid: int) -> dict[str, Any]:
    """Return a stored document."""
    (doc,) = conn.execute("SELECT doc FROM documents WHERE docid = ?", (docid,)).fetchone()
    return loads(doc)


def parsed_filter(asked: Search, *, serialised: bool) -> filters.Node | None:
    """Return the filter of a search as a tree, None without one."""
    try:
        node = filters.parse(asked.filter)
        return filters.serialised(node) if node is not None and serialised else node
    except filters.FilterError as error:
        raise ApiError(error.code or "invalid_search_filter", error.message) from None


def filtered(
    conn: sqlite3.Connection, settings: Mapping[str, Any], node: filters.Node | None, prefix: str
) -> Docids | None:
    """Return the documents that a filter selects, None without a filter."""
    if node is None:
        return None
    try:
        return filters.matching(conn, settings, node)
    except filters.FilterError as error:
        raise ApiError("invalid_search_filter", prefix + error.message) from None


def refuse_what_is_off(asked: Search) -> None:
    """Refuse the experimental parts of a search."""
    if asked.use_network is not None:
        raise ApiError("feature_not_enabled", f"passing `useNetwork` in a search query {NETWORK_OFF}")
    if asked.media is not None and asked.vector is not None:
        raise ApiError(
            "invalid_search_media_and_vector",
            "Invalid request: both `media` and `vector` parameters are present.",
        )
    if asked.hybrid is None and (asked.media is not None or asked.vector is not None):
        raise ApiError(
            "missing_search_hybrid",
            "Invalid request: missing `hybrid` parameter when `vector` or `media` are present.",
        )
    if asked.hybrid is not None and asked.hybrid["semanticRatio"] > 0:
        words = bool((asked.q or "").strip())
        if words or asked.vector is not None or asked.media is not None:
            name = asked.hybrid["embedder"]
            raise ApiError("invalid_search_embedder", f"Cannot find embedder with name `{name}`.")
    if asked.media is not None:
        raise ApiError("feature_not_enabled", MULTIMODAL_OFF)


def candidates(conn: sqlite3.Connection, settings: Mapping[str, Any], asked: Search) -> Docids | None:
    """Return all documents that match a search, None when they are all of the index."""
    return find(conn, settings, asked, 0, asked.limit, tokenizer=Tokenizer(settings), uid=None).docids


def find(
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    asked: Search,
    offset: int,
    limit: int,
    *,
    tokenizer: Tokenizer,
    uid: str | None,
) -> Found:
    """Return the documents of a window of a search, ranked.

    Raises
    ------
    ApiError
        Filter, sort, distinct or attributes are not allowed by the settings.
    """
    refuse_what_is_off(asked)
    prefix = "" if uid is None else f"Index `{uid}`: "
    node = parsed_filter(asked, serialised=uid is not None)
    sort = sorting.read(asked.sort or [])
    _check_attributes(asked, settings, prefix)
    _check_distinct(asked, settings, prefix)
    universe = filtered(conn, settings, node, prefix)
    sorting.check(sort, settings, prefix)
    postings, query, universe = _read_query(conn, settings, asked, universe, tokenizer)
    if query is None:
        order = rules(settings, sort, None)
        found = universe
        criteria = [rule.criterion for rule in order if rule.criterion is not None]
        ranked = _sorted(conn, settings, criteria, universe, ())
    else:
        graph = Graph(query, asked.matching_strategy, universe)
        found = graph.everything()
        order = rules(settings, sort, asked.matching_strategy)
        ranked = Ranker(conn, settings, postings, graph, order).ranked(found)
    dropped: Docids = set()
    if asked.ranking_score_threshold is not None and order:
        ranked = _above(ranked, asked.ranking_score_threshold, dropped)
    field = asked.distinct if asked.distinct is not None else settings["distinctAttribute"]
    if field is not None:
        distinct = Distinct(conn, field, found)
        window, found = distinct.first(ranked, offset + limit)
        if asked.paged:
            found = distinct.remaining(found)
    else:
        window = list(islice(ranked, offset + limit))
    if asked.paged and asked.ranking_score_threshold is not None:
        deque(islice(ranked, int(settings["pagination"]["maxTotalHits"])), maxlen=0)
    if dropped:
        found = (everything(conn) if found is None else found) - dropped
    if asked.personalize is not None:
        raise ApiError("feature_not_enabled", PERSONALIZATION_OFF)
    total = _count(conn) if found is None else len(found)
    return Found(window[offset : offset + limit], total, found, query)


def _above(ranked: Iterator[Ranked], threshold: float, dropped: Docids) -> Iterator[Ranked]:
    """Yield the documents that score well enough, and remember the others."""
    for item in ranked:
        if scores.total(item[1]) >= threshold:
            yield item
        else:
            dropped.add(item[0])


def _count(conn: sqlite3.Connection) -> int:
    (count,) = conn.execute("SELECT COUNT(*) FROM documents").fetchone()
    return int(count)


def _read_query(
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    asked: Search,
    universe: Docids | None,
    tokenizer: Tokenizer,
) -> tuple[Postings, terms.Query | None, Docids | None]:
    postings = Postings(conn, settings, asked.attributes_to_search_on)
    query = terms.parse(asked.q or "", settings, tokenizer)
    unwanted: Docids = postings.words(query.negative_words)
    for phrase in query.negative_phrases:
        unwanted |= postings.phrase(phrase)
    if unwanted or query.negative_words or query.negative_phrases:
        universe = (universe if universe is not None else everything(conn)) - unwanted
    if not query.terms:
        return postings, None, universe
    terms.look_up(query, settings, postings)
    return postings, query, universe


def _sorted(
    conn: sqlite3.Connection,
    settings: Mapping[str, Any],
    criteria: list[sorting.Criterion],
    docids: Collection[int] | None,
    details: tuple[scores.Detail, ...],
) -> Iterator[Ranked]:
    if criteria:
        for value, group in sorting.groups(conn, criteria[0], docids):
            detail = scores.sorted_by(criteria[0], value, settings)
            yield from _sorted(conn, settings, criteria[1:], group, (*details, detail))
    elif docids is not None:
        yield from ((docid, details) for docid in sorted(docids))
    else:
        for (docid,) in conn.execute("SELECT docid FROM documents ORDER BY docid"):
            yield docid, details


def _check_distinct(asked: Search, settings: Mapping[str, Any], prefix: str) -> None:
    if asked.distinct is None:
        return
    filterable = Filterable(settings)
    if filterable.allows(asked.distinct):
        return
    patterns = filterable.patterns()
    known = (
        f"Available filterable attributes patterns are: `{listed(patterns, settings)}`."
        if patterns
        else "This index does not have configured filterable attributes."
    )
    raise ApiError(
        "invalid_search_distinct",
        f"{prefix}Attribute `{asked.distinct}` is not filterable and thus,"
        f" cannot be used as distinct attribute. {known}",
    )


def _check_attributes(asked: Search, settings: Mapping[str, Any], prefix: str) -> None:
    searchable = settings["searchableAttributes"]
    for name in asked.attributes_to_search_on or ():
        if name == "*" or "*" in searchable or covered(searchable, name):
            continue
        if "*" in name and any(matches(name, known) for known in searchable):
            continue
        raise ApiError(
            "invalid_search_attributes_to_search_on",
            f"{prefix}Attribute `{name}` is not searchable."
            f" Available searchable attributes are: `{listed(searchable, settings)}`.",
        )
