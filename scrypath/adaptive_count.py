"""How many rows or documents to ask for at once, when nobody says beforehand how long they are."""

from __future__ import annotations

FIRST = 8
GROWTH = 8  # times as many as before, at most


class AdaptiveCount:
    """A number of items that are about so many bytes together; few at first, more once their length is known.

    Parameters
    ----------
    largest
        Items at most.
    most
        Bytes that all of them may have.

    Examples
    --------
    >>> count = AdaptiveCount(largest=1_000, most=100_000)
    >>> count.items
    8
    >>> count.learn(items=8, size=800)
    >>> count.items
    64
    >>> count.learn(items=8, size=80_000)
    >>> count.items
    10
    """

    def __init__(self, *, largest: int, most: int) -> None:
        self._largest = largest
        self._most = most
        self.items = min(largest, FIRST)

    def learn(self, *, items: int, size: int) -> None:
        """Take into account that so many items had so many bytes."""
        if items:
            fitting = self._most * items // max(1, size)
            self.items = max(1, min(self._largest, self.items * GROWTH, fitting))

    def halve(self, items: int) -> None:
        """Take into account that so many items had too many bytes to be read."""
        self.items = max(1, items // 2)
