"""The schemas of the frames that searches give."""

from __future__ import annotations

from scrypath.frame_schema import COUNT, FLAG, IDS, NUMBER, TEXT, Column, FrameSchema


def _schema(name: str, meaning: str, *columns: Column) -> FrameSchema:
    return FrameSchema(name, meaning, columns)


FACET_COUNTS = _schema(
    "FACET_COUNTS",
    "One row per value of a facet: facets in the order asked for, values in the order that the schema declares.",
    Column("facet", TEXT, "Name of the facet"),
    Column("value", TEXT, "A value of it, as text"),
    Column("count", COUNT, "Documents that have it", "documents"),
)

FACET_STATS = _schema(
    "FACET_STATS",
    "One row per facet of numbers.",
    Column("facet", TEXT, "Name of the facet"),
    Column("min", NUMBER, "Its least value"),
    Column("max", NUMBER, "Its greatest value"),
)

FACET_TREE = _schema(
    "FACET_TREE",
    "One row per value of a hierarchical facet, a value below its parent.",
    Column("level", COUNT, "Level of the value, the top is 0"),
    Column("value", TEXT, "The value with its full path, as a filter takes it"),
    Column("label", TEXT, "The last part of the path"),
    Column("parent", TEXT, "The value above it, null at the top"),
    Column("count", COUNT, "Documents that have it", "documents"),
)

MERGED_HITS = _schema(
    "MERGED_HITS",
    "One row per hit of a federated search, in the order in which the server merges them.",
    Column("position", COUNT, "Place in the merged list, from 1"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("document_id", TEXT, "Document id as text"),
    Column("request", COUNT, "Which of the requests found it, from 0"),
    Column("score", NUMBER, "Ranking score times the weight of its request"),
)

SEARCH_FAILURES = _schema(
    "SEARCH_FAILURES",
    "One row per request of a search over several schemas that got no answer.",
    Column("request", COUNT, "Which of the requests, from 0"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("error", TEXT, "Code of the error"),
    Column("message", TEXT, "What happened"),
    Column("hint", TEXT, "The next step"),
)

SEARCH_EXPLANATION = _schema(
    "SEARCH_EXPLANATION",
    "One row per question about a document that is or is not found, in the order in which they decide.",
    Column("question", TEXT, "row, query, document, current, tenant, filter, facet_filter, text or rank"),
    Column("about", TEXT, "The field or group that a condition is about, else null"),
    Column("answer", FLAG, "True: passed, false: this is why it is not found; null: not known"),
    Column("detail", TEXT, "What was seen"),
)

RELEVANCE = _schema(
    "RELEVANCE",
    "One row per query of a judgement list and index.",
    Column("index", TEXT, "Index name on the server"),
    Column("query", TEXT, "What was searched for"),
    Column("expected", IDS, "Ids that the list expects"),
    Column("found", IDS, "Those of them that were found, in the order of their rank"),
    Column("missing", IDS, "Those that were not among the hits looked at"),
    Column("rank", COUNT, "Rank of the first expected one, from 1; null where none was found"),
    Column("reciprocal_rank", NUMBER, "1 divided by that rank, 0 where none was found"),
)

RELEVANCE_SUMMARY = _schema(
    "RELEVANCE_SUMMARY",
    "One row per index that a judgement list was run against.",
    Column("index", TEXT, "Index name on the server"),
    Column("queries", COUNT, "Queries of the list", "queries"),
    Column("hits", COUNT, "Queries for which an expected id was found", "queries"),
    Column("hit_rate", NUMBER, "Their share, from 0 to 1"),
    Column("mrr", NUMBER, "Mean of the reciprocal ranks, from 0 to 1"),
)

RELEVANCE_CHANGES = _schema(
    "RELEVANCE_CHANGES",
    "One row per query whose expected ids rank otherwise in the second of two indexes.",
    Column("query", TEXT, "What was searched for"),
    Column("change", TEXT, "`better`, `worse`, `found` or `lost`; `other` where only later ids differ"),
    Column(
        "rank_before", COUNT, "Rank of the first expected id in the first index, null where none was found"
    ),
    Column("rank_after", COUNT, "The same in the second index"),
    Column("found_before", IDS, "Expected ids found in the first index, in the order of their rank"),
    Column("found_after", IDS, "The same in the second index"),
)

PUBLIC: tuple[FrameSchema, ...] = (
    FACET_COUNTS,
    FACET_STATS,
    FACET_TREE,
    MERGED_HITS,
    SEARCH_FAILURES,
    SEARCH_EXPLANATION,
    RELEVANCE,
    RELEVANCE_SUMMARY,
    RELEVANCE_CHANGES,
)
