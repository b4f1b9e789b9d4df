"""Showing searchers where a text matches: highlights, cropped passages and match positions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from scrypath.local.engine.search.terms import Phrase, Query
from scrypath.local.engine.search.tokens import Token, Tokenizer

MAX_GAP: Final = 7


@dataclass(frozen=True, slots=True)
class Match:
    """A word or phrase of a text that matches the query.

    Parameters
    ----------
    ids
        Positions of the query it answers.
    words
        Numbers of its first and last word in the text.
    tokens
        Numbers of its first and last token in the text.
    start, end
        Range in the text, in characters.
    """

    ids: range
    words: tuple[int, int]
    tokens: tuple[int, int]
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class _Words:
    """The variants of one term: exact ones, and beginnings of words."""

    variants: frozenset[str]
    beginnings: tuple[str, ...]
    size: int
    ids: range


class Highlighter:
    """Marks the words of a query in texts.

    Parameters
    ----------
    query
        The query, its variants looked up; None when there is none.
    tokenizer
        How texts are cut into words.
    pre, post
        What surrounds a match.
    marker
        What stands where a text was cut.
    """

    def __init__(self, query: Query | None, tokenizer: Tokenizer, pre: str, post: str, marker: str) -> None:
        self.tokenizer = tokenizer
        self.pre, self.post, self.marker = pre, post, marker
        self.phrases: list[tuple[Phrase, range]] = []
        self.words: list[_Words] = []
        for node in query.nodes if query is not None else ():
            ids = range(node.start, node.end + 1)
            if node.phrase is not None:
                self.phrases.append((node.phrase, ids))
                continue
            self.phrases += [(phrase, ids) for phrase in node.synonyms]
            if node.halves is not None:
                self.phrases.append((node.halves, ids))
            variants = frozenset([node.word, *node.words[0], *node.words[1]])
            beginnings = (node.word, *node.words[0], *node.words[1]) if node.prefix else ()
            self.words.append(_Words(variants, beginnings, len(node.word), ids))
        self.words.sort(key=lambda words: (bool(words.beginnings), -len(words.ids)))

    def matches(self, tokens: Sequence[Token]) -> list[Match]:
        """Return what matches among the tokens of a text, in order."""
        if not self.phrases and not self.words:
            return []
        placed = [(index, token) for index, token in enumerate(tokens) if token.kind in {"word", "stop"}]
        found: list[Match] = []
        at = 0
        while at < len(placed):
            match, size = self._match(placed, at)
            if match is not None:
                found.append(match)
            at += size
        return found

    def _match(self, placed: list[tuple[int, Token]], at: int) -> tuple[Match | None, int]:
        index, token = placed[at]
        for phrase, ids in self.phrases:
            following = placed[at : at + len(phrase)]
            if len(following) == len(phrase) and all(
                other.kind == "stop" if word is None else other.text == word
                for word, (_, other) in zip(phrase, following, strict=True)
            ):
                last, closing = following[-1]
                span = (at, at + len(phrase) - 1)
                return Match(ids, span, (index, last), token.start, closing.end), len(phrase)
        for words in self.words:
            length = self._length(words, token)
            if length:
                end = min(token.end, token.start + length)
                return Match(words.ids, (at, at), (index, index), token.start, end), 1
        return None, 1

    @staticmethod
    def _length(words: _Words, token: Token) -> int:
        for beginning in words.beginnings:
            if token.text.startswith(beginning):
                return min(words.size, len(beginning))
        return token.end - token.start if token.text in words.variants else 0

    def bounds(self, text: str, indices: Sequence[int]) -> list[dict[str, Any]]:
        """Return the matches of a text as byte ranges, with their place in a list."""
        found = []
        for match in self.matches(list(self.tokenizer.tokens(text))):
            start = len(text[: match.start].encode())
            bound: dict[str, Any] = {"start": start, "length": len(text[match.start : match.end].encode())}
            if indices:
                bound["indices"] = list(indices)
            found.append(bound)
        return found

    def formatted(self, text: str, *, highlight: bool, crop: int | None) -> str:
        """Return a text with its matches marked, cut to a number of words around the best of them."""
        if not highlight and not crop:
            return text
        tokens = list(self.tokenizer.tokens(text))
        matches = self.matches(tokens)
        low, high = (0, len(text)) if not crop else crop_range(text, tokens, matches, crop)
        parts = [self.marker] if low > 0 else []
        at = low
        for match in matches if highlight else ():
            if match.start < low or match.end > high:
                continue
            parts += [text[at : match.start], self.pre, text[match.start : match.end], self.post]
            at = match.end
        parts.append(text[at:high])
        if high < len(text):
            parts.append(self.marker)
        return "".join(parts)


def crop_range(text: str, tokens: Sequence[Token], matches: Sequence[Match], size: int) -> tuple[int, int]:
    """Return the range of a passage of `size` words around the best matches, in characters."""
    before, after, left = -1, 0, size
    if matches:
        first, last = _best_interval(matches, size)
        length = last.words[1] - first.words[0] + 1
        if length > size:
            return _beginning(tokens, first, size)
        before, after, left = first.tokens[0] - 1, last.tokens[1] + 1, size - length
    while left > 0 and (before >= 0 or after < len(tokens)):
        back = tokens[before].kind if before >= 0 else None
        ahead = tokens[after].kind if after < len(tokens) else None
        back_word = back in {"word", "stop"}
        ahead_word = ahead in {"word", "stop"}
        if back is not None and ahead is not None and not back_word and not ahead_word:
            if back == ahead:
                before -= 1
                after += left > 1
            elif back == "hard":
                after += 1
            else:
                before -= 1
            continue
        if back is not None and (back_word or ahead is None):
            before -= 1
            left -= back_word
            if not ahead_word or not back_word:
                continue
        if ahead is not None and left > 0:
            after += 1
            left -= ahead_word
    low = tokens[before].end if before >= 0 else 0
    high = tokens[after].start if after < len(tokens) else len(text)
    return low, high


def _beginning(tokens: Sequence[Token], match: Match, size: int) -> tuple[int, int]:
    words = [token for token in tokens[match.tokens[0] :] if token.kind in {"word", "stop"}]
    return match.start, words[min(size, len(words)) - 1].end


def _best_interval(matches: Sequence[Match], size: int) -> tuple[Match, Match]:
    best: tuple[tuple[int, int, int], int, int] | None = None
    for first, last in _intervals(matches, size):
        score = _score(matches[first : last + 1])
        if best is None or score > best[0]:
            best = (score, first, last)
    return (matches[0], matches[0]) if best is None else (matches[best[1]], matches[best[2]])


def _intervals(matches: Sequence[Match], size: int) -> Iterator[tuple[int, int]]:
    first = 0
    for index, match in enumerate(matches):
        if match.words[1] - matches[first].words[0] < size:
            continue
        if index:
            yield first, index - 1
        while first + 1 < len(matches):
            first += 1
            start = matches[first].words[0]
            if start > match.words[1] or match.words[1] - start < size:
                break
    last = len(matches) - 1
    if first != last or matches[first].words[1] - matches[first].words[0] + 1 < size:
        yield first, last


def _score(matches: Sequence[Match]) -> tuple[int, int, int]:
    order = gap = 0
    ids: set[int] = set()
    for index, match in enumerate(matches):
        inner = match.words[1] - match.words[0]
        order += inner
        gap -= inner
        if index + 1 < len(matches):
            following = matches[index + 1]
            order += min(following.ids) > min(match.ids)
            gap -= min(MAX_GAP, following.words[0] - match.words[1])
        ids.update(match.ids)
    return len(ids), gap, order
