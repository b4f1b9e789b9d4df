"""``Composition``: one request out of fragments that do not know of each other, with defaults and fixed parts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.query.filters import GROUPS
from scrypath.query.params import QueryParams
from scrypath.query.request import SearchRequest
from scrypath.schema import registry
from scrypath.schema.identity import several

MERGED = ("filter", "facet_filter", "per_query")  # mappings that fragments fill together
SINGLE = ("text", "sort", "page", "size")  # what one fragment at the most says, or several alike
OPTIONS = (*MERGED, *SINGLE, "facets")
FIXED = "fixed"
type Fragment = Mapping[str, Any]


@dataclass(frozen=True)
class Composition:
    """A search put together from fragments: what a request asks for, what a page is about, what a tenant may see.

    Conditions of all fragments hold together. Two fragments that say different things about the same are refused by
    name, and what is fixed can be narrowed but never changed. Defaults hold where no fragment says anything.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    defaults
        Option → value, as of :class:`SearchRequest`.
    fixed
        The same, for what no fragment may change: a tenant, a category.
    fragments
        Pairs of a name and option → value; :meth:`add` adds one.

    Examples
    --------
    >>> import scrypath
    >>> page = scrypath.Composition("Product", defaults={"sort": ["price:asc"]}, fixed={"filter": {"brand_id": 1}})
    >>> request = page.add({"text": "desk", "filter": {"price": {"lte": 300}}}, name="form").request()
    >>> request.body()["filter"], request.sort
    ('"brand_id" = 1 AND "price" <= 300.0', ('price:asc',))
    >>> page.add({"filter": {"brand_id": 2}}, name="form").request()
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: 'fixed' and 'form' disagree on filter 'brand_id': {'eq': 1} and {'eq': 2}.
    Give it in only one of them.
    """

    schema: Any
    defaults: Fragment = field(default_factory=dict)
    fixed: Fragment = field(default_factory=dict)
    fragments: Sequence[tuple[str, Fragment]] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "schema", registry.find(self.schema))
        object.__setattr__(self, "fragments", tuple(self.fragments))
        for name, fragment in (("defaults", self.defaults), (FIXED, self.fixed), *self.fragments):
            _check(name, fragment)

    def add(self, fragment: Fragment | QueryParams, *, name: str | None = None) -> Composition:
        """A composition with one fragment more.

        Parameters
        ----------
        fragment
            Option → value, or the parameters of a web request.
        name
            What messages call it; default: its number.

        Raises
        ------
        InvalidParams
            When something is wrong with the parameters.
        InvalidOptions
            For an option that a search does not have.
        """
        if isinstance(fragment, QueryParams):
            name, fragment = name or "params", fragment.fragment()
        named = name or f"fragment {len(self.fragments) + 1}"
        return replace(self, fragments=(*self.fragments, (named, fragment)))

    def request(self) -> SearchRequest:
        """The one request that all of it makes.

        Raises
        ------
        InvalidOptions
            When two fragments disagree, or what they make together cannot be searched for.
        """
        parts = [(FIXED, self.fixed), *self.fragments]
        merged: dict[str, Any] = {}
        for option in SINGLE:
            said = [
                (name, part[option]) for name, part in parts if part.get(option) not in (None, "", (), [])
            ]
            if said:
                merged[option] = _one(option, [(name, _plain(value)) for name, value in said])
            elif option in self.defaults:
                merged[option] = self.defaults[option]
        for option in MERGED:
            values = _together(option, parts)
            for key, value in (self.defaults.get(option) or {}).items():
                values.setdefault(key, value)
            merged[option] = values
        facets = [it for _, part in parts for it in _facets(part)] or _facets(self.defaults)
        merged["facets"] = tuple(dict.fromkeys(facets))
        return SearchRequest(self.schema, **merged)


def _check(name: str, fragment: Any) -> None:
    if not isinstance(fragment, Mapping):
        raise InvalidOptions(f"{name} is {fragment!r}.", hint="Give a mapping: {option: value}.")
    for option, value in fragment.items():
        if option not in OPTIONS:
            raise InvalidOptions(f"{name} has no option {option!r}.", hint=did_you_mean(str(option), OPTIONS))
        if option in MERGED and value is not None and not isinstance(value, Mapping):
            raise InvalidOptions(f"{option} of {name} is {value!r}.", hint="Give a mapping.")


def _facets(part: Fragment) -> Iterable[Any]:
    return several("facets", () if part.get("facets") is None else part["facets"])


def _together(option: str, parts: Iterable[tuple[str, Fragment]]) -> dict[str, Any]:
    said: dict[tuple[str, str], list[tuple[str, Any]]] = {}
    groups: list[dict[str, Any]] = []
    for name, part in parts:
        for key, value in (part.get(option) or {}).items():
            if option == "filter" and key in GROUPS:
                groups.append({key: value})
                continue
            for operator, operand in _operators(option, value).items():
                said.setdefault((key, operator), []).append((name, _plain(operand)))
    found: dict[str, Any] = {}
    for (key, operator), values in said.items():
        value = _one(f"{option} {key!r}", values, operator)
        if operator:
            found.setdefault(key, {})[operator] = value
        else:
            found[key] = value
    return found | ({"and_": groups} if groups else {})


def _operators(option: str, value: Any) -> Mapping[str, Any]:
    """A condition by its operators; what is no filter has the one without a name."""
    if option != "filter":
        return {"": value}
    return value if isinstance(value, Mapping) else {"eq": value}


def _one(what: str, said: Sequence[tuple[str, Any]], operator: str = "") -> Any:
    first, value = said[0]
    for name, other in said[1:]:
        if other != value or type(other) is not type(value):
            shown = ({operator: value}, {operator: other}) if operator else (value, other)
            raise InvalidOptions(
                f"{first!r} and {name!r} disagree on {what}: {shown[0]!r} and {shown[1]!r}.",
                hint="Give it in only one of them.",
            )
    return value


def _plain(value: Any) -> Any:
    """A value that compares equal to another of the same items, whatever holds them."""
    return tuple(value) if isinstance(value, list) else value
