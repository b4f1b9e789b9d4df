"""Ranking: documents in order, rule by rule, as far as somebody asks for them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import batched, islice
from typing import Any, Final

from scrypath.local.engine.search.docids import Docids
from scrypath.local.engine.search.graph import (
    Choice,
    Graph,
    choice_documents,
    path_documents,
    path_typos,
    with_typos,
)
from scrypath.local.engine.search.occurrences import Finder, Occurrences
from scrypath.local.engine.search.postings import Postings
from scrypath.local.engine.search.scores import Detail, sorted_by
from scrypath.local.engine.search.sorting import Criterion, groups

MANY: Final = 1000
"""Documents of one bucket whose words are compared one by one; beyond, the best are picked by the index."""

MAX_CHOICES: Final = 200

type Ranked = tuple[int, tuple[Detail, ...]]


@dataclass(frozen=True, slots=True)
class Rule:
    """A ranking rule to apply: its kind and, for a sort, the criterion."""

    kind: str
    criterion: Criterion | None = None


def rules(settings: Mapping[str, Any], sort: list[Criterion], strategy: str | None) -> list[Rule]:
    """Return the rules in the order in which they apply.

    Parameters
    ----------
    settings
        Settings of the index, in the shape of the wire.
    sort
        Criteria of the search.
    strategy
        Matching strategy, None when there are no words to rank by.
    """
    found: list[Rule] = []
    kinds: set[str] = set() if strategy != "all" else {"words"}
    sorted_by: set[str] = set()

    def sort_by(criterion: Criterion) -> None:
        key = criterion.field or "_geoPoint"
        if key not in sorted_by:
            sorted_by.add(key)
            found.append(Rule("sort", criterion))

    for name in settings["rankingRules"]:
        if name == "sort":
            for criterion in sort:
                sort_by(criterion)
            sort = []
        elif ":" in name:
            field, _, direction = name.rpartition(":")
            sort_by(Criterion(field, direction == "asc"))
        elif strategy is not None:
            for kind in ("words", *EXPANDED.get(name, (name,))):
                if kind not in kinds:
                    kinds.add(kind)
                    found.append(Rule(kind))
    return found


EXPANDED: Final = {
    "attribute": ("attribute", "position"),
    "exactness": ("exactAttribute", "exactWords"),
    "words": (),
}


@dataclass(slots=True)
class _State:
    """How the documents of a bucket match: what was dropped, and by which choices of words."""

    dropped: int
    choices: list[Choice] | None
    own: dict[int, list[Choice]]
    staged: bool = False


type Bucket = tuple[Collection[int], Detail, _State]
"""Documents that a rule cannot tell apart, their rank, and how they match."""


class Ranker:
    """Puts the documents that match a query in order.

    Parameters
    ----------
    conn
        Database of the index.
    settings
        Settings of the index, in the shape of the wire.
    postings
        The word index.
    graph
        The query.
    order
        The rules to apply.
    """

    def __init__(
        self,
        conn: sqlite3.Connection,
        settings: Mapping[str, Any],
        postings: Postings,
        graph: Graph,
        order: list[Rule],
    ) -> None:
        self.conn = conn
        self.settings = settings
        self.postings = postings
        self.graph = graph
        self.order = order
        self.finder = Finder(graph.query, postings)
        self.found: dict[int, Occurrences] = {}
        every = self.finder
        self.costs: dict[str, tuple[Callable[[Occurrences, Choice], int], Callable[[Choice], int]]] = {
            "proximity": (every.proximity, every.max_proximity),
            "attribute": (every.rank, every.max_rank),
            "attributeRank": (every.rank, every.max_rank),
            "position": (every.place, every.max_place),
            "wordPosition": (every.place, every.max_place),
            "exactAttribute": (every.attribute, lambda _: 2),
            "exactWords": (every.words, lambda choice: sum(node.size for node, _ in choice)),
        }

    def ranked(self, docids: Docids) -> Iterator[Ranked]:
        """Yield the documents in order, each with its rank in every rule."""
        yield from self._apply(docids, 0, (), _State(self.graph.most, None, {}))

    def _apply(
        self, docids: Collection[int], at: int, details: tuple[Detail, ...], state: _State
    ) -> Iterator[Ranked]:
        if not docids:
            return
        if at == len(self.order):
            yield from ((docid, details) for docid in sorted(docids))
            return
        rule = self.order[at]
        if rule.kind == "words":
            buckets = self._words(set(docids), state)
        elif rule.kind == "typo":
            buckets = self._typos(set(docids), state)
        elif rule.criterion is not None:
            buckets = self._sorted(rule.criterion, docids, state)
        elif len(docids) > MANY and not state.staged:
            for part in self._parts(set(docids), state):
                yield from self._apply(part, at, details, replace(state, staged=True, own={}))
            return
        else:
            buckets = self._by_cost(rule.kind, docids, state)
        for found, detail, inner in buckets:
            yield from self._apply(found, at + 1, (*details, detail), inner)

    def _words(self, left: Docids, state: _State) -> Iterator[Bucket]:
        best = self.graph.most + 1
        best += max(0, sum(len(node.phrase or ()) for node in self.graph.query.terms) - 1)
        for dropped in range(self.graph.most + 1):
            found = self.graph.documents(dropped) & left
            left -= found
            yield found, Detail("words", best - dropped, best), replace(state, dropped=dropped, own={})

    def _typos(self, left: Docids, state: _State) -> Iterator[Bucket]:
        paths = [path for path in self.graph.choices(state.dropped) if path_documents(path, left)]
        if any(rule.kind == "words" for rule in self.order):
            most = max(map(path_typos, paths), default=0)
        else:
            most = max(map(path_typos, self.graph.choices(state.dropped, empty=True)), default=0)
        for typos in range(most + 1):
            if not left:
                return
            ways = (choice for path in paths for choice in with_typos(path, typos))
            choices: list[Choice] = []
            found: Docids = set()
            for choice in islice(ways, MAX_CHOICES):
                matched = choice_documents(choice, left)
                if matched:
                    choices.append(choice)
                    found |= matched
            left -= found
            yield found, Detail("typo", most + 1 - typos, most + 1), replace(state, choices=choices, own={})

    def _sorted(self, criterion: Criterion, docids: Collection[int], state: _State) -> Iterator[Bucket]:
        for value, found in groups(self.conn, criterion, docids):
            yield found, sorted_by(criterion, value, self.settings), state

    def _by_cost(self, kind: str, docids: Collection[int], state: _State) -> Iterator[Bucket]:
        cost, worst = self.costs[kind]
        buckets: dict[int, list[int]] = {}
        most = 0
        for docid in docids:
            found = self.found.get(docid)
            if found is None:
                found = self.found[docid] = self.finder.find(docid)
            choices = self._choices(docid, state)
            costs = [cost(found, choice) for choice in choices]
            lowest = min(costs, default=worst(choices[0]) if choices else 0)
            if len(choices) > 1:
                state.own[docid] = [
                    choice for choice, own in zip(choices, costs, strict=True) if own == lowest
                ]
            most = max([most, *map(worst, choices)])
            buckets.setdefault(lowest, []).append(docid)
        for lowest in sorted(buckets):
            yield buckets[lowest], Detail(kind, most + 1 - lowest, most + 1), state
        for docid in docids:
            self.found.pop(docid, None)

    def _choices(self, docid: int, state: _State) -> list[Choice]:
        own = state.own.get(docid)
        if own is not None:
            return own
        if state.choices is None:
            paths = list(self.graph.choices(state.dropped))
            most = max(map(path_typos, paths), default=0)
            ways = (
                choice for typos in range(most + 1) for path in paths for choice in with_typos(path, typos)
            )
            state.choices = list(islice(ways, MAX_CHOICES))
        if len(state.choices) == 1:
            return state.choices
        own = [
            choice
            for choice in state.choices
            if all(docid in node.documents[typos] for node, typos in choice)
        ]
        state.own[docid] = own
        return own

    def _parts(self, docids: Docids, state: _State) -> Iterator[list[int]]:
        """Cut a bucket too large to compare word by word: first those that look best to the index."""
        left = set(docids)
        for choice in (state.choices or [])[:2]:
            nodes = [node for node, _ in choice if node.phrase is None]
            last = nodes[-1] if nodes else None
            if last is None:
                continue
            words = [node.word for node in nodes]
            close = self.postings.phrase(words, prefix=last.prefix) & left
            if len(close) > MANY or len(nodes) == 1:
                first = self.postings.initial(nodes[0].word, prefix=nodes[0].prefix) & close
                yield from map(list, batched(sorted(first), MANY))
                close -= first
                left -= first
            yield from map(list, batched(sorted(close), MANY))
            left -= close
        yield from map(list, batched(sorted(left), MANY))
