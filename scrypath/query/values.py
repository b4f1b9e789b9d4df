"""Values as the filter language writes them: the same that the schema's documents hold."""

from __future__ import annotations

import math
import sys
import unicodedata
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import orjson

from scrypath.errors import InvalidOptions
from scrypath.schema import SearchSchema
from scrypath.schema.fields import LISTS, Field, Kind
from scrypath.schema.values import field_value

EXACT = 2**53  # the server compares numbers as doubles: beyond it, neighbours are equal
EXACT_POWER = 22  # of ten: greater ones are no doubles
NEIGHBOURS = 2  # doubles on each side that a number may have become
LONGEST = 468  # bytes of a text that the server keeps for filters
_NUMBER = frozenset("-.0123456789")


@dataclass(frozen=True, slots=True)
class Literal:
    """A value of a field, ready for an expression.

    Parameters
    ----------
    value
        As the field's documents hold it; None: null.
    text
        As the filter language writes it, empty for null and for an empty text.
    """

    value: Any
    text: str


def field_of(schema: SearchSchema, name: str) -> Field:
    """The declared field behind a name; inside of one (``attrs.colour``) may be anything that JSON can say."""
    base = next((field for field in schema.fields if field.name == name), None)
    return base if base is not None else Field(name, Kind.JSON)


def literal(schema: SearchSchema, name: str, value: Any) -> Literal:
    """A value for a filter on a field; on a list, one of its items.

    Raises
    ------
    InvalidOptions
        For a value that the field cannot hold, or that the server could not distinguish from others.
    """
    field = field_of(schema, name)
    held = _held(schema, field, value)
    if held is None:
        return Literal(None, "")
    if field.kind is Kind.BINARY:
        raise InvalidOptions(
            f"{schema.name}: {name!r} holds bytes, and cannot be filtered by them.",
            hint="The server compares texts without case, which base64 needs: filter by exists or is_null.",
        )
    match held:
        case bool():
            return Literal(held, "true" if held else "false")
        case int() if abs(held) > EXACT:
            raise InvalidOptions(
                f"{schema.name}: the server cannot distinguish {held} in {name!r} from its neighbours.",
                hint="It compares numbers as doubles, exact up to 2^53: declare a field that holds it as text.",
            )
        case int() | float():
            digits = repr(held)
            return Literal(held, digits if set(digits) <= _NUMBER else quoted(digits))
        case datetime():
            held = held.isoformat(timespec="microseconds") + "Z"
        case date():
            held = held.isoformat()
        case str():
            pass
        case _:
            raise _unfit(schema, field, value)
    return _text(schema, field, held)


def has_order(schema: SearchSchema, name: str, found: Literal) -> bool:
    """Whether the server, which compares texts letter by letter, orders such values as they are ordered."""
    field = field_of(schema, name)
    if found.value is None or isinstance(found.value, bool) or not found.text:
        return False
    if field.as_text or field.network is not None or field.kind is Kind.INTERVAL:
        return False
    return field.kind is not Kind.TIME or not set(found.text) & set("+-Z")


def is_zero(found: Literal) -> bool:
    """Whether it is the zero of a floating-point number, which has two signs."""
    return isinstance(found.value, float) and found.value == 0


def around(found: Literal) -> tuple[str, str] | None:
    """The bounds between which the server keeps a number, None where it keeps exactly the one that is written.

    It reads numbers of documents with two roundings: one of more than 15 digits, or of a very large or small exponent,
    may become one of its nearest neighbours. Numbers of a filter it reads exactly.
    """
    if not isinstance(found.value, float) or found.value == 0:
        return None
    _, digits, exponent = Decimal(repr(found.value)).normalize().as_tuple()
    assert isinstance(exponent, int)
    if int("".join(map(str, digits))) <= EXACT and abs(exponent) <= EXACT_POWER:
        return None
    most = sys.float_info.max
    bounds = (math.nextafter(found.value, way, steps=NEIGHBOURS) for way in (-math.inf, math.inf))
    low, high = (min(max(bound, -most), most) for bound in bounds)
    return (quoted(repr(low)), quoted(repr(high))) if (low > 0) == (high > 0) and low and high else None


def is_unicode(text: str) -> bool:
    r"""Whether a text can be sent: it has no half of a character.

    Examples
    --------
    >>> is_unicode("Zürich"), is_unicode("\ud800")
    (True, False)
    """
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def quoted(text: str) -> str:
    r"""A text in quotes that nothing inside of it can close.

    Examples
    --------
    >>> quoted('say "hi"')
    '"say \\"hi\\""'
    """
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def folded(text: str) -> str:
    """A text as the server compares it: without blanks around it, compatibility forms decomposed, in lower case.

    Examples
    --------
    >>> folded(" ZÜRICH ") == folded("zürich")
    True
    """
    return unicodedata.normalize("NFKD", text.strip()).lower()


def _held(schema: SearchSchema, field: Field, value: Any) -> Any:
    if value is None:
        return None
    try:
        held = field_value(field, [value] if field.kind in LISTS else value)
    except (TypeError, ValueError, OverflowError) as error:
        raise _unfit(schema, field, value) from error
    if field.kind in LISTS:
        return held[0]
    return orjson.loads(held) if field.kind is Kind.JSON and held is not None else held


def _text(schema: SearchSchema, field: Field, text: str) -> Literal:
    if not text and field.kind in (Kind.TEXT, Kind.UUID):
        return Literal(text, "")
    if not is_unicode(text):
        raise InvalidOptions(
            f"{schema.name}: {field.name!r} cannot be {text!r}, which is no Unicode.",
            hint="Leave out its lone surrogates.",
        )
    kept = folded(text)
    if not kept:
        raise InvalidOptions(
            f"{schema.name}: {field.name!r} cannot be filtered by {text!r}.",
            hint="The server trims a text before it compares it, and nothing of this one is left.",
        )
    if len(kept.encode()) > LONGEST:
        raise InvalidOptions(
            f"{schema.name}: {field.name!r} cannot be filtered by a text of {len(kept.encode())} bytes.",
            hint=f"The server keeps the first {LONGEST} bytes of a value for filters: filter by a shorter field.",
        )
    return Literal(text, quoted(text))


def _unfit(schema: SearchSchema, field: Field, value: Any) -> InvalidOptions:
    kind = f"items of {field.kind}" if field.kind in LISTS else field.kind
    hint = (
        "For one of several values write {'in_': [...]}."
        if isinstance(value, list | tuple | set | frozenset)
        else "Give a value that the column can hold."
    )
    return InvalidOptions(f"{schema.name}: {field.name!r} ({kind}) cannot be {value!r}.", hint=hint)
