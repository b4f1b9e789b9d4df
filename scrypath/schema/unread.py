"""What stands for a value that a column's type could not read, so that one such value stops no row beside it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Unread:
    """In place of a value.

    Parameters
    ----------
    error
        Of the type that was to read it, most often of the user's own program.
    """

    error: Exception
