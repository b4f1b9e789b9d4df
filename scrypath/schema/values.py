"""The one definition of a value: what a field makes of what a record holds, or why it cannot.

Both ways to a document end here. Columns whose type is the declared one and whose values are ordinary keep to Arrow's
own kernels, which give the same; every other value is converted by :func:`field_value`, one by one.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import ip_interface, ip_network
from typing import Any
from uuid import UUID

from scrypath.schema.fields import Field, Kind
from scrypath.schema.json_values import (
    Beyond,
    Unfit,
    canonical_json,
    digits,
    duration,
    exactly,
    held,
    instant,
    moment_text,
    time_text,
)

_DURATION = re.compile(r"-?P(?=.*\d)(\d+D)?(T(\d+H)?(\d+M)?(\d+(\.\d{6})?S)?)?")


def field_value(field: Field, value: Any) -> Any:
    """A value as the column of its field holds it: what documents are made of, and what a filter is compared with.

    Raises
    ------
    TypeError, ValueError, OverflowError
        When the field cannot hold it.

    Examples
    --------
    >>> field_value(Field("day", Kind.DATE), "2026-11-28")
    datetime.date(2026, 11, 28)
    """
    value = exactly(value)
    if value is None:
        return None
    return _as_text(field, value) if field.as_text else _CONVERT[field.kind](field, value)


def _integer(_: Field, value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(value)
    if int(value) != value or not -(2**63) <= value < 2**63:
        raise ValueError(value)
    return int(value)


def _number(_: Field, value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal):
        raise TypeError(value)
    return held(value)


def _boolean(_: Field, value: Any) -> bool:
    if not isinstance(value, bool):
        raise TypeError(value)
    return value


def _text(field: Field, value: Any) -> str:
    if isinstance(value, Enum):
        value = _label(field, value)
    if field.network is not None:
        return _address(field.network, value)
    if field.decorated and isinstance(value, UUID):
        value = str(value)
    if not isinstance(value, str) or isinstance(value, Beyond):
        raise TypeError(value)
    _encoded(value)
    if field.labels is not None and value not in field.labels:
        raise Unfit("is not one of the values that its enum declares")
    return value.rstrip(" ") if field.padded else value


def _encoded(value: str) -> None:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise Unfit("has half of a surrogate pair, which is no character") from None


def _address(network: str, value: Any) -> str:
    """A network address as PostgreSQL shows it: a host without the length of its mask."""
    if network == "cidr":
        return str(ip_network(str(value)))
    found = ip_interface(str(value))
    return str(found.ip if found.network.prefixlen == found.max_prefixlen else found)


def _label(field: Field, value: Enum) -> Any:
    bind = field.bind
    try:
        return value.value if bind is None else bind(value)
    except LookupError:
        raise Unfit("is not one of the values that its enum declares") from None


def _items(field: Field, value: Any, convert: Callable[[Field, Any], Any]) -> list[Any]:
    if isinstance(value, str | bytes) or not isinstance(value, Sequence | AbstractSet):
        raise TypeError(value)
    if any(isinstance(item, list | tuple) for item in value):
        raise Unfit("has more than one dimension; the field is declared with one")
    return [None if item is None else convert(field, item) for item in value]


def _text_or_uuid(field: Field, value: Any) -> str:
    return str(value) if isinstance(value, UUID) else _text(field, value)


def _uuid(_: Field, value: Any) -> str:
    if not isinstance(value, UUID | str):
        raise TypeError(value)
    return str(value if isinstance(value, UUID) else UUID(value))


def _datetime(_: Field, value: Any) -> datetime:
    return instant(value if isinstance(value, datetime) else datetime.fromisoformat(value))


def _date(_: Field, value: Any) -> date:
    if isinstance(value, datetime):
        raise TypeError(value)
    return value if isinstance(value, date) else date.fromisoformat(value)


def _time(_: Field, value: Any) -> str:
    if isinstance(value, str) and value.startswith("24"):  # which some Pythons take for the start of the day
        raise ValueError(value)
    return time_text(value if isinstance(value, time) else time.fromisoformat(value))


def _interval(_: Field, value: Any) -> str:
    if isinstance(value, str) and _DURATION.fullmatch(value):  # of a document
        return value
    if not isinstance(value, timedelta):
        raise TypeError(value)
    return duration(value)


def _binary(_: Field, value: Any) -> str:
    if isinstance(value, str):  # of a document
        try:
            base64.b64decode(value, validate=True)
        except binascii.Error:
            raise TypeError(value) from None
        return value
    if not isinstance(value, bytes | bytearray | memoryview):
        raise TypeError(value)
    return base64.b64encode(value).decode()


def _json(field: Field, value: Any) -> str | None:
    if field.padded and isinstance(value, str):
        value = value.rstrip(" ")
    text = canonical_json(value, set_like=field.set_like)
    if field.name == "_geo":
        _check_place(value)
    return None if text == "null" else text  # JSON's null counts as no value, as SQLAlchemy reads it


def _check_place(value: Any) -> None:
    """Refuse what can be no place. Whether a text in it is a number, and on the globe, is the server's to judge."""
    if value is None:
        return
    if (
        not isinstance(value, Mapping)
        or set(value) != {"lat", "lng"}
        or not all(map(_coordinate, value.values()))
    ):
        raise Unfit("is not what Meilisearch takes as _geo: an object of lat and lng")


def _coordinate(value: Any) -> bool:
    if isinstance(value, bool):
        return False
    return isinstance(value, str) or (isinstance(value, int | float | Decimal) and math.isfinite(value))


def _as_text(field: Field, value: Any) -> Any:
    if field.kind is Kind.TEXTS:
        return _items(field, value, lambda _, item: _written(item))
    return _written(value)


def _written(value: Any) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case int() | float() | Decimal():
            return digits(value)
        case datetime():
            return moment_text(value)
        case date():
            return value.isoformat()
        case time():
            return time_text(value)
        case timedelta():
            return duration(value)
        case UUID():
            return str(value)
        case str() if not isinstance(value, Enum):
            _encoded(value)
            return value
    raise Unfit("has no text of its own: it is neither a number, a date nor a text")


_CONVERT: dict[Kind, Callable[[Field, Any], Any]] = {
    Kind.INTEGER: _integer,
    Kind.NUMBER: _number,
    Kind.BOOLEAN: _boolean,
    Kind.TEXT: _text,
    Kind.UUID: _uuid,
    Kind.DATETIME: _datetime,
    Kind.DATE: _date,
    Kind.TIME: _time,
    Kind.INTERVAL: _interval,
    Kind.BINARY: _binary,
    Kind.TEXTS: lambda field, value: _items(field, value, _text_or_uuid),
    Kind.INTEGERS: lambda field, value: _items(field, value, _integer),
    Kind.NUMBERS: lambda field, value: _items(field, value, _number),
    Kind.JSON: _json,
}
