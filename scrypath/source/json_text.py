"""JSON as a database has it, read without losing a digit of its whole numbers."""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

import orjson

_MANY = re.compile(r"\d{19}")


class Unreadable:
    """JSON that Python cannot hold, such as what is nested too deep."""

    def __init__(self, text: str) -> None:
        self.text = text

    def __str__(self) -> str:
        return self.text


def parsed(given: str | bytes) -> Any:
    """The values of a JSON text, as SQLAlchemy reads them, but for numbers so long that Python refuses to.

    Examples
    --------
    >>> parsed('{"a": 123456789012345678901234567890, "b": [1.5]}')
    {'a': 123456789012345678901234567890, 'b': [1.5]}
    """
    text = given if isinstance(given, str) else bytes(given).decode()
    if _MANY.search(text) is None:
        try:
            return orjson.loads(text)
        except ValueError:
            pass  # half of a surrogate pair, or depth: Python's own reader takes more
    try:
        return json.loads(text, parse_int=_whole)
    except (ValueError, RecursionError):
        return Unreadable(text)


def _whole(digits: str) -> int | Decimal:
    return int(digits) if len(digits) < 4_000 else Decimal(digits)
