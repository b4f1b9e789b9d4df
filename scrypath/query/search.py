"""``search``: text, filter, facets, sort and pages over one schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.meilisearch.raw import search as raw_search
from scrypath.query.filters import expression
from scrypath.schema import SearchSchema, registry
from scrypath.telemetry import span

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

LARGEST_PAGE = 1_000  # hits


@dataclass(frozen=True, slots=True)
class SearchResult:
    """One page of hits.

    Parameters
    ----------
    hits
        The documents in the order of their rank, one row each.
    total
        How many documents match, as far as the server counts.
    page, size
        Which page, and how many hits a full one has.
    facets
        Columns ``facet``, ``value``, ``count``.
    records
        With a session: the model's records in the order of the hits.
    missing_ids
        With a session: hits whose row is gone. A stale hit is shown, not hidden.
    """

    hits: pl.DataFrame
    total: int
    page: int
    size: int
    facets: pl.DataFrame
    records: tuple[Any, ...] = field(default=(), repr=False)
    missing_ids: tuple[str, ...] = ()


def search(
    schema: Any,
    text: str = "",
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    facets: Sequence[str] = (),
    sort: Sequence[str] = (),
    page: int = 1,
    size: int = 20,
    session: Session | None = None,
    config: Config | None = None,
) -> SearchResult:
    """Search one schema's index.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    text
        What to look for; empty matches everything.
    filter
        Field → value, or field → ``{operator: value}`` with ``eq ne gt gte lt lte in_ exists is_null``.
    facets
        Declared facet attributes to count.
    sort
        ``"population:desc"``, declared sortable fields only.
    page, size
        Which page, from 1, and hits on it, at most 1 000.
    session
        Read the hits' records with it.
    config
        Used instead of the configured one.

    Returns
    -------
    SearchResult

    Raises
    ------
    InvalidOptions
        For an undeclared field, an unknown operator, or a page that does not exist. Nothing is clamped.
    IndexNotFound, TransportError
        When the index or the server is not there.

    Examples
    --------
    >>> import scrypath
    >>> cheap = {"price": {"lt": 200}}
    >>> found = scrypath.search("Product", filter=cheap, sort=["price:desc"], facets=["brand_id"])
    >>> found.total, found.hits["name"].to_list()
    (2, ['Chair', 'Lamp'])
    >>> found.facets.rows()
    [('brand_id', '1', 1)]
    """
    found, settled = registry.find(schema), resolve(config)
    if page < 1 or not 1 <= size <= LARGEST_PAGE:
        raise InvalidOptions(
            f"page {page} of size {size} cannot be asked for.",
            hint=f"page starts at 1, size goes from 1 to {LARGEST_PAGE}.",
        )
    body: dict[str, Any] = {"q": text, "page": page, "hitsPerPage": size}
    if (condition := expression(found, filter)) is not None:
        body["filter"] = condition
    if facets:
        body["facets"] = [_declared(found, "facets", name, found.faceting.attributes) for name in facets]
    if sort:
        body["sort"] = [_order(found, item) for item in sort]
    with span("scrypath.search", schema=found.name, index=found.index_name(settled)):
        reply = raw_search(settled, found.index_name(settled), body)
    hits = [_hit(found, hit) for hit in reply["hits"]]
    ids = [str(hit[found.document_id]) for hit in hits]
    records, missing = _hydrated(found, ids, session) if session is not None else ((), ())
    counts = reply.get("facetDistribution") or {}
    return SearchResult(
        pl.DataFrame(
            hits, schema=[item.name for item in found.fields], orient="row", infer_schema_length=None
        )
        if not hits
        else pl.DataFrame(hits, infer_schema_length=None),
        reply["totalHits"],
        page,
        size,
        pl.DataFrame(
            [(name, value, count) for name, values in counts.items() for value, count in values.items()],
            schema={"facet": pl.String(), "value": pl.String(), "count": pl.Int64()},
            orient="row",
        ),
        records,
        missing,
    )


def _hit(schema: SearchSchema, hit: Mapping[str, Any]) -> dict[str, Any]:
    # Values without one type for the whole column are shown as JSON.
    return {
        item.name: orjson.dumps(value).decode() if isinstance(value := hit.get(item.name), dict) else value
        for item in schema.fields
    }


def _declared(schema: SearchSchema, option: str, name: str, known: Sequence[str]) -> str:
    if name not in known:
        raise InvalidOptions(
            f"{schema.name} does not declare {name!r} for {option}.", hint=did_you_mean(name, known)
        )
    return name


def _order(schema: SearchSchema, item: str) -> str:
    name, _, direction = item.partition(":")
    _declared(schema, "sort", name, schema.sortable)
    if direction not in ("asc", "desc"):
        raise InvalidOptions(f"sort {item!r} has no direction.", hint=f"Write {name}:asc or {name}:desc.")
    return item


def _hydrated(
    schema: SearchSchema, ids: Sequence[str], session: Session
) -> tuple[tuple[Any, ...], tuple[str, ...]]:
    from scrypath.source import selection

    with span("scrypath.hydration", schema=schema.name):
        statement = selection.records(schema, selection.Part(ids=ids))
        rows = session.scalars(statement).unique() if schema.model is not None else session.execute(statement)
        by_id = {str(getattr(row, schema.document_id)): row for row in rows}
    missing = tuple(item for item in ids if item not in by_id)
    return tuple(by_id[item] for item in ids if item in by_id), missing
