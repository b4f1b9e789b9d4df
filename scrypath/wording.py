"""Counts in sentences."""

from __future__ import annotations


def number(value: int) -> str:
    """An integer with its thousands separated.

    Examples
    --------
    >>> number(34006)
    '34,006'
    """
    return f"{value:,}"


def counted(count: int, noun: str, plural: str | None = None) -> str:
    """A count with its noun, in the singular for one.

    Examples
    --------
    >>> counted(1, "document"), counted(34006, "city", "cities")
    ('1 document', '34,006 cities')
    """
    return f"{number(count)} {noun if count == 1 else plural or noun + 's'}"
