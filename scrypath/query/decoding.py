"""What the server answers to a search, in the shape that it has: the one place where that is checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Never

from scrypath.errors import TransportError
from scrypath.meilisearch.shapes import count, counts, objects
from scrypath.schema import SearchSchema

_NUMBERS = ("min", "max")  # of a facet


def hits(answer: Any) -> list[dict[str, Any]]:
    """The hits of one search.

    Raises
    ------
    TransportError
        When the answer has no list of documents.
    """
    found = objects(answer.get("hits")) if isinstance(answer, Mapping) else None
    return _malformed("has no hits") if found is None else found


def keyed_hits(schema: SearchSchema, answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """The hits of one search, each beside its document id.

    Raises
    ------
    TransportError
        When the answer has no list of documents, or one has no id.
    """
    return [(key(schema, hit), hit) for hit in hits(answer)]


def ids(schema: SearchSchema, answer: Any) -> list[str]:
    """The document ids of the hits of one search, in their order."""
    return [found for found, _ in keyed_hits(schema, answer)]


def total(answer: Any) -> int:
    """How many documents the server counts."""
    found = count(answer.get("totalHits"))
    return _malformed("has no number of hits") if found is None else found


def several(answer: Mapping[str, Any], asked: int) -> list[dict[str, Any]]:
    """The answers to the searches of one request, as many as were asked for."""
    found = objects(answer.get("results"))
    if found is None or len(found) != asked:
        _malformed(f"has no list of {asked} results")
    return found


def facet_counts(answer: Mapping[str, Any]) -> dict[str, dict[str, int]]:
    """Documents by value, by facet."""
    found = answer.get("facetDistribution") or {}
    if not isinstance(found, dict) or any(counts(values) is None for values in found.values()):
        _malformed("has facets that are no counts")
    return found


def facet_stats(answer: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    """The least and the greatest number, by facet."""
    found = answer.get("facetStats") or {}
    if not isinstance(found, dict):
        _malformed("has statistics of facets that are none")
    return {facet: _least_and_greatest(numbers) for facet, numbers in found.items()}


def facet_values(answer: Mapping[str, Any]) -> list[tuple[str, int]]:
    """Values of a facet, each with its number of documents."""
    found = objects(answer.get("facetHits"))
    if found is None or any(
        not isinstance(hit.get("value"), str) or count(hit.get("count")) is None for hit in found
    ):
        _malformed("has no values of a facet")
    return [(hit["value"], hit["count"]) for hit in found]


def merged_hits(answer: Mapping[str, Any], asked: int) -> list[tuple[dict[str, Any], int, float]]:
    """The hits of a federated search, each with the position of its search and its score."""
    found = []
    for hit in hits(answer):
        origin = hit.get("_federation")
        origin = origin if isinstance(origin, dict) else {}
        position, score = count(origin.get("queriesPosition")), _number(origin.get("weightedRankingScore"))
        if position is None or position >= asked or score is None:
            _malformed("does not say which search found a hit")
        found.append((hit, position, score))
    return found


def key(schema: SearchSchema, hit: Mapping[str, Any]) -> str:
    """The document id of a hit."""
    found = hit.get(schema.document_id)
    if isinstance(found, str | int) and not isinstance(found, bool):
        return str(found)
    raise TransportError(
        f"{schema.name}: a hit has no {schema.document_id!r}.",
        hint="The document id must be among displayed_attributes: compare the settings with "
        "scrypath.index_contract_drift().",
    )


def _least_and_greatest(numbers: Any) -> dict[str, float]:
    found = {name: _number(numbers.get(name)) for name in _NUMBERS} if isinstance(numbers, dict) else {}
    known = {name: number for name, number in found.items() if number is not None}
    return known if len(known) == len(_NUMBERS) else _malformed("has statistics of facets that are none")


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _malformed(what: str) -> Never:
    raise TransportError(
        f"The answer to a search {what}.",
        hint="Check that meilisearch_url points to a Meilisearch server and not to a proxy or another service.",
    )
