"""A search's filter: plain data in, one Meilisearch expression out."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import Any

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.query.values import Literal, around, has_order, is_zero, literal, quoted
from scrypath.schema import SearchSchema

COMPARISONS = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
ORDERED = ("gt", "gte", "lt", "lte")
OPERATORS = (*COMPARISONS, "in_", "exists", "is_null")
GROUPS = ("and_", "or_", "not_")
GEO = "_geo"
GEO_OPERATORS = ("radius", "box")
DEEPEST = 20  # groups inside of groups; the server takes 150 levels of brackets

type Conditions = tuple[tuple[str, str], ...]
"""What must hold, all of it: the field or group that it is about, and its expression."""


def conditions(schema: SearchSchema, given: Mapping[str, Any] | None) -> Conditions:
    """A filter as expressions that must all hold, one for each of its entries.

    Parameters
    ----------
    schema
        Whose filterable fields may be named.
    given
        Field → value, or field → ``{operator: value}``; ``or_`` and ``and_`` → list of filters, ``not_`` → filter.

    Raises
    ------
    InvalidOptions
        For an undeclared field, an unknown operator, an empty list, or a value that the field cannot hold.
    """
    return _entries(schema, {} if given is None else given, 0)


def facet_conditions(schema: SearchSchema, given: Mapping[str, Any] | None) -> Conditions:
    """A facet filter as expressions that must all hold, one a facet: of its values, any.

    Parameters
    ----------
    schema
        Whose declared facets may be named.
    given
        Facet → value, or list of values.

    Raises
    ------
    InvalidOptions
        For an undeclared facet, an empty list, or a value that the field cannot hold.
    """
    found = []
    for name, value in _mapping("facet_filter", {} if given is None else given).items():
        declared(schema, "facet_filter", name, schema.faceting.attributes)
        values = value if isinstance(value, list | tuple | set | frozenset) else [value]
        found.append((name, _one_of(schema, name, values)))
    return tuple(found)


def joined(parts: Iterable[tuple[str, str]]) -> str | None:
    """One expression for several that must all hold; None without any."""
    return " AND ".join(expression for _, expression in parts) or None


def declared(schema: SearchSchema, option: str, name: Any, known: Sequence[str]) -> str:
    """A name that the schema declares for an option, or an ``InvalidOptions`` that names the nearest."""
    if not isinstance(name, str) or name not in known:
        raise InvalidOptions(
            f"{schema.name} does not declare {name!r} for {option}.", hint=did_you_mean(str(name), known)
        )
    return name


def _entries(schema: SearchSchema, given: Any, depth: int) -> Conditions:
    if depth > DEEPEST:
        raise InvalidOptions(
            f"The filter has groups inside of groups, more than {DEEPEST} deep.", hint="Make it flatter."
        )
    return tuple(
        (str(name), _group(schema, name, value, depth) if name in GROUPS else _field(schema, name, value))
        for name, value in _mapping("filter", given).items()
    )


def _group(schema: SearchSchema, name: str, value: Any, depth: int) -> str:
    if name == "not_":
        inner = joined(_entries(schema, value, depth + 1))
        if inner is None:
            raise _empty(name, value, "Give a filter: {'not_': {field: value}}.")
        return f"NOT ({inner})"
    if not isinstance(value, Sequence) or isinstance(value, str) or not value:
        raise _empty(name, value, f"Give a list of filters: {{{name!r}: [{{field: value}}, …]}}.")
    parts = [joined(_entries(schema, item, depth + 1)) for item in value]
    if None in parts:
        raise _empty(name, value, "Leave out the filter that is empty.")
    return "(" + (" OR " if name == "or_" else " AND ").join(f"({part})" for part in parts) + ")"


def _field(schema: SearchSchema, name: Any, condition: Any) -> str:
    declared(schema, "filterable", name, schema.filterable)
    if not isinstance(condition, Mapping):
        condition = {"eq": condition}
    if not condition:
        raise _empty(name, condition, f"Give an operator: {', '.join(OPERATORS)}.")
    test = _place if name == GEO else _condition
    return " AND ".join(test(schema, name, operator, value) for operator, value in condition.items())


def _condition(schema: SearchSchema, name: str, operator: str, value: Any) -> str:
    if operator in COMPARISONS:
        return _compared(schema, name, operator, value)
    if operator == "in_":
        if not isinstance(value, Sequence | AbstractSet) or isinstance(value, str | bytes):
            raise _empty(f"in_ of {name}", value, "Give a list of at least one value.")
        return _one_of(schema, name, value)
    if operator in ("exists", "is_null"):
        if not isinstance(value, bool):
            raise InvalidOptions(f"{operator} of {name!r} is {value!r}.", hint="Give True or False.")
        yes, no = {"exists": ("EXISTS", "NOT EXISTS"), "is_null": ("IS NULL", "IS NOT NULL")}[operator]
        return f"{quoted(name)} {yes if value else no}"
    raise InvalidOptions(
        f"The filter of {name!r} has no operator {operator!r}.", hint=did_you_mean(str(operator), OPERATORS)
    )


def _compared(schema: SearchSchema, name: str, operator: str, value: Any) -> str:
    found = literal(schema, name, value)
    if operator in ORDERED:
        if not has_order(schema, name, found):
            raise InvalidOptions(
                f"{operator} of {name!r} is {value!r}, which has no order on the server.",
                hint="It orders numbers, dates and plain texts; not numbers that are written as text, "
                "lengths of time or addresses.",
            )
    elif found.value is None:
        return f"{quoted(name)} {'IS NULL' if operator == 'eq' else 'IS NOT NULL'}"
    elif not found.text:
        return f"{quoted(name)} {'IS EMPTY' if operator == 'eq' else 'IS NOT EMPTY'}"
    if operator in ("eq", "ne"):
        equal = _equal(name, found)
        return equal if operator == "eq" else f"NOT ({equal})"
    text = found.text
    if is_zero(found):
        # The server keeps -0.0 beside 0.0 and after it: both are the zero that is asked for.
        text = "-0.0" if operator in ("gt", "lte") else "0.0"
    elif (bounds := around(found)) is not None:
        text = bounds[0] if operator in ("gte", "lt") else bounds[1]
    return f"{quoted(name)} {COMPARISONS[operator]} {text}"


def _equal(name: str, found: Literal) -> str:
    if is_zero(found):
        return f"{quoted(name)} IN [0.0, -0.0]"
    if (bounds := around(found)) is not None:
        return f"{quoted(name)} {bounds[0]} TO {bounds[1]}"
    return f"{quoted(name)} = {found.text}"


def _one_of(schema: SearchSchema, name: str, values: Iterable[Any]) -> str:
    literals = [literal(schema, name, value) for value in values]
    if not literals:
        raise _empty(name, [], "An empty list matches nothing: leave the condition out, or do not search.")
    plain = [item for item in literals if item.text and not is_zero(item) and around(item) is None]
    texts = [item.text for item in plain]
    parts = [f"{quoted(name)} IN [{', '.join(texts)}]"] if texts else []
    parts += [_equal(name, item) for item in literals if item.text and item not in plain]
    parts += [f"{quoted(name)} IS NULL"] if any(item.value is None for item in literals) else []
    parts += [f"{quoted(name)} IS EMPTY"] if any(item.value == "" for item in literals) else []
    return parts[0] if len(parts) == 1 else f"({' OR '.join(parts)})"


def _place(schema: SearchSchema, name: str, operator: str, value: Any) -> str:
    if operator not in GEO_OPERATORS:
        raise InvalidOptions(
            f"{schema.name}: {name!r} cannot be filtered by {operator!r}.",
            hint="Write {'radius': (latitude, longitude, metres)} or "
            "{'box': ((latitude, longitude) of its north-east, (latitude, longitude) of its south-west)}.",
        )
    try:
        if operator == "radius":
            latitude, longitude, metres = value
            return f"_geoRadius({point(latitude, longitude)}, {_number(metres, 0, math.inf)})"
        north_east, south_west = value
        corners = f"[{point(*north_east)}], [{point(*south_west)}]"
        if float(south_west[0]) > float(north_east[0]):
            raise ValueError(value)
    except (TypeError, ValueError) as error:
        raise InvalidOptions(
            f"{operator} of {name!r} is {value!r}.",
            hint="Latitudes go from -90 to 90, longitudes from -180 to 180, a radius is in metres; "
            "a box is given by its north-east and its south-west corner.",
        ) from error
    return f"_geoBoundingBox({corners})"


def point(latitude: Any, longitude: Any) -> str:
    """A place in degrees as the server writes it, or a ``ValueError``."""
    return f"{_number(latitude, -90, 90)}, {_number(longitude, -180, 180)}"


def _number(value: Any, least: float, most: float) -> str:
    if isinstance(value, bool | str) or not least <= (number := float(value)) <= most or math.isinf(number):
        raise ValueError(value)
    return repr(number)


def _mapping(option: str, given: Any) -> Mapping[str, Any]:
    if not isinstance(given, Mapping):
        raise InvalidOptions(f"{option} is {given!r}.", hint="Give a mapping: {field: value}.")
    return given


def _empty(name: Any, value: Any, hint: str) -> InvalidOptions:
    return InvalidOptions(f"The filter has {value!r} for {name}.", hint=hint)
