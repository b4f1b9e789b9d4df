"""``QueryParams``: the parameters of a web request as a search, and the search as parameters again."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlencode

from scrypath.errors import InvalidOptions, InvalidParams, did_you_mean
from scrypath.query.filters import GEO, GEO_OPERATORS, OPERATORS, conditions, facet_conditions
from scrypath.query.request import SearchRequest
from scrypath.query.typed_text import typed, written
from scrypath.query.values import is_unicode
from scrypath.schema import SearchSchema, registry

LONGEST = 500  # characters of a value
MOST = 200  # values of all parameters together
LARGEST_PAGE = 100  # hits
SIZE = 20  # hits of a page where nothing else is asked for
_NAMES = ("q", "page", "size", "sort")
_BRACKETS = re.compile(r"(filter|facet)\[([^\]]*)\](?:\[([^\]]*)\])?")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class QueryParams:
    """What the parameters of a web request ask for, typed, bounded and checked against a schema.

    ===============================  ==============================================================
    ``q``                            text
    ``filter[field]=value``          equal to it; several times: to one of them
    ``filter[field][operator]=…``    ``ne gt gte lt lte exists is_null``; of ``_geo``: ``radius``, ``box``
    ``facet[facet]=value``           a value that is chosen, several times: one of them
    ``sort``                         ``population:desc`` or ``-population``; several, or with commas
    ``page``, ``size``               which page, and hits on it
    ===============================  ==============================================================

    Make one with :meth:`parse`. A tenant is never taken from a request: put it into a :class:`Composition`.

    Parameters
    ----------
    schema
        What is searched.
    text, filter, facet_filter, sort, page, size
        As of :class:`SearchRequest`.
    errors
        Parameter → what is wrong with it; its value is left out of the others.
    given
        Parameter → values as they were given, to fill a form with again.
    ignored
        Parameters that do not belong to a search.

    Examples
    --------
    >>> import scrypath
    >>> params = scrypath.QueryParams.parse("Product", "q=desk&filter[price][lte]=300&page=one")
    >>> params.text, dict(params.filter["price"]), params.errors
    ('desk', {'lte': 300.0}, {'page': "'page' cannot be 'one'. Give a whole number."})
    >>> params.query_string()
    'q=desk&filter%5Bprice%5D%5Blte%5D=300.0'
    """

    schema: SearchSchema
    text: str = ""
    filter: Mapping[str, Mapping[str, Any]] = _NOTHING
    facet_filter: Mapping[str, Sequence[Any]] = _NOTHING
    sort: Sequence[str] = ()
    page: int = 1
    size: int = SIZE
    errors: Mapping[str, str] = field(default_factory=dict)
    given: Mapping[str, Sequence[str]] = field(default_factory=dict, compare=False, repr=False)
    ignored: Sequence[str] = field(default=(), compare=False, repr=False)

    @classmethod
    def parse(
        cls,
        schema: Any,
        given: str | Mapping[str, Any] | Iterable[tuple[str, str]],
        *,
        largest: int = LARGEST_PAGE,
        filterable: Sequence[str] | None = None,
    ) -> QueryParams:
        """Read the parameters of a request; what is wrong with one of them is in ``errors``, and raises nothing.

        Parameters
        ----------
        schema
            Registered name, model or schema.
        given
            A query string, a mapping of texts or lists of texts (those of FastAPI, Flask and Django too), or pairs.
        largest
            Hits on a page at most.
        filterable
            Fields that a request may filter by; default: all that the schema declares, without the tenant.
        """
        found = registry.find(schema)
        allowed = tuple(
            name
            for name in (found.filterable if filterable is None else filterable)
            if name != found.tenant_field
        )
        return _Reader(found, allowed, largest).read(_pairs(given))

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors

    def fragment(self) -> dict[str, Any]:
        """What was asked for, as a :class:`Composition` takes it.

        Raises
        ------
        InvalidParams
            When something is wrong; it has the ``errors``.
        """
        if self.errors:
            said = "; ".join(f"{name}: {what}" for name, what in self.errors.items())
            raise InvalidParams(
                f"{self.schema.name} cannot be searched with these parameters: {said}",
                hint="Show errors beside the fields of the form.",
                errors=self.errors,
            )
        asked = {
            "text": self.text,
            "filter": self.filter,
            "facet_filter": self.facet_filter,
            "sort": self.sort,
            "page": self.page if self.page != 1 else None,
            "size": self.size if self.size != SIZE else None,
        }
        return {name: value for name, value in asked.items() if value}

    def request(self, *, facets: Sequence[str] = ()) -> SearchRequest:
        """A request for exactly this.

        Raises
        ------
        InvalidParams
            When something is wrong; it has the ``errors``.
        """
        return SearchRequest(self.schema, **self.fragment(), facets=facets)

    def pairs(self) -> list[tuple[str, str]]:
        """The parameters in their shortest form, that :meth:`parse` reads as the same search."""
        found = [("q", self.text)] if self.text else []
        for name, operators in self.filter.items():
            for operator, value in operators.items():
                if operator in ("eq", "in_"):
                    found += [
                        (f"filter[{name}]", written(it)) for it in (value if operator == "in_" else [value])
                    ]
                else:
                    found.append((f"filter[{name}][{operator}]", written(value)))
        found += [
            (f"facet[{name}]", written(it)) for name, values in self.facet_filter.items() for it in values
        ]
        found += [("sort", item) for item in self.sort]
        found += [("page", str(self.page))] if self.page != 1 else []
        return found + ([("size", str(self.size))] if self.size != SIZE else [])

    def query_string(self) -> str:
        """The parameters as the query of a URL, without the question mark."""
        return urlencode(self.pairs())

    def at(self, page: int) -> QueryParams:
        """The same search, at another page."""
        return replace(self, page=page)

    def toggled(self, facet: str, value: Any) -> QueryParams:
        """The same search from its first page, with a value of a facet chosen, or no longer chosen.

        Parameters
        ----------
        facet
            A declared facet.
        value
            A value of it, or the text that ``FACET_COUNTS`` has for one.
        """
        value = typed(self.schema, facet, "eq", value) if isinstance(value, str) else value
        chosen = list(self.facet_filter.get(facet, ()))
        if value in chosen:
            chosen.remove(value)
        else:
            chosen.append(value)
        others = {name: values for name, values in self.facet_filter.items() if name != facet}
        return replace(self, facet_filter=others | ({facet: tuple(chosen)} if chosen else {}), page=1)


class _Reader:
    """Reads the parameters of one request."""

    def __init__(self, schema: SearchSchema, filterable: Sequence[str], largest: int) -> None:
        self.schema = schema
        self.filterable = filterable
        self.largest = largest
        self.errors: dict[str, str] = {}

    def read(self, pairs: Sequence[tuple[str, str]]) -> QueryParams:
        """The search that the parameters describe."""
        given: dict[str, list[str]] = {}
        for name, value in pairs[:MOST]:
            given.setdefault(name, []).append(value)
        if len(pairs) > MOST:
            self.errors[""] = f"There are more than {MOST} parameters."
        for name, values in list(given.items()):
            if any(len(value) > LONGEST for value in values):
                self.errors[name] = f"It is longer than {LONGEST} characters."
            if not all(map(is_unicode, [name, *values])):
                self.errors[name] = "It is no Unicode."
        known = {name: values for name, values in given.items() if name not in self.errors}
        filters: dict[str, dict[str, Any]] = {}
        chosen: dict[str, tuple[Any, ...]] = {}
        ignored = []
        for name, values in known.items():
            brackets = _BRACKETS.fullmatch(name)
            if brackets is None:
                ignored += [name] if name not in _NAMES else []
                continue
            kind, about, operator = brackets.groups()
            texts = [value for value in values if value]  # a form sends its empty fields too
            if not texts:
                continue
            if kind == "facet":
                self._try(name, self._facet, chosen, about, operator, texts)
            else:
                self._try(name, self._filter, filters, about, operator, texts)
        page = self._number(known, "page", 1, 1_000_000)
        size = self._number(known, "size", SIZE, self.largest)
        sort = self._sort(known.get("sort", ()))
        self._try("page", SearchRequest, self.schema, page=page, size=size)
        return QueryParams(
            self.schema,
            known.get("q", [""])[-1],
            MappingProxyType(filters),
            MappingProxyType(chosen),
            sort,
            page,
            size,
            self.errors,
            {name: tuple(values) for name, values in given.items()},
            tuple(ignored),
        )

    def _try(self, name: str, act: Callable[..., Any], *given: Any, **named: Any) -> None:
        try:
            act(*given, **named)
        except InvalidOptions as error:
            self.errors.setdefault(name, str(error))

    def _filter(
        self, filters: dict[str, dict[str, Any]], field_name: str, operator: str | None, texts: Sequence[str]
    ) -> None:
        if field_name not in self.filterable:
            raise InvalidOptions(
                f"There is no filter {field_name!r}.", hint=did_you_mean(field_name, self.filterable)
            )
        known = GEO_OPERATORS if field_name == GEO else tuple(name for name in OPERATORS if name != "in_")
        operator = operator or "eq"
        if operator not in known:
            raise InvalidOptions(f"There is no operator {operator!r}.", hint=did_you_mean(operator, known))
        values = [typed(self.schema, field_name, operator, text) for text in texts]
        if len(values) > 1 and operator != "eq":
            raise InvalidOptions("It is given more than once.", hint="Give it once.")
        condition = {"in_": tuple(values)} if len(values) > 1 else {operator: values[0]}
        conditions(self.schema, {field_name: condition})
        filters.setdefault(field_name, {}).update(condition)

    def _facet(
        self, chosen: dict[str, tuple[Any, ...]], name: str, operator: str | None, texts: Sequence[str]
    ) -> None:
        facets = [it for it in self.schema.faceting.attributes if it != self.schema.tenant_field]
        if name not in facets or operator is not None:
            raise InvalidOptions(f"There is no facet {name!r}.", hint=did_you_mean(name, facets))
        values = tuple(dict.fromkeys(typed(self.schema, name, "eq", text) for text in texts))
        facet_conditions(self.schema, {name: values})
        chosen[name] = values

    def _number(self, known: Mapping[str, Sequence[str]], name: str, default: int, most: int) -> int:
        text = next((value for value in reversed(known.get(name, ())) if value), None)
        if text is None:
            return default
        if not re.fullmatch(r"[0-9]{1,9}", text):
            self.errors[name] = f"{name!r} cannot be {text[:60]!r}. Give a whole number."
        elif not 1 <= int(text) <= most:
            self.errors[name] = f"{name!r} cannot be {text}. Give a number from 1 to {most}."
        return int(text) if name not in self.errors else default

    def _sort(self, values: Sequence[str]) -> tuple[str, ...]:
        # A place has a comma of its own.
        given = [item for value in values for item in re.split(r",(?![^()]*\))", value) if item]
        items = [
            f"{item[1:]}:desc" if item[0] == "-" else item if ":" in item else f"{item}:asc" for item in given
        ]
        before = len(self.errors)
        self._try("sort", SearchRequest, self.schema, sort=items)
        return SearchRequest(self.schema, sort=items).sort if len(self.errors) == before else ()  # type: ignore[return-value]


def _pairs(given: Any) -> list[tuple[str, str]]:
    if isinstance(given, str):
        return parse_qsl(given.removeprefix("?"), keep_blank_values=True)
    if hasattr(given, "multi_items"):  # Starlette and FastAPI
        given = given.multi_items()
    elif hasattr(given, "lists"):  # Werkzeug (Flask) and Django
        given = dict(given.lists())
    if isinstance(given, Mapping):
        given = [
            (name, value)
            for name, values in given.items()
            for value in (values if isinstance(values, list | tuple) else [values])
        ]
    try:
        return [(str(name), str(value)) for name, value in given]
    except (TypeError, ValueError) as error:
        raise InvalidOptions(
            f"The parameters of a request cannot be a {type(given).__name__} like this.",
            hint="Give a query string, a mapping, or pairs of names and values.",
        ) from error
