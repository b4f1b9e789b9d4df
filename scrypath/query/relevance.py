"""``relevance``: a list of queries and expected ids, run against an index or against two."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import polars as pl

from scrypath import display
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import raw
from scrypath.query import decoding
from scrypath.query.request import SearchRequest
from scrypath.schema.identity import several
from scrypath.schema.index_ref import IndexRef
from scrypath.search_frames import RELEVANCE, RELEVANCE_CHANGES, RELEVANCE_SUMMARY
from scrypath.telemetry import span

LIVE = "live"
SIZE = 10  # hits looked at
PORTION = 50  # queries in one request
COLUMNS = ("query", "document_id")


@dataclass(frozen=True, eq=False)
class Relevance:
    """How well an index, or two, answers what a judgement list expects.

    Parameters
    ----------
    frame
        Frame ``RELEVANCE``.
    size
        Hits that were checked.
    """

    frame: pl.DataFrame = field(repr=False)
    size: int = SIZE

    @property
    def summary(self) -> pl.DataFrame:
        """Frame ``RELEVANCE_SUMMARY``."""
        counted = self.frame.group_by("index", maintain_order=True).agg(
            pl.len().alias("queries"),
            pl.col("rank").count().alias("hits"),
            (pl.col("rank").count() / pl.len()).alias("hit_rate"),
            pl.col("reciprocal_rank").mean().alias("mrr"),
        )
        return RELEVANCE_SUMMARY.conform(counted)

    @property
    def changes(self) -> pl.DataFrame:
        """Frame ``RELEVANCE_CHANGES``: the queries that the second index answers otherwise; empty for one index."""
        indexes = self.frame["index"].unique(maintain_order=True).to_list()
        if len(indexes) < 2:
            return RELEVANCE_CHANGES.empty()
        by_index = self.frame.partition_by("index", maintain_order=True)
        pairs = zip(by_index[0].iter_rows(named=True), by_index[1].iter_rows(named=True), strict=True)
        return RELEVANCE_CHANGES.rows(
            {
                "query": before["query"],
                "change": _change(before["rank"], after["rank"]),
                "rank_before": before["rank"],
                "rank_after": after["rank"],
                "found_before": before["found"],
                "found_after": after["found"],
            }
            for before, after in pairs
            if (before["rank"], before["found"]) != (after["rank"], after["found"])
        )

    @property
    def headline(self) -> str:
        """In one line, hit rate and mean reciprocal rank."""
        return "; ".join(
            f"{row['index']}: {row['hits']} of {row['queries']} queries find what is expected among "
            f"{self.size} hits, mean reciprocal rank {row['mrr']:.3f}"
            for row in self.summary.iter_rows(named=True)
        )

    @property
    def _frames(self) -> dict[str, pl.DataFrame]:
        return {"Summary": self.summary, "Changed": self.changes, "Queries": self.frame}

    def __repr__(self) -> str:
        return display.text(self.headline, self._frames)

    def _repr_html_(self) -> str:
        return display.html(self.headline, self._frames, grouped=False)


def relevance(
    schema: Any,
    judgements: Any,
    *,
    indexes: Sequence[str] = (LIVE,),
    size: int = SIZE,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    config: Config | None = None,
) -> Relevance:
    """Run a judgement list against an index, or against two: the live one and a rebuild's target.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    judgements
        A frame with the columns ``query`` and ``document_id``, one row for each expected document; a CSV file with the
        same; or a mapping of queries to lists of ids.
    indexes
        Names of one or two indexes, ``"live"`` for the schema's own.
    size
        Hits of each query that are looked at, at most 1 000.
    filter
        As of :func:`scrypath.search`, for every query: a schema with a tenant field needs one.
    config
        Used instead of the configured one.

    Returns
    -------
    Relevance

    Raises
    ------
    InvalidOptions
        For something that is not a judgement list, or has no query.
    IndexNotFound, TransportError
        When an index or the server is not there.

    Examples
    --------
    >>> import scrypath
    >>> found = scrypath.relevance("Product", {"lamp": [1], "chair": [3, 1], "desk": [2], "sofa": [9]})
    >>> found.summary.select("hit_rate", "mrr").rows()
    [(0.75, 0.75)]
    """
    ref = IndexRef.find(schema, config)
    expected = _judgements(judgements)
    uids = [ref.uid if name == LIVE else str(name) for name in several("indexes", indexes)]
    if not 1 <= len(uids) <= 2 or len(set(uids)) < len(uids):
        raise InvalidOptions(f"indexes is {indexes!r}.", hint="Name one index, or two different ones.")
    bodies = {
        query: SearchRequest(ref.schema, query, filter or {}, size=size).body()
        | {"attributesToRetrieve": [ref.schema.document_id]}
        for query in expected
    }
    rows: list[dict[str, Any]] = []
    for uid in uids:
        with span("scrypath.search_many", backend="meilisearch"):
            replies = _replies(ref.config, [body | {"indexUid": uid} for body in bodies.values()])
        for (query, wanted), reply in zip(expected.items(), replies, strict=True):
            rows.append(_row(uid, query, wanted, decoding.ids(ref.schema, reply)))
    return Relevance(RELEVANCE.rows(rows), size)


def _replies(config: Config, queries: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    portions = (queries[start : start + PORTION] for start in range(0, len(queries), PORTION))
    return [
        reply
        for portion in portions
        for reply in decoding.several(raw.multi_search(config, {"queries": portion}), len(portion))
    ]


def _row(uid: str, query: str, wanted: Sequence[str], hits: Sequence[str]) -> dict[str, Any]:
    found = [key for key in hits if key in wanted]
    rank = hits.index(found[0]) + 1 if found else None
    return {
        "index": uid,
        "query": query,
        "expected": list(wanted),
        "found": found,
        "missing": [key for key in wanted if key not in found],
        "rank": rank,
        "reciprocal_rank": 1 / rank if rank is not None else 0.0,
    }


def _change(before: int | None, after: int | None) -> str:
    if before == after:
        return "other"
    if before is None or after is None:
        return "found" if before is None else "lost"
    return "better" if after < before else "worse"


def _judgements(given: Any) -> dict[str, list[str]]:
    if isinstance(given, str | Path):
        given = _read(Path(given))
    if isinstance(given, pl.DataFrame):
        if missing := [name for name in COLUMNS if name not in given.columns]:
            raise InvalidOptions(
                f"The judgement list has no column {missing[0]!r}.",
                hint="It has the columns query and document_id, a row for each expected document.",
            )
        pairs: Iterable[tuple[Any, Any]] = given.select(COLUMNS).iter_rows()
    elif isinstance(given, Mapping):
        pairs = [
            (query, key) for query, keys in given.items() for key in several(f"judgements of {query!r}", keys)
        ]
    else:
        raise InvalidOptions(
            f"judgements is a {type(given).__name__}.",
            hint="Give a frame, the path of a CSV file, or a mapping.",
        )
    expected: dict[str, list[str]] = {}
    for query, key in pairs:
        if query is None or key is None:
            raise InvalidOptions(
                "The judgement list has an empty cell.", hint="Give a query and an id in each row."
            )
        expected.setdefault(str(query), []).append(str(key))
    if not expected:
        raise InvalidOptions(
            "The judgement list is empty.", hint="Give at least one query with an expected id."
        )
    return {query: list(dict.fromkeys(keys)) for query, keys in expected.items()}


def _read(path: Path) -> pl.DataFrame:
    try:
        return pl.read_csv(path.read_bytes(), infer_schema=False)
    except (OSError, ValueError, pl.exceptions.PolarsError) as error:
        raise InvalidOptions(
            f"The judgement list {str(path)!r} cannot be read: {str(error).splitlines()[0]}",
            hint="Give a CSV file with the columns query and document_id.",
        ) from error
