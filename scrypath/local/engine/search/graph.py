"""Which documents satisfy a query when its least important words may be missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import reduce
from itertools import combinations
from typing import Final

from scrypath.local.engine.search.docids import Docids
from scrypath.local.engine.search.terms import Query, Term

type Choice = tuple[tuple[Term, int], ...]
"""A way through the query: nodes, each with the number of typos of its word."""


MAX_DROPS: Final = 512
"""Ways to drop words that are tried for one query."""


class Graph:
    """A query and the ways in which its words may be dropped.

    Parameters
    ----------
    query
        The query, its documents looked up.
    strategy
        ``"last"``, ``"all"`` or ``"frequency"``.
    universe
        Documents to consider, None for all.

    Attributes
    ----------
    drops
        By number of dropped terms: the sets of terms that may be dropped together.
    """

    def __init__(self, query: Query, strategy: str, universe: Docids | None) -> None:
        self.query = query
        self.drops = self._drops(strategy)
        if universe is not None:
            for node in query.nodes:
                node.documents = [found & universe for found in node.documents]

    @property
    def most(self) -> int:
        """The highest number of terms that may be dropped."""
        return len(self.drops) - 1

    def _drops(self, strategy: str) -> list[list[frozenset[int]]]:
        query = self.query
        found: list[list[frozenset[int]]] = [[frozenset()]]
        if strategy == "all" or query.size < 2:
            return found
        order = (
            self._frequency() if strategy == "frequency" else [query.size - at for at in range(query.size)]
        )
        steps = {at: order[at] for at, term in enumerate(query.terms) if term.phrase is None}
        if len(steps) == query.size:
            steps = {at: step for at, step in steps.items() if step < max(order)}
        count = 0
        for size in range(1, len(steps) + 1):
            sets: list[frozenset[int]] = []
            for chosen in combinations(steps, size):
                count += 1
                if _droppable(frozenset(chosen), steps):
                    sets.append(frozenset(chosen))
                if count > MAX_DROPS:
                    break
            found.append(sets or [frozenset(sorted(steps, key=steps.__getitem__)[:size])])
        return found

    def _frequency(self) -> list[int]:
        counts = [0] * self.query.size
        for at in range(self.query.size):
            holding = [node for node in self.query.nodes if node.first <= at <= node.last]
            counts[at] = len(set().union(*(found for node in holding for found in node.documents)))
        ranked = sorted({count or 1 << 62 for count in counts}, reverse=True)
        return [ranked.index(count or 1 << 62) + 1 for count in counts]

    def everything(self) -> Docids:
        """Return the documents that satisfy the query whatever may be dropped."""
        return set().union(*(self.documents(dropped) for dropped in range(len(self.drops))))

    def documents(self, dropped: int) -> Docids:
        """Return the documents that satisfy the query without so many of its terms."""
        return set().union(*(self._documents(gone) for gone in self.drops[dropped]))

    def _documents(self, gone: frozenset[int]) -> Docids:
        reach: list[Docids | None] = [None] * (self.query.size + 1)
        for at in range(self.query.size - 1, -1, -1):
            if at in gone:
                reach[at] = reach[at + 1]
                continue
            found: Docids = set()
            for node in self.query.starting(at):
                if gone.isdisjoint(range(node.first, node.last + 1)):
                    matched: Docids = set().union(*node.documents)
                    rest = reach[node.last + 1]
                    found |= matched if rest is None else matched & rest
            reach[at] = found
        return reach[0] or set()

    def choices(self, dropped: int, *, empty: bool = False) -> Iterator[tuple[Term, ...]]:
        """Yield every way through the query without so many of its terms, as tuples of nodes.

        Ways over words that no document has are left out unless `empty`.
        """

        def paths(at: int, gone: frozenset[int]) -> Iterator[tuple[Term, ...]]:
            if at == self.query.size:
                yield ()
            elif at in gone:
                yield from paths(at + 1, gone)
            else:
                for node in self.query.starting(at):
                    if (empty or any(node.documents)) and gone.isdisjoint(range(node.first, node.last + 1)):
                        yield from ((node, *rest) for rest in paths(node.last + 1, gone))

        for gone in self.drops[dropped]:
            yield from paths(0, gone)


def _droppable(chosen: frozenset[int], steps: Mapping[int, int]) -> bool:
    # like the server, which forbids on the rest of a path what should have been dropped before
    return all(
        other in chosen for at in chosen for other, step in steps.items() if other > at and step < steps[at]
    )


def path_typos(path: tuple[Term, ...]) -> int:
    """Return the highest number of typos a path can have."""
    return sum(node.max_typos + node.base_typos for node in path)


def path_documents(path: tuple[Term, ...], within: Docids) -> Docids:
    """Return the documents of `within` that match every node of a path, whatever the typos."""
    found = within
    for node in path:
        found = set().union(*(found & documents for documents in node.documents))
    return found


def with_typos(path: tuple[Term, ...], typos: int) -> Iterator[Choice]:
    """Yield the ways to spread exactly so many typos over the nodes of a path."""
    if not path:
        if typos == 0:
            yield ()
        return
    node = path[0]
    for own in range(len(node.documents)):
        cost = own + node.base_typos
        if cost <= typos and node.documents[own]:
            for rest in with_typos(path[1:], typos - cost):
                yield ((node, own), *rest)


def choice_documents(choice: Choice, within: Docids) -> Docids:
    """Return the documents of `within` that match every node of a choice at its number of typos."""
    return reduce(lambda found, part: found & part[0].documents[part[1]], choice, within)
