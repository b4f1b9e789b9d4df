"""The kinds of fields: how their values are read, written into documents and made canonical."""

from __future__ import annotations

from enum import StrEnum


class Kind(StrEnum):
    """How a field's values are read, written into documents and made canonical."""

    INTEGER = "integer"
    NUMBER = "number"  # float or decimal: a JSON number
    BOOLEAN = "boolean"
    TEXT = "text"
    UUID = "uuid"  # lower-case, with hyphens
    DATETIME = "datetime"  # UTC, microseconds; a value without time zone counts as UTC
    DATE = "date"
    TIME = "time"  # of day, microseconds; with the offset it has, if it has one
    INTERVAL = "interval"  # a length of time as ISO 8601 writes it; a day counts as 24 hours
    BINARY = "binary"  # bytes: base64
    TEXTS = "texts"
    INTEGERS = "integers"
    NUMBERS = "numbers"
    JSON = "json"  # anything else that JSON can say, keys sorted


LIST_OF = {
    Kind.TEXT: Kind.TEXTS,
    Kind.UUID: Kind.TEXTS,
    Kind.INTEGER: Kind.INTEGERS,
    Kind.NUMBER: Kind.NUMBERS,
}
LISTS = frozenset(LIST_OF.values())
