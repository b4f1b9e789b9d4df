"""Where the words of a query stand in one document, and what that costs by each ranking rule."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Final

from scrypath.local.engine.search.graph import Choice
from scrypath.local.engine.search.postings import Postings
from scrypath.local.engine.search.terms import Phrase, Query, Term
from scrypath.local.engine.search.tokens import BREAK, HOLE, WEIGHT

MAX_DISTANCE: Final = 4
FAR: Final = ((0, 0), (1, 1), (4, 2), (7, 3), (11, 4), (16, 5), (24, 6), (64, 7), (256, 8), (1024, 9))
MAX_COUNTED_WORDS: Final = 30

type Place = tuple[int, int, int]
"""A field and the first and last position of a match in it."""


def position_cost(distance: int) -> int:
    """Return the cost of a word that stands so far from its place in the query."""
    return next((cost for top, cost in FAR if distance <= top), 10)


def rounded(position: int) -> int:
    """Return a position as the server stores it: exact up to 15, then coarser.

    Examples
    --------
    >>> rounded(9), rounded(17), rounded(33)
    (9, 24, 64)
    """
    if position < 16:
        return position
    return 24 if position < 24 else 1 << (position - 1).bit_length()


def positions(words: Sequence[str]) -> Iterable[tuple[int, str]]:
    """Yield the words of a body with their positions."""
    if BREAK not in words:
        return enumerate(words)
    return _spread(words)


def _spread(words: Sequence[str]) -> Iterable[tuple[int, str]]:
    at = 0
    for word in words:
        if word != BREAK:
            yield at, word
        at += WEIGHT.get(word, 1)


class Occurrences:
    """Everything a document holds of a query.

    Parameters
    ----------
    places
        By node and number of typos: where it stands.
    exact
        By word of the query: fields and positions where it stands exactly so.
    counts
        Number of words by field.
    """

    __slots__ = ("counts", "exact", "places")

    def __init__(self) -> None:
        self.places: dict[tuple[int, int], list[Place]] = {}
        self.exact: dict[str, list[tuple[int, int]]] = {}
        self.counts: dict[int, int] = {}


class Finder:
    """Finds the words of a query in documents.

    Parameters
    ----------
    query
        The query, its variants looked up.
    postings
        The word index.
    """

    def __init__(self, query: Query, postings: Postings) -> None:
        self.postings = postings
        self.query = query
        self.wanted: dict[str, list[tuple[int, int]]] = {}
        self.phrases: list[tuple[Phrase, int, int]] = []
        self.prefixes: list[tuple[str, int]] = []
        for node in query.nodes:
            self._want(node)
        self.originals = {node.word for node in query.nodes if node.word} | {
            word for node in query.nodes for word in node.phrase or () if word is not None
        }
        self.starts = tuple(prefix for prefix, _ in self.prefixes)

    def _want(self, node: Term) -> None:
        key = id(node)
        if node.phrase is not None:
            self._phrase(node.phrase, key, 0)
            return
        if node.prefix:
            self.prefixes.append((node.word, key))
        else:
            self.wanted.setdefault(node.word, []).append((key, 0))
        for synonym in node.synonyms:
            self._phrase(synonym, key, 0)
        for typos, words in enumerate(node.words, 1):
            for word in words:
                self.wanted.setdefault(word, []).append((key, typos))
        if node.halves is not None:
            self._phrase(node.halves, key, 1)

    def _phrase(self, phrase: Phrase, key: int, typos: int) -> None:
        if len(phrase) == 1 and phrase[0] is not None:
            self.wanted.setdefault(phrase[0], []).append((key, typos))
        else:
            self.phrases.append((phrase, key, typos))

    def find(self, docid: int) -> Occurrences:
        """Return what a document holds of the query."""
        found = Occurrences()
        for fid, body in self.postings.bodies(docid):
            self._field(found, fid, body)
        return found

    def _field(self, found: Occurrences, fid: int, body: str) -> None:
        words = body.split(" ")
        tolerant = fid in self.postings.tolerant
        wanted, starts = self.wanted, self.starts
        count = 0
        for at, word in positions(words):
            count += 1
            keys = wanted.get(word)
            if keys is not None:
                for key in keys:
                    if tolerant or key[1] == 0:
                        found.places.setdefault(key, []).append((fid, at, at))
            if starts and word.startswith(starts):
                for prefix, node in self.prefixes:
                    if word.startswith(prefix):
                        found.places.setdefault((node, 0), []).append((fid, at, at))
            if word in self.originals:
                found.exact.setdefault(word, []).append((fid, at))
        found.counts[fid] = count
        if self.phrases:
            self._phrases(found, fid, list(positions(words)))

    def _phrases(self, found: Occurrences, fid: int, placed: list[tuple[int, str]]) -> None:
        for phrase, node, typos in self.phrases:
            size = len(phrase)
            for index in range(len(placed) - size + 1):
                start = placed[index][0]
                if all(
                    placed[index + offset][0] == start + offset
                    and placed[index + offset][1] == (HOLE if word is None else word)
                    for offset, word in enumerate(phrase)
                ):
                    found.places.setdefault((node, typos), []).append((fid, start, start + size - 1))

    def proximity(self, found: Occurrences, choice: Choice) -> int:
        """Return how far from each other consecutive terms stand."""
        total = 0
        previous: tuple[Term, int] | None = None
        for node, typos in choice:
            extra = node.size - 1
            total += extra
            if previous is not None and previous[0].end + 1 == node.start:
                left = found.places.get((id(previous[0]), previous[1]), ())
                right = found.places.get((id(node), typos), ())
                swap = previous[0].phrase is None and node.phrase is None
                total += _nearest(left, right, swap=swap)
            previous = (node, typos)
        return total

    def max_proximity(self, choice: Choice) -> int:
        """Return the cost of terms that are all far from each other."""
        nodes = [node for node, _ in choice]
        pairs = sum(left.end + 1 == right.start for left, right in pairwise(nodes))
        return pairs * (MAX_DISTANCE - 1) + sum(node.size - 1 for node in nodes)

    def rank(self, found: Occurrences, choice: Choice) -> int:
        """Return the cost of the fields in which the terms stand, among those that are searched."""
        weights, asked = self.postings.weights, self.postings.asked
        total = 0
        for node, typos in choice:
            places = found.places.get((id(node), typos), ())
            total += node.size * min((weights[fid] for fid, _, _ in places if fid in asked), default=0)
        return total

    def max_rank(self, choice: Choice) -> int:
        """Return the cost of terms that all stand in the last field."""
        return self.postings.max_weight * sum(node.size for node, _ in choice)

    def place(self, found: Occurrences, choice: Choice) -> int:
        """Return the cost of how far from their places in the query the terms stand."""
        total = 0
        for node, typos in choice:
            far = min(
                (abs(rounded(start) - node.start) for _, start, _ in found.places.get((id(node), typos), ())),
                default=1 << 16,
            )
            total += sum(position_cost(far + offset) for offset in range(node.size))
        return total

    def max_place(self, choice: Choice) -> int:
        """Return the cost of terms that all stand far away."""
        return 10 * sum(node.size for node, _ in choice)

    def attribute(self, found: Occurrences, choice: Choice) -> int:
        """Return 0 if a field is exactly the query, 1 if it begins with it, else 2."""
        wanted: list[tuple[str, int]] = []
        size = 0
        previous = -1
        for node, typos in choice:
            if typos or node.ngram or not node.known:
                continue
            if node.first - previous > 1:
                return 2
            previous = node.first
            words = node.phrase if node.phrase is not None else (node.word,)
            size += len(words)
            wanted += [(word, node.start + offset) for offset, word in enumerate(words) if word is not None]
        fields: set[int] | None = None
        for word, position in wanted:
            places = found.exact.get(word, ())
            if not any(rounded(at) == rounded(position) for _, at in places):
                return 2
            here = {fid for fid, _ in places}
            fields = here if fields is None else fields & here
        if not fields:
            return 2
        full = any(found.counts[fid] == size <= MAX_COUNTED_WORDS for fid in fields)
        return 0 if full else 1

    def words(self, found: Occurrences, choice: Choice) -> int:
        """Return how many words of the query the document does not hold exactly."""
        total = 0
        for node, typos in choice:
            if node.phrase is not None:
                exact = bool(found.places.get((id(node), 0)))
            else:
                exact = typos == 0 and not node.ngram and node.word in found.exact
            total += 0 if exact else node.size
        return total


def _nearest(left: Sequence[Place], right: Sequence[Place], *, swap: bool) -> int:
    best = MAX_DISTANCE - 1
    for fid, start, end in left:
        for other, first, last in right:
            if other != fid:
                continue
            if first > end:
                best = min(best, first - end - 1)
            elif swap and last < start:
                best = min(best, start - last)
    return best
