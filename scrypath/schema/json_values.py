"""Values as JSON says them, in one way: numbers that a double holds, moments, times and lengths of time as text."""

from __future__ import annotations

import base64
import math
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from ipaddress import (
    IPv4Address,
    IPv4Interface,
    IPv4Network,
    IPv6Address,
    IPv6Interface,
    IPv6Network,
)
from typing import Any
from uuid import UUID

import orjson

from scrypath.schema.kinds import Kind

ADDRESSES = (IPv4Address, IPv4Network, IPv6Address, IPv6Network, IPv4Interface, IPv6Interface)
EXACT = 2**53  # up to here a double holds every whole number
MANY_DIGITS = "has more digits than a JSON number holds"


class Unfit(ValueError):
    """A value that a document cannot hold; its text says why, to be put after the value, or its kind says it."""


class Beyond(str):
    """The text of a value that the database has and Python has not, such as a date of infinity."""

    kind: Kind

    @classmethod
    def of(cls, kind: Kind, text: str) -> Beyond:
        """The text of a value that would be of this kind."""
        made = cls(text)
        made.kind = kind
        return made


class RoundedFloat(float):
    """A number that SQLAlchemy's type made a float of, and what the database has."""

    exact: Decimal | int


class RoundedDecimal(Decimal):
    """A number that SQLAlchemy's type made a decimal of, and what the database has."""

    exact: float


def exactly(value: Any) -> Any:
    """A number as the database has it, where it is known; other values as they are."""
    return value.exact if isinstance(value, RoundedFloat | RoundedDecimal) else value


def canonical_json(value: Any, *, set_like: bool = False) -> str:
    """JSON with sorted keys, whole numbers of 64 bits as integers, and set-like lists sorted.

    Other numbers have the shortest digits that read back as the same float, as Python's ``repr`` writes them.

    Raises
    ------
    TypeError, ValueError
        For a value that JSON cannot represent, such as NaN, or a whole number that no double holds.

    Examples
    --------
    >>> canonical_json({"b": 1.0, "a": [2, 1]})
    '{"a":[2,1],"b":1}'
    >>> canonical_json([2, 1, 2], set_like=True)
    '[1,2,2]'
    """
    try:
        plain = _plain(value)
        if set_like and isinstance(plain, list):
            plain.sort(key=lambda item: orjson.dumps(item, option=orjson.OPT_SORT_KEYS))
        return orjson.dumps(plain, option=orjson.OPT_SORT_KEYS).decode()
    except (RecursionError, orjson.JSONEncodeError) as error:
        if isinstance(error, RecursionError) or "Recursion" in str(error):
            raise Unfit("is nested too deep for JSON") from None
        raise


def held(value: float | Decimal) -> float:
    """A number as the double that represents it in JSON.

    Raises
    ------
    Unfit
        When there is none: it is not finite, or reads back as another number.

    Examples
    --------
    >>> held(Decimal("19.990")), held(2**60)
    (19.99, 1.152921504606847e+18)
    >>> held(Decimal("0.12345678901234567890"))
    Traceback (most recent call last):
    scrypath.schema.json_values.Unfit: has more digits than a JSON number holds
    """
    value = exactly(value)
    if isinstance(value, float):
        if not math.isfinite(value):
            raise Unfit("is not finite, and JSON has no number for it")
        return value
    if isinstance(value, Decimal) and not value.is_finite():
        raise Unfit("is not finite, and JSON has no number for it")
    try:
        double = float(value)
    except OverflowError:
        raise Unfit(MANY_DIGITS) from None
    if double != value and (math.isinf(double) or Decimal(repr(double)) != value):
        raise Unfit(MANY_DIGITS)
    return double


def digits(value: float | Decimal) -> str:
    """All digits of a number, without an exponent and without zeros that say nothing.

    Examples
    --------
    >>> digits(Decimal("12.50")), digits(1e-7), digits(Decimal("NaN")), digits(-0.0)
    ('12.5', '0.0000001', 'NaN', '0')
    """
    value = exactly(value)
    exact = Decimal(repr(value)) if isinstance(value, float) else Decimal(value)
    if exact.is_nan():
        return "NaN"
    text = format(exact, "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def instant(value: datetime) -> datetime:
    """A point in time in UTC, without time zone; one that has none counts as UTC."""
    return value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value


def moment_text(value: datetime) -> str:
    """A point in time to the microsecond, in UTC."""
    return instant(value).isoformat(timespec="microseconds") + "Z"


def time_text(value: time) -> str:
    """A time of day to the microsecond, with its offset if it has one."""
    return value.isoformat(timespec="microseconds")


def duration(value: timedelta) -> str:
    """A length of time as ISO 8601 writes it; a day counts as 24 hours.

    Examples
    --------
    >>> duration(timedelta(days=1, hours=26, microseconds=5)), duration(timedelta(minutes=-90)), duration(timedelta())
    ('P2DT2H0.000005S', '-PT1H30M', 'PT0S')
    """
    sign, length = ("-", -value) if value < timedelta() else ("", value)
    minutes, seconds = divmod(length.seconds, 60)
    hours, minutes = divmod(minutes, 60)
    fraction = f"{seconds}.{length.microseconds:06d}" if length.microseconds else str(seconds)
    clock = "".join(
        f"{part}{unit}"
        for part, unit in ((hours, "H"), (minutes, "M"), (fraction, "S"))
        if part not in (0, "0")
    )
    text = (f"{length.days}D" if length.days else "") + (f"T{clock}" if clock else "")
    return f"{sign}P{text or 'T0S'}"


def _json_number(number: float) -> int | orjson.Fragment:
    if number.is_integer() and abs(number) < 2**64:
        # The digits that PostgreSQL keeps of it: 1.152921504606847e18 is not the power of two it represents.
        whole = int(number) if abs(number) < EXACT else int(Decimal(repr(number)))
        if -(2**63) <= whole < 2**64:
            return whole
    return orjson.Fragment(repr(number))  # the same text whatever orjson's next version writes


def _plain(value: Any) -> Any:
    match value:
        case Beyond():
            raise Unfit(value.kind)
        case None | bool() | str():
            return value.value if isinstance(value, Enum) else value
        case Enum():
            return _plain(value.value)
        case int() if -(2**63) <= value < 2**64:
            return value
        case int() | float() | Decimal():
            return _json_number(held(value))
        case dict():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
        case set() | frozenset():
            return sorted((_plain(item) for item in value), key=repr)
    return _plain_text(value)


def _plain_text(value: Any) -> str:
    match value:
        case datetime():
            return moment_text(value)
        case time():
            return time_text(value)
        case timedelta():
            return duration(value)
        case bytes() | bytearray() | memoryview():
            return base64.b64encode(value).decode()
        case date() | UUID():
            return str(value)
    if isinstance(value, ADDRESSES):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not a JSON value")
