"""Work ids: which record keeps a unit of work, and its number there."""

from __future__ import annotations

import re
from dataclasses import dataclass

from scrypath.errors import InvalidOptions
from scrypath.vocabulary import WorkSource

PREFIXES = {"meili": WorkSource.MEILISEARCH, "oban": WorkSource.OBAN}
_FORM = re.compile(r"(meili|oban):(\d{1,18})")


@dataclass(frozen=True, slots=True)
class WorkId:
    """A parsed work id."""

    source: WorkSource
    number: int

    def __str__(self) -> str:
        prefix = next(prefix for prefix, source in PREFIXES.items() if source is self.source)
        return f"{prefix}:{self.number}"


def parse(given: object) -> WorkId:
    """A work id such as ``meili:17`` or ``oban:42``.

    Raises
    ------
    InvalidOptions
        For anything else; a bare number could be either.

    Examples
    --------
    >>> parse("oban:42")
    WorkId(source=<WorkSource.OBAN: 'oban'>, number=42)
    >>> parse(17)
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: 17 is not a work id. Write meili:17 for a Meilisearch task or oban:17 for a job.
    """
    found = _FORM.fullmatch(given) if isinstance(given, str) else None
    if found is not None:
        return WorkId(PREFIXES[found[1]], int(found[2]))
    number = re.fullmatch(r"\d+", str(given))
    example = number[0] if number else "17"
    raise InvalidOptions(
        f"{given!r} is not a work id.",
        hint=f"Write meili:{example} for a Meilisearch task or oban:{example} for a job.",
    )
