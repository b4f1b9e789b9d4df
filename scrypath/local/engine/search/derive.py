"""Words of an index that a searcher may have meant: typos, prefixes and split words."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from rapidfuzz import process
from rapidfuzz.distance import OSA

from scrypath.local.engine.search.postings import Postings
from scrypath.local.engine.search.vocabulary import LAST

MAX_ONE_TYPO: Final = 150
MAX_TWO_TYPOS: Final = 50
FIRST_LETTERS: Final = "abcdefghijklmnopqrstuvwxyz0123456789"


class Typos:
    """How many typos a word may have, by the typo settings of an index.

    Parameters
    ----------
    settings
        Settings of the index, in the shape of the wire.
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        tolerance = settings["typoTolerance"]
        self.enabled = bool(tolerance["enabled"])
        self.one = int(tolerance["minWordSizeForTypos"]["oneTypo"])
        self.two = int(tolerance["minWordSizeForTypos"]["twoTypos"])
        self.exact = {word.lower() for word in tolerance["disableOnWords"]}
        self.numbers_exact = bool(tolerance.get("disableOnNumbers"))

    def allowed(self, word: str) -> int:
        """Return how many typos `word` may have: 0, 1 or 2."""
        if not self.enabled or len(word) < self.one or word in self.exact:
            return 0
        return 1 if len(word) < self.two else 2

    def reachable(self, word: str) -> bool:
        """Tell whether a word of the index may be found through a typo."""
        if not self.numbers_exact:
            return True
        try:
            return math.isnan(float(word))
        except ValueError:
            return True


def derivations(
    postings: Postings, typos: Typos, word: str, most: int, *, prefix: bool
) -> tuple[list[str], list[str]]:
    """Return the words of the index one and two typos away from `word`.

    A typo on the first letter counts twice. With `prefix`, the beginning of a word is compared.
    """
    if most == 0 or not word:
        return [], []
    one: list[str] = []
    two: list[str] = []
    for candidate, cost in _near(postings.beginning(word[0]), word, most, prefix=prefix):
        if not typos.reachable(candidate):
            continue
        if cost == 1 and len(one) < MAX_ONE_TYPO:
            one.append(candidate)
        elif cost == 2 and len(two) < MAX_TWO_TYPOS:
            two.append(candidate)
    if most == 2:
        two += [
            found for found in _other_first_letter(postings, word, prefix=prefix) if typos.reachable(found)
        ]
    return one, two[:MAX_TWO_TYPOS]


def _near(words: Sequence[str], word: str, most: int, *, prefix: bool) -> Iterable[tuple[str, int]]:
    size = len(word)
    if not prefix:
        close = [candidate for candidate in words if abs(len(candidate) - size) <= most]
        found = process.extract(word, close, scorer=OSA.distance, score_cutoff=most, limit=None)
        return sorted((candidate, int(cost)) for candidate, cost, _ in found if cost)
    starts = {candidate[:length] for length in range(size - most, size + most + 1) for candidate in words}
    scored = process.extract(word, list(starts), scorer=OSA.distance, score_cutoff=most, limit=None)
    costs: dict[str, int] = {}
    for start, cost, _ in scored:
        low, high = bisect_left(words, start), bisect_left(words, start + LAST)
        for candidate in words[low:high] if len(start) >= size - most else ():
            costs[candidate] = min(int(cost), costs.get(candidate, most))
    return sorted((candidate, cost) for candidate, cost in costs.items() if cost)


def _other_first_letter(postings: Postings, word: str, *, prefix: bool) -> list[str]:
    tail = word[1:]
    wanted = {tail}
    if len(word) > 1:
        wanted.add(word[1] + word[0] + word[2:])
    for letter in FIRST_LETTERS:
        wanted |= {letter + tail, letter + word}
    found: set[str] = set()
    for text in wanted:
        if text[:1] == word[0] or not text:
            continue
        if prefix:
            found.update(postings.beginning(text))
        elif postings.contains(text):
            found.add(text)
    return sorted(found)


def split(postings: Postings, word: str) -> tuple[str, str] | None:
    """Return the two words that `word` consists of and that stand side by side most often, if any."""
    best: tuple[int, str, str] | None = None
    for at in range(1, len(word)):
        left, right = word[:at], word[at:]
        count = postings.pair_frequency(left, right)
        if count and (best is None or count > best[0]):
            best = (count, left, right)
    return None if best is None else best[1:]
