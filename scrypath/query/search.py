"""``search`` and its kin: text, filter, facets, sort and pages over one schema."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import raw
from scrypath.query import decoding
from scrypath.query import facets as facet_queries
from scrypath.query.filters import declared
from scrypath.query.hydration import hydrate, usable_session
from scrypath.query.request import SearchRequest
from scrypath.query.result import SearchResult, decoded
from scrypath.query.values import field_of
from scrypath.schema.fields import Kind
from scrypath.schema.index_ref import IndexRef
from scrypath.search_frames import FACET_COUNTS
from scrypath.telemetry import span

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

NUMBERS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.INTEGERS, Kind.NUMBERS})


def search(
    schema: Any,
    text: str = "",
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    facet_filter: Mapping[str, Any] | None = None,
    facets: Sequence[str] = (),
    sort: Sequence[str] = (),
    page: int = 1,
    size: int = 20,
    per_query: Mapping[str, Any] | None = None,
    session: Session | None = None,
    options: Sequence[Any] = (),
    check: bool = False,
    config: Config | None = None,
) -> SearchResult:
    """Search one schema's index.

    Parameters
    ----------
    schema
        Registered name, model or schema; or a :class:`SearchRequest`, which says all of what is searched for.
    text, filter, facet_filter, facets, sort, page, size, per_query
        As of :class:`SearchRequest`. The counts of a facet ignore what is chosen in the facet itself.
    session
        Read the hits' records with it, in one query.
    options
        SQLAlchemy's loader options for the records, such as ``selectinload(City.country)``.
    check
        Mark hits whose document says something else than their row; needs a session.
    config
        Used instead of the configured one.

    Returns
    -------
    SearchResult

    Raises
    ------
    InvalidOptions
        For an undeclared field, an unknown operator, a missing tenant, or a page that does not exist.
    IndexNotFound, TransportError
        When the index or the server is not there.

    Examples
    --------
    >>> import scrypath
    >>> cheap = {"price": {"lt": 200}}
    >>> found = scrypath.search("Product", filter=cheap, sort=["price:desc"], facets=["brand_id"])
    >>> found.total, found.frame["name"].to_list()
    (2, ['Chair', 'Lamp'])
    >>> found.facets.rows()
    [('brand_id', '1', 1)]
    """
    asked = {
        "text": text,
        "filter": filter or {},
        "facet_filter": facet_filter or {},
        "facets": facets,
        "sort": sort,
        "page": page,
        "size": size,
        "per_query": per_query or {},
    }
    request = _request(schema, asked)
    if session is None and (check or options):
        raise InvalidOptions(
            f"{'check' if check else 'options'} is about the hits' rows.", hint="Give session= to read them."
        )
    if session is not None:
        usable_session(session)
    ref = IndexRef.live(request.schema, resolve(config))
    with span("scrypath.search", schema=request.schema.name, index=ref.uid):
        found = answer(ref, request)
    if session is None:
        return found
    return hydrate(found, session, options=options, check=check, config=ref.config)


def search_within_facet(
    schema: Any,
    text: str,
    bucket: tuple[str, Any],
    *,
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    facet_filter: Mapping[str, Any] | None = None,
    facets: Sequence[str] = (),
    sort: Sequence[str] = (),
    page: int = 1,
    size: int = 20,
    per_query: Mapping[str, Any] | None = None,
    session: Session | None = None,
    options: Sequence[Any] = (),
    check: bool = False,
    config: Config | None = None,
) -> SearchResult:
    """Search among the documents that have a value of a facet.

    Parameters
    ----------
    bucket
        The facet, and its value or a list of values, any of which may match.
    schema, text, filter, facet_filter, facets, sort, page, size, per_query, session, options, check, config
        As of :func:`search`. The facet itself must not be in ``facet_filter`` too.

    Raises
    ------
    InvalidOptions
        For a facet that is not declared or is filtered on twice.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.search_within_facet("Product", "", ("brand_id", 1)).frame["name"].to_list()
    ['Lamp', 'Desk']
    """
    if not isinstance(bucket, tuple) or len(bucket) != 2:
        raise InvalidOptions(f"bucket is {bucket!r}.", hint='Give a facet and a value: ("colour", "red").')
    facet, value = bucket
    others = {} if facet_filter is None else facet_filter
    if not isinstance(others, Mapping):
        raise InvalidOptions(f"facet_filter is {others!r}.", hint="Give a mapping: {facet: value}.")
    if not isinstance(facet, str):
        raise InvalidOptions(f"bucket is {bucket!r}.", hint='Give a facet and a value: ("colour", "red").')
    if facet in others:
        raise InvalidOptions(f"facet_filter names {facet!r} too.", hint="Say once which of its values match.")
    return search(
        schema,
        text,
        filter=filter,
        facet_filter={**others, facet: value},
        facets=facets,
        sort=sort,
        page=page,
        size=size,
        per_query=per_query,
        session=session,
        options=options,
        check=check,
        config=config,
    )


@dataclass(frozen=True, slots=True, eq=False)
class FacetValues:
    """Values of one facet that match a text.

    Parameters
    ----------
    facet
        Name of the facet.
    frame
        Frame ``FACET_COUNTS``.
    """

    facet: str
    frame: pl.DataFrame

    def to_pandas(self) -> Any:
        """The frame for pandas, which must be installed."""
        return self.frame.to_pandas()


def search_facet_values(
    schema: Any,
    facet: str,
    query: str = "",
    *,
    text: str = "",
    filter: Mapping[str, Any] | None = None,  # noqa: A002 - the field's standard term
    facet_filter: Mapping[str, Any] | None = None,
    config: Config | None = None,
) -> FacetValues:
    """Search among the values of a facet, for a box that completes what is typed.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    facet
        A declared facet.
    query
        How its values begin; empty: all of them, as many as the schema's ``max_values_per_facet``.
    text, filter, facet_filter
        Count only the documents that a search with them finds; what is chosen in the facet itself is ignored.
    config
        Used instead of the configured one.

    Raises
    ------
    InvalidOptions
        For a facet that is not declared or consists of numbers, or a missing tenant.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.search_facet_values("Product", "brand_id", "1")
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: Product: the values of 'brand_id' are numbers, which the server does not search.
    Count them by a search with facets=['brand_id'].
    """
    request = SearchRequest(schema, text, filter=filter or {}, facet_filter=facet_filter or {})
    declared(request.schema, "facets", facet, request.schema.faceting.attributes)
    if field_of(request.schema, facet).kind in NUMBERS:
        raise InvalidOptions(
            f"{request.schema.name}: the values of {facet!r} are numbers, which the server does not search.",
            hint=f"Count them by a search with facets=[{facet!r}].",
        )
    ref = IndexRef.live(request.schema, resolve(config))
    body = facet_queries.values_body(request, facet, query)
    with span("scrypath.search", schema=request.schema.name, index=ref.uid):
        reply = raw.facet_search(ref.config, ref.uid, body)
    rows = [{"facet": facet, "value": value, "count": count} for value, count in decoding.facet_values(reply)]
    return FacetValues(facet, FACET_COUNTS.rows(rows))


def answer(ref: IndexRef, request: SearchRequest) -> SearchResult:
    """What an index answers to a request, in one round trip.

    Raises
    ------
    InvalidOptions
        When the schema has a tenant field and the filter names no tenant.
    IndexNotFound, TransportError
        When the index or the server is not there.
    """
    bodies = facet_queries.bodies(request)
    if len(bodies) == 1:
        return decoded(request, [raw.search(ref.config, ref.uid, bodies[0])])
    reply = raw.multi_search(ref.config, {"queries": [body | {"indexUid": ref.uid} for body in bodies]})
    return decoded(request, decoding.several(reply, len(bodies)))


def _request(schema: Any, asked: Mapping[str, Any]) -> SearchRequest:
    if not isinstance(schema, SearchRequest):
        return SearchRequest(schema, **asked)
    plain = SearchRequest(schema.schema)
    for name, value in asked.items():
        if value != getattr(plain, name) and value != ():
            raise InvalidOptions(f"{name} is given beside a SearchRequest.", hint="Put it into the request.")
    return schema
