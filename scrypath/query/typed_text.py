"""Texts of a URL, a form or a command line as the values that they mean, and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, datetime
from enum import Enum
from types import MappingProxyType
from typing import Any
from uuid import UUID

from scrypath.errors import InvalidOptions
from scrypath.query.filters import GEO, OPERATORS
from scrypath.query.values import field_of
from scrypath.schema import SearchSchema
from scrypath.schema.fields import Kind

_WHOLE = re.compile(r"[+-]?[0-9]{1,20}")
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]{1,3})?")
_BOOLEANS = MappingProxyType({"true": True, "1": True, "false": False, "0": False})


def typed(schema: SearchSchema, name: str, operator: str, text: str) -> Any:
    """A text as the value that a filter on a field compares with.

    Parameters
    ----------
    schema
        Which declares the field.
    name
        The field.
    operator
        ``eq`` and the others, or ``radius`` (``latitude,longitude,metres``) and ``box`` (two corners) of ``_geo``.
    text
        What was typed.

    Raises
    ------
    InvalidOptions
        When it is not such a value.
    """
    if operator in ("exists", "is_null"):
        return _read(name, text, _boolean, "true or false")
    if name == GEO:
        numbers = _read(name, text, lambda given: [_number(it.strip()) for it in given.split(",")], "numbers")
        return numbers if operator == "radius" else (tuple(numbers[:2]), tuple(numbers[2:]))
    kind = field_of(schema, name).kind
    if kind not in _READ:
        return text
    return _read(name, text, *_READ[kind])


def written(value: Any) -> str:
    """A value as :func:`typed` reads it."""
    match value:
        case bool():
            return "true" if value else "false"
        case Enum():
            return value.name
        case datetime() | date():
            return value.isoformat()
        case list() | tuple():
            return ",".join(written(item) for item in value)
    return str(value)


def condition(schema: SearchSchema, text: str) -> tuple[str, dict[str, Any]]:
    """A condition as it is typed on a command line: ``population>100000``, ``country_code=CH,AT``, ``day=null``.

    Returns
    -------
    tuple
        The field, and ``{operator: value}``.

    Raises
    ------
    InvalidOptions
        For what is not a condition.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.query.typed_text import condition
    >>> condition(scrypath.schema.registry.find("Product"), "price<=200")
    ('price', {'lte': 200.0})
    """
    found = _CONDITION.fullmatch(text.strip())
    if found is None:
        raise InvalidOptions(
            f"{text!r} is not a condition.",
            hint="Write field=value, field!=value, field>value, field>=value, field<value, field<=value, "
            "field=value,value or field=null; or field:operator=value with " + ", ".join(OPERATORS) + ".",
        )
    name, named, sign, value = found["name"], found["operator"], found["sign"], found["value"]
    operator = named or _SIGNS[sign]
    if named is None and value == "null" and operator in ("eq", "ne"):
        return name, {operator: None}
    if operator == "in_" or (operator == "eq" and named is None and "," in value):
        return name, {"in_": [typed(schema, name, "eq", item) for item in value.split(",")]}
    return name, {operator: typed(schema, name, operator, value)}


_SIGNS = MappingProxyType({"=": "eq", "!=": "ne", ">": "gt", ">=": "gte", "<": "lt", "<=": "lte"})
_CONDITION = re.compile(
    r"(?P<name>[^=!<>:]+?)\s*(:(?P<operator>[a-z_]+)\s*(?==))?(?P<sign>!=|>=|<=|=|>|<)\s*(?P<value>.*)",
    re.DOTALL,
)


def _read(name: str, text: str, read: Callable[[str], Any], what: str) -> Any:
    try:
        return read(text)
    except (KeyError, ValueError, TypeError) as error:
        raise InvalidOptions(f"{name!r} cannot be {text[:60]!r}.", hint=f"Give {what}.") from error


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError(text)
    return int(text)


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        raise ValueError(text)
    return float(text)


def _boolean(text: str) -> bool:
    return _BOOLEANS[text.lower()]


_READ: Mapping[Kind, tuple[Callable[[str], Any], str]] = MappingProxyType(
    {
        Kind.INTEGER: (_whole, "a whole number"),
        Kind.INTEGERS: (_whole, "a whole number"),
        Kind.NUMBER: (_number, "a number"),
        Kind.NUMBERS: (_number, "a number"),
        Kind.BOOLEAN: (_boolean, "true or false"),
        Kind.DATE: (date.fromisoformat, "a date, as in 2026-11-28"),
        Kind.DATETIME: (datetime.fromisoformat, "a point in time, as in 2026-11-28T09:20:00Z"),
        Kind.UUID: (UUID, "a UUID"),
    }
)
