"""What is wrong with a value that a field refused, in the same words whichever way it was read."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from scrypath.schema.fields import Field, Kind
from scrypath.schema.json_values import Unfit, digits, duration, exactly, moment_text

LONGEST = 60  # characters of a value that a message shows
REASONS = {
    Kind.INTEGER: "is not a whole number of 64 bits",
    Kind.NUMBER: "is not a number",
    Kind.BOOLEAN: "is neither true nor false",
    Kind.TEXT: "is not text",
    Kind.UUID: "is not a UUID",
    Kind.DATETIME: "is not a moment of the years 1 to 9999",
    Kind.DATE: "is not a date of the years 1 to 9999",
    Kind.TIME: "is not a time of day before 24:00",
    Kind.INTERVAL: "is not a length of days, hours and seconds",
    Kind.BINARY: "is not bytes",
    Kind.TEXTS: "is not a list of texts",
    Kind.INTEGERS: "is not a list of whole numbers of 64 bits",
    Kind.NUMBERS: "is not a list of numbers",
    Kind.JSON: "cannot be written as JSON",
}
TEXT_HELPS = frozenset({Kind.INTEGER, Kind.NUMBER, Kind.DATETIME, Kind.DATE, Kind.INTEGERS, Kind.NUMBERS})


def reason(field: Field, value: Any, error: Exception) -> str:
    """What is wrong with a value that a field refused, naming both.

    Examples
    --------
    >>> reason(Field("stock", Kind.INTEGER), Decimal("19.99"), ValueError())
    "field 'stock' holds 19.99, which is not a whole number of 64 bits"
    """
    match error:
        case Unfit(args=[Kind() as kind]):
            why = REASONS[kind]
        case Unfit():
            why = str(error)
        case _:
            why = REASONS[field.kind]
    return f"field {field.name!r} holds {shown(value)}, which {why}"


def hint(field: Field) -> str:
    """What to do about a value that a field refused."""
    if field.kind in TEXT_HELPS:
        return f"Fix the row, or have the field written as text: as_text=[{field.name!r}]."
    return "Fix the row, or leave the field out of the schema."


def shown(value: Any) -> str:
    """A value for a message, the same whichever way it was read.

    Examples
    --------
    >>> shown(Decimal("1E+3")), shown("x" * 100)[-5:]
    ('1000', 'xxxx…')
    """
    try:
        text = _shown(value)
    except Exception:  # of an object of the user's own, or nested too deep
        text = "a value"
    text = text if text.isprintable() else ascii(text)[1:-1]
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _shown(value: Any) -> str:
    match exactly(value):
        case str():
            return value or "an empty text"
        case Decimal():
            return digits(value)
        case datetime():
            return moment_text(value)
        case bytes() | bytearray() | memoryview():
            return "\\x" + bytes(value).hex()
        case list() | tuple() if (depth := _dimensions(value)) > 1:
            return f"an array of {depth} dimensions"
        case list() | tuple():
            return "[" + ", ".join(map(_shown, value)) + "]"
        case int():
            return str(value) if isinstance(value, bool) else digits(value)
        case timedelta():
            return duration(value)
    return str(exactly(value))


def _dimensions(value: Any) -> int:
    depth = 0
    while isinstance(value, list | tuple):
        depth, value = depth + 1, next(iter(value), None)
    return depth
