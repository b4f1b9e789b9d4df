"""One search of one schema as plain frozen data, and the body that the server gets for it."""

from __future__ import annotations

import re
import threading
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.query.filters import GEO, Conditions, conditions, declared, facet_conditions, joined, point
from scrypath.query.tenant import tenants
from scrypath.query.values import is_unicode
from scrypath.schema import SearchSchema, registry
from scrypath.schema.identity import several

LARGEST_PAGE = 1_000  # hits
MOST_HITS = 1_000  # that the server shows of one search, on all pages together
PER_QUERY = MappingProxyType(
    {
        "ranking_score_threshold": "rankingScoreThreshold",
        "show_ranking_score": "showRankingScore",
        "show_ranking_score_details": "showRankingScoreDetails",
    }
)
_PLACE = re.compile(r"_geoPoint\(\s*([^,\s]+)\s*,\s*([^,\s]+)\s*\)")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class SearchRequest:
    """One search of one schema, checked when it is made: what every search of the kit is made of.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    text
        What to look for; empty matches everything.
    filter
        Field → value, or field → ``{operator: value}`` with ``eq ne gt gte lt lte in_ exists is_null``; all of them
        must hold. ``or_`` and ``and_`` → list of filters, ``not_`` → filter. ``_geo`` → ``{"radius": (latitude,
        longitude, metres)}`` or ``{"box": (north-east, south-west)}``.
    facet_filter
        Declared facet → value or list of values, any of which may match.
    facets
        Declared facets to count.
    sort
        ``"population:desc"``, declared sortable fields only; ``"_geoPoint(47.4, 8.5):asc"`` with a sortable ``_geo``.
    page, size
        Which page, from 1, and hits on it, at most 1 000.
    per_query
        ``ranking_score_threshold`` (0 to 1), ``show_ranking_score``, ``show_ranking_score_details``.

    Raises
    ------
    InvalidOptions
        For anything that the schema does not declare or a limit does not allow. Nothing is clamped.

    Examples
    --------
    >>> import scrypath
    >>> request = scrypath.SearchRequest("Product", "desk", filter={"price": {"lte": 300}}, size=5)
    >>> request.body()["filter"]
    '"price" <= 300.0'
    """

    schema: SearchSchema
    text: str = ""
    filter: Mapping[str, Any] = _NOTHING
    facet_filter: Mapping[str, Any] = _NOTHING
    facets: Sequence[str] = ()
    sort: Sequence[str] = ()
    page: int = 1
    size: int = 20
    per_query: Mapping[str, Any] = _NOTHING
    conditions: Conditions = field(init=False, repr=False, compare=False)
    facet_conditions: Conditions = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        schema = registry.find(self.schema)
        if not isinstance(self.text, str):
            raise InvalidOptions(
                f"text is {self.text!r}.", hint="Give a text; an empty one matches everything."
            )
        if not is_unicode(self.text):
            raise InvalidOptions(
                f"text is {self.text!r}, which is no Unicode.", hint="Leave out its lone surrogates."
            )
        facets = tuple(
            declared(schema, "facets", name, schema.faceting.attributes)
            for name in several("facets", self.facets)
        )
        for name in facets:
            if facets.count(name) > 1:
                raise InvalidOptions(f"facets names {name!r} twice.", hint="Name it once.")
        found = {
            "schema": schema,
            "filter": _frozen(self.filter or _NOTHING),
            "facet_filter": _frozen(self.facet_filter or _NOTHING),
            "facets": facets,
            "sort": tuple(_order(schema, item) for item in several("sort", self.sort)),
            "per_query": _per_query(self.per_query or _NOTHING),
            "conditions": conditions(schema, self.filter or _NOTHING),
            "facet_conditions": facet_conditions(schema, self.facet_filter or _NOTHING),
        }
        _check_page(self.page, self.size)
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def tenants(self) -> frozenset[Any] | None:
        """The tenants that the request lets through, None where the schema has no tenant field.

        Raises
        ------
        InvalidOptions
            When the schema has a tenant field and the filter names no tenant.
        """
        return tenants(self.schema, self.filter)

    def expression(self, *, without: Collection[str] = ()) -> str | None:
        """The filter and the facet filter as one Meilisearch expression, None without either.

        Parameters
        ----------
        without
            Facets whose facet filter is left out.

        Raises
        ------
        InvalidOptions
            When the schema has a tenant field and the filter names no tenant.
        """
        self.tenants()
        kept = [part for part in self.facet_conditions if part[0] not in without]
        return joined((*self.conditions, *kept))

    def body(self) -> dict[str, Any]:
        """The request as ``POST /indexes/{uid}/search`` takes it.

        Raises
        ------
        InvalidOptions
            When the schema has a tenant field and the filter names no tenant.
        """
        body: dict[str, Any] = {"q": self.text, "page": self.page, "hitsPerPage": self.size}
        if (expression := self.expression()) is not None:
            body["filter"] = expression
        if self.facets:
            body["facets"] = list(self.facets)
        if self.sort:
            body["sort"] = list(self.sort)
        return body | {PER_QUERY[name]: value for name, value in self.per_query.items()}


