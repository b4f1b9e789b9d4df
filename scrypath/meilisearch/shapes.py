"""Parts of an answer in the shape that they have from Meilisearch; ``None`` for what has another one."""

from __future__ import annotations

from typing import Any

LARGEST = 2**63 - 1  # that the columns of a frame hold


def count(value: Any) -> int | None:
    """A uid, a position or a number of things.

    Examples
    --------
    >>> count(7), count(-1), count(True), count(2**63), count("7")
    (7, None, None, None, None)
    """
    fits = isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return value if fits else None


def objects(value: Any) -> list[dict[str, Any]] | None:
    """A list of JSON objects, and of nothing else.

    Examples
    --------
    >>> objects([{"id": 1}]), objects([1, None]), objects(None)
    ([{'id': 1}], None, None)
    """
    fits = isinstance(value, list) and all(isinstance(item, dict) for item in value)
    return value if fits else None


def counts(value: Any) -> dict[str, int] | None:
    """A JSON object of numbers of things.

    Examples
    --------
    >>> counts({"red": 2}), counts({"red": "2"}), counts([])
    ({'red': 2}, None, None)
    """
    fits = isinstance(value, dict) and all(count(number) is not None for number in value.values())
    return value if fits else None
