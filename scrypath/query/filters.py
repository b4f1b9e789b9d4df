"""A search's filter: plain data in, one Meilisearch expression out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.schema import SearchSchema
from scrypath.schema.columns import instant

COMPARISONS = {"eq": "=", "ne": "!=", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}
OPERATORS = (*COMPARISONS, "in_", "exists", "is_null")


def expression(schema: SearchSchema, given: Mapping[str, Any] | None) -> str | None:
    r"""The Meilisearch expression for a filter, None without one.

    Parameters
    ----------
    schema
        Whose filterable fields may be named.
    given
        Field → value, or field → ``{operator: value}``; all of them must hold.

    Raises
    ------
    InvalidOptions
        For an undeclared field, an unknown operator, an empty list, or a missing tenant.

    Examples
    --------
    >>> quoted('say "hi"')
    '"say \\"hi\\""'
    """
    wanted = dict(given or {})
    tenant = schema.tenant_field
    if tenant is not None and wanted.get(tenant) in (None, [], {}, ""):
        raise InvalidOptions(
            f"A search of {schema.name} needs a filter by its tenant field {tenant!r}.",
            hint=f"Pass filter={{{tenant!r}: …}}.",
        )
    parts: list[str] = []
    for field, condition in wanted.items():
        if field not in schema.filterable:
            raise InvalidOptions(
                f"{schema.name} cannot be filtered by {field!r}.", hint=did_you_mean(field, schema.filterable)
            )
        conditions = condition if isinstance(condition, Mapping) else {"eq": condition}
        parts.extend(_condition(field, operator, value) for operator, value in conditions.items())
    return " AND ".join(parts) or None


def quoted(value: Any) -> str:
    """A value as the filter language writes it."""
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case datetime():
            return quoted(instant(value).isoformat(timespec="microseconds") + "Z")
        case date() | UUID():
            return quoted(str(value))
        case str():
            return '"' + value.replace("\\", "\\\\").replace('"', '\\"') + '"'
    raise InvalidOptions(
        f"{value!r} cannot be compared with a field.", hint="Use text, numbers, booleans, dates or UUIDs."
    )


def _condition(field: str, operator: str, value: Any) -> str:
    name = quoted(field)
    if operator in COMPARISONS:
        return f"{name} {COMPARISONS[operator]} {quoted(value)}"
    if operator == "in_":
        if isinstance(value, str) or not value:
            raise InvalidOptions(f"in_ of {field!r} is {value!r}.", hint="Give a list of at least one value.")
        return f"{name} IN [{', '.join(quoted(item) for item in value)}]"
    if operator in ("exists", "is_null"):
        if not isinstance(value, bool):
            raise InvalidOptions(f"{operator} of {field!r} is {value!r}.", hint="Give True or False.")
        words = {"exists": ("EXISTS", "NOT EXISTS"), "is_null": ("IS NULL", "IS NOT NULL")}[operator]
        return f"{name} {words[0] if value else words[1]}"
    raise InvalidOptions(
        f"The filter of {field!r} has no operator {operator!r}.", hint=did_you_mean(operator, OPERATORS)
    )
