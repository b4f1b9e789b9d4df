"""What a search over several schemas takes: requests, or shorter ways to write them."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.query.request import SearchRequest
from scrypath.schema import registry
from scrypath.schema.identity import several

ALL = "all"
MOST = 10  # requests in one call
LARGEST_PAGE = 50  # hits of each request, and of the merged list


@dataclass(frozen=True, slots=True)
class Federation:
    """How the hits of several requests are merged into one list.

    Parameters
    ----------
    weights
        One a request, by which its ranking scores are multiplied; default: 1 for each. The weight of an entry ``"all"``
        is that of each of its schemas.
    page, size
        Which page of the merged list, and hits on it, at most 50.

    Examples
    --------
    >>> Federation(weights=[2, 1]).size
    20
    >>> Federation(weights=[-1])
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: weights has -1. A weight is a number of at least 0.
    """

    weights: Sequence[float] = ()
    page: int = 1
    size: int = 20

    def __post_init__(self) -> None:
        object.__setattr__(self, "weights", tuple(several("weights", self.weights)))
        for weight in self.weights:
            if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight < math.inf:
                raise InvalidOptions(f"weights has {weight!r}.", hint="A weight is a number of at least 0.")
        if not isinstance(self.page, int) or self.page < 1:
            raise InvalidOptions(f"page is {self.page!r}.", hint="Give a whole number, from 1.")
        _check_size("the merged list", self.size)


def expanded(
    entries: Sequence[Any],
    text: str,
    schemas: Sequence[Any],
    federation: Federation | None,
    config: Config,
) -> tuple[tuple[SearchRequest, ...], tuple[float, ...]]:
    """The requests that entries mean, and the weight of each.

    Parameters
    ----------
    entries
        Each a :class:`SearchRequest`, a schema, or ``(schema, text)`` or ``(schema, text, {option: value})``; ``"all"``
        in the place of a schema means each of ``schemas``.
    text
        Of entries that name none.
    schemas
        What ``"all"`` means; empty: the configuration's own.
    federation
        Its weights belong to the entries.
    config
        Whose schemas ``"all"`` means.

    Raises
    ------
    InvalidOptions
        For nothing to search, too many requests, pages that are too large, or weights that do not fit.
    """
    given = list(several("requests", entries))
    weights = (federation.weights if federation is not None else ()) or (1.0,) * len(given)
    if len(weights) != len(given):
        raise InvalidOptions(
            f"There are {len(weights)} weights for {len(given)} requests.", hint="Give one for each, or none."
        )
    requests: list[SearchRequest] = []
    shares: list[float] = []
    for entry, weight in zip(given, weights, strict=True):
        made = _requests(entry, text, schemas, config)
        requests += made
        shares += [float(weight)] * len(made)
    if not 1 <= len(requests) <= MOST:
        raise InvalidOptions(
            f"search_many has {len(requests)} requests.", hint=f"Give at least one and at most {MOST}."
        )
    for request in requests:
        _check_size(f"the request of {request.schema.name}", request.size)
    return tuple(requests), tuple(shares)


def _requests(entry: Any, text: str, schemas: Sequence[Any], config: Config) -> list[SearchRequest]:
    if isinstance(entry, SearchRequest):
        return [entry]
    name, sought, options = _parts(entry, text)
    if name != ALL:
        return [SearchRequest(name, sought, **options)]
    listed = list(several("schemas", schemas)) or [registry.load(path) for path in config.schemas]
    if not listed:
        raise InvalidOptions(
            "'all' does not name any schema here.",
            hint="Give schemas=[…], or configure schemas = ['package.module:Model'].",
        )
    return [SearchRequest(schema, sought, **options) for schema in listed]


def _parts(entry: Any, text: str) -> tuple[Any, str, Mapping[str, Any]]:
    match entry:
        case (name, str() as sought):
            return name, sought, {}
        case (name, str() as sought, Mapping() as options):
            if unknown := set(options) - _OPTIONS:
                raise InvalidOptions(
                    f"A request has no option {sorted(map(str, unknown))[0]!r}.",
                    hint=f"Known: {', '.join(sorted(_OPTIONS))}.",
                )
            return name, sought, options
        case tuple() | list():
            raise InvalidOptions(
                f"{entry!r} is not a search request.",
                hint="Write (schema, text) or (schema, text, {option: value}).",
            )
    return entry, text, {}


_OPTIONS = {"filter", "facet_filter", "facets", "sort", "page", "size", "per_query"}


def _check_size(what: str, size: Any) -> None:
    if isinstance(size, bool) or not isinstance(size, int) or not 1 <= size <= LARGEST_PAGE:
        raise InvalidOptions(
            f"{what[0].upper()}{what[1:]} has the size {size!r}.",
            hint=f"In search_many a page has 1 to {LARGEST_PAGE} hits.",
        )
