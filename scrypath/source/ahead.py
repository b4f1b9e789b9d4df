"""Fetching the next item while one is used."""

from __future__ import annotations

from collections.abc import Callable, Generator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing

from scrypath.reach import submit


def ahead[T](items: Generator[T], *, allowed: Callable[[], bool] = lambda: True) -> Generator[T]:
    """The same items, the next one being fetched in a thread while one is used.

    Generators that are made of one another this way work side by side, each one item ahead of its user.

    Parameters
    ----------
    items
        Closed at the end, when what is being fetched has come; none of them is None.
    allowed
        Asked whenever an item has come; False: the next one is fetched when it is needed, not before.

    Examples
    --------
    >>> list(ahead(letter for letter in "abc"))
    ['a', 'b', 'c']
    """
    with closing(items), ThreadPoolExecutor(1, thread_name_prefix="scrypath-ahead") as beside:

        def fetch() -> Future[T | None]:
            return submit(beside, next, items, None)

        coming: Future[T | None] | None = fetch()
        while True:
            item = (fetch() if coming is None else coming).result()
            if item is None:
                return
            coming = fetch() if allowed() else None
            yield item
