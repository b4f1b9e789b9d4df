"""Whether pages of an index, read one after another, left nothing out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise


@dataclass(slots=True)
class PageOverlap:
    """Pages of which each begins with the document that the one before ended with.

    Where documents are deleted while an index is read, those behind them move forward, and some may step over the edge
    of a page: they are in neither of the two. Then the one page does not begin as the other ended.

    Parameters
    ----------
    first, last
        Ids of the first and of the last document; None without one.
    gap
        True: documents may have been left out.
    pages
        How many there were.

    Examples
    --------
    >>> overlap = PageOverlap()
    >>> for first, last in (("1", "4"), ("4", "7"), ("9", "12")):
    ...     overlap.follow(first, last)
    >>> overlap
    PageOverlap(first='1', last='12', gap=True, pages=3)
    """

    first: str | None = None
    last: str | None = None
    gap: bool = False
    pages: int = 0

    def follow(self, first: str | None, last: str | None) -> None:
        """Take the next page, by the ids of its first and last document."""
        if self.pages == 0:
            self.first = first
        elif first != self.last:
            self.gap = True
        self.last = last
        self.pages += 1


def complete(overlaps: Iterable[PageOverlap]) -> bool:
    """Whether ranges of pages, in order, left nothing out within and between them.

    Examples
    --------
    >>> complete([PageOverlap("1", "4"), PageOverlap("4", "7")])
    True
    >>> complete([PageOverlap("1", "4"), PageOverlap("5", "7")])
    False
    """
    known = list(overlaps)
    return not any(overlap.gap for overlap in known) and all(
        left.last == right.first for left, right in pairwise(known)
    )