def seconds(name: str, value: Any) -> float:
    """A time to wait, or an ``InvalidOptions``."""
    if (
        isinstance(value, bool)
        or not isinstance(value, int | float)
        or not 0 < value <= threading.TIMEOUT_MAX
    ):
        raise InvalidOptions(f"{name} is {value!r}.", hint="Give seconds, more than 0.")
    return value


def _check_page(page: Any, size: Any) -> None:
    for name, value in (("page", page), ("size", size)):
        if isinstance(value, bool) or not isinstance(value, int):
            raise InvalidOptions(f"{name} is {value!r}.", hint="Give a whole number.")
    if page < 1 or not 1 <= size <= LARGEST_PAGE:
        raise InvalidOptions(
            f"There is no page {page} of size {size}.",
            hint=f"page starts at 1, size goes from 1 to {LARGEST_PAGE}.",
        )
    if (page - 1) * size >= MOST_HITS:
        raise InvalidOptions(
            f"Page {page} of size {size} begins after hit {MOST_HITS}.",
            hint=f"The server shows the first {MOST_HITS} hits of a search: narrow it with a filter.",
        )


def _order(schema: SearchSchema, item: Any) -> str:
    name, _, direction = str(item).rpartition(":")
    if direction not in ("asc", "desc"):
        raise InvalidOptions(
            f"sort {item!r} has no direction.", hint=f"Write {name or item}:asc or {name or item}:desc."
        )
    place = _PLACE.fullmatch(name)
    declared(schema, "sort", GEO if place else name, schema.sortable)
    if place is None and name != GEO:
        return str(item)
    try:
        assert place is not None
        return f"_geoPoint({point(float(place[1]), float(place[2]))}):{direction}"
    except (AssertionError, ValueError) as error:
        raise InvalidOptions(
            f"sort {item!r} has no latitude and longitude.",
            hint="Write _geoPoint(latitude, longitude):asc, in degrees.",
        ) from error


def _per_query(given: Mapping[str, Any]) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidOptions(
            f"per_query is {given!r}.", hint="Give a mapping, as in {'show_ranking_score': True}."
        )
    for name, value in given.items():
        if name not in PER_QUERY:
            raise InvalidOptions(
                f"per_query has no option {name!r}.",
                hint=f"{did_you_mean(str(name), PER_QUERY)} Everything else of the server's own is in "
                "scrypath.meilisearch.search.",
            )
        if name == "ranking_score_threshold":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
                raise InvalidOptions(f"{name} is {value!r}.", hint="Give a number from 0 to 1.")
        elif not isinstance(value, bool):
            raise InvalidOptions(f"{name} is {value!r}.", hint="Give True or False.")
    return MappingProxyType(dict(given))


def _frozen(given: Any) -> Any:
    match given:
        case Mapping():
            return MappingProxyType({name: _frozen(value) for name, value in given.items()})
        case list() | tuple():
            return tuple(_frozen(item) for item in given)
        case set():
            return frozenset(given)
    return given
