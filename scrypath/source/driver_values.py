"""The values of PostgreSQL's columns as its driver gives them to records, made of the columns that ADBC reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from decimal import Decimal
from ipaddress import ip_interface, ip_network
from typing import Any
from uuid import UUID

from scrypath.schema.json_values import Beyond
from scrypath.schema.kinds import Kind
from scrypath.source import beyond
from scrypath.source.json_text import parsed

INTEGERS = frozenset({"int2", "int4", "int8", "oid"})
FLOATS = frozenset({"float4", "float8"})
TEXTS = frozenset({"text", "varchar", "bpchar", "name", "char"})
MOMENTS = frozenset({"timestamp", "timestamptz"})
# What a driver makes something else of than text; a type that is neither here nor above reads as its text.
OBJECTS = INTEGERS | FLOATS | MOMENTS | {
    "numeric", "bool", "uuid", "date", "time", "timetz", "interval", "json", "jsonb", "bytea", "inet", "cidr", "record",
}  # fmt: skip


class Foreign(str):
    """The text of a value that drivers make an object of which no field takes, such as a range."""

    __slots__ = ()


def read_as_it_is(type_name: str) -> bool:
    """Whether the values of a column of PostgreSQL are read as they are, and not as their text."""
    item = type_name.removeprefix("_")
    return item in OBJECTS - {"uuid", "timetz", "interval", "inet", "cidr", "record", "oid"} or item in TEXTS


def is_postgresql_own(type_name: str) -> bool:
    """Whether a type is one that every PostgreSQL has, or an array of one."""
    item = type_name.removeprefix("_")
    return item in OBJECTS or item in TEXTS


def storage(column: Any) -> Any:
    """What a column is kept as, where Arrow has no type of its own for it."""
    import pyarrow as pa

    return column.storage if isinstance(column, pa.ExtensionArray) else column


def driver_values(type_name: str, column: Any) -> list[Any]:
    """The values of a column as psycopg gives them."""
    import pyarrow as pa

    if pa.types.is_list(column.type):
        item = type_name[1:]
        items = driver_values(item, storage(column.values))
        ends = column.offsets.to_pylist()
        known = column.is_valid().to_pylist()
        return [items[ends[at] : ends[at + 1]] if known[at] else None for at in range(len(column))]
    if type_name.startswith("unnamed<") or type_name == "_record":
        return [None if text is None else Foreign(text) for text in column.to_pylist()]
    read = _READ.get(type_name)
    if read is None:
        found: list[Any] = column.to_pylist()
        return found
    return [None if value is None else read(value) for value in _raw(type_name, column)]


def _raw(type_name: str, column: Any) -> list[Any]:
    import pyarrow as pa

    match type_name:
        case "date":
            column = column.cast(pa.int32())
        case "timestamp" | "timestamptz" | "time":
            column = column.cast(pa.int64())
        case "float4":
            column = column.cast(pa.string()).cast(pa.float64())
    found: list[Any] = column.to_pylist()
    return found


def _time(microseconds: int) -> Any:
    if microseconds >= beyond.DAY:
        return Beyond.of(Kind.TIME, "24:00:00")
    return (datetime(1, 1, 1) + timedelta(microseconds=microseconds)).time()


def _time_with_zone(text: str) -> Any:
    try:
        return Beyond.of(Kind.TIME, text) if text.startswith("24") else time.fromisoformat(text)
    except ValueError:
        return Beyond.of(Kind.TIME, text)


def _interval(text: str) -> Any:
    shown, *parts = text.split("|")
    try:
        months, days, hours, minutes, microseconds = map(int, parts)
        length = timedelta(days=days, hours=hours, minutes=minutes, microseconds=microseconds)
    except (ValueError, OverflowError):
        return Beyond.of(Kind.INTERVAL, shown)
    return Beyond.of(Kind.INTERVAL, shown) if months else length


def reshaped(items: Any, dimensions: str | None) -> Any:
    """The items of an array of several dimensions, which are read one after another, as lists of lists.

    Examples
    --------
    >>> reshaped([1, 2, 3, 4, 5, 6], "[1:3][0:1]")
    [[1, 2], [3, 4], [5, 6]]
    """
    if dimensions is None or not isinstance(items, list):
        return items
    bounds = [part.split(":") for part in dimensions.strip("[]").split("][")]
    for low, high in bounds[:0:-1]:
        size = int(high) - int(low) + 1
        items = [items[at : at + size] for at in range(0, len(items), size)]
    return items


def _address(text: str) -> Any:
    found = ip_interface(text)
    return found.ip if found.network.prefixlen == found.max_prefixlen else found


_READ: dict[str, Callable[[Any], Any]] = {
    "numeric": lambda text: Decimal({"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}.get(text, text)),
    "uuid": UUID,
    "date": beyond.date_of,
    "timestamp": beyond.moment_of,
    "timestamptz": beyond.moment_of,
    "time": _time,
    "timetz": _time_with_zone,
    "interval": _interval,
    "json": parsed,
    "jsonb": parsed,
    "inet": _address,
    "cidr": ip_network,
    "float4": float,
}
