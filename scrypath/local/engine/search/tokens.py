"""Words of a text, close to how Meilisearch's tokenizer finds them in Latin scripts."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from scrypath.local.engine.search import scripts

BREAK: Final = "¶"
"""Stands in a body where a sentence or a list element ends: the next word is 8 positions away."""

HOLE: Final = "※"
"""Stands in a body for a stop word: it has a position and matches nothing."""

WEIGHT: Final = {BREAK: 7}
"""Positions that a word of a body takes, where it is not one."""

MAX_WORD_BYTES: Final = 250
MAX_POSITIONS: Final = 1 << 16
"""Places of words in a field that are searched; what stands behind them is not."""

LONG: Final = 2 * MAX_POSITIONS
"""Characters that are looked at in one go: more would hold every other thread up, and may be too many words."""

# Separators are whole Unicode categories, save these characters, which belong to words.
CATEGORIES: Final = frozenset({"Pc", "Pd", "Pe", "Pf", "Pi", "Po", "Ps", "Zl", "Zp", "Zs"})
EXTRA_SEPARATORS: Final = "\u200c\0\n\r\t`+±×÷−"
HARD: Final = "\0!;?¡§¶¿՜՝՞։׃،؛؟۔।॥၊။።៕․‥…※‼‽⁇⁈⁉⸮、。！，．：；？｡､"
NEXT: Final = "\0"
"""Stands between the values of a field while they are cut into words; it is a hard separator."""

# Accents set after their letter, of the writing systems that are searched without.
ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u1ab0-\u1aff"
    "\u1dc0-\u1dff\u20d0-\u20dc\ufe20-\ufe2f]+"
)
CONTROL: Final = re.compile("[\x01-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")
HARD_PAIRS: Final = (". ", ", ")
# Letters that are written as others, after decomposition and in lower case.
REWRITTEN: Final = (("æ", "ae"), ("œ", "oe"), ("ـ", ""), ("ٱ", "ا"), ("ى", "ي"), ("ة", "ه"))
ACCENTED: Final = ("latin", "greek", "hebrew", "arabic", "thai")


@dataclass(frozen=True, slots=True)
class Token:
    """A word or separator of a text: its normal form and where it stands (in characters).

    Parameters
    ----------
    text
        The normal form: lower case, without diacritics.
    start, end
        Range in the original text, in characters.
    kind
        ``"word"``, ``"stop"`` (a stop word), ``"soft"`` or ``"hard"`` (separators).
    """

    text: str
    start: int
    end: int
    kind: str


@functools.cache
def _separators() -> frozenset[int]:
    found = {code for code in range(0x20000) if unicodedata.category(chr(code)) in CATEGORIES}
    return frozenset(found | set(map(ord, EXTRA_SEPARATORS)) | set(range(0x2213, 0x2300)))


@functools.cache
def _accented() -> frozenset[str]:
    """Return the letters of writing systems that are searched without accents."""
    return frozenset(chr(code) for name in ACCENTED for code in scripts.codes(name))


def _without(accents: re.Match[str]) -> str:
    at = accents.start()
    letter = accents.string[at - 1] if at else ""
    return "" if letter in _accented() or not letter else accents.group()


@functools.cache
def _words() -> str:
    """Return the pattern of a word: one writing system, and what belongs to none."""
    separators = _separators()
    systems = {name: scripts.codes(name) - separators for name in scripts.BLOCKS}
    known = separators.union(*systems.values())
    own = "|".join(
        f"[{scripts.ranges(points)}][^{scripts.ranges(known - points)}]*" for points in systems.values()
    )
    return f"(?=[^{scripts.ranges(separators)}])[^{scripts.ranges(known)}]*(?:{own})?"


def normal(word: str) -> str:
    """Return a word in lower case, decomposed, without diacritics.

    Examples
    --------
    >>> normal("Čédric")
    'cedric'
    """
    if CONTROL.search(word) is not None:
        word = CONTROL.sub("", word)
    if word.isascii():
        return word.lower()
    found = ACCENTS.sub(_without, unicodedata.normalize("NFKD", word).lower())
    for char, letters in REWRITTEN:
        if char in found:
            found = found.replace(char, letters)
    return found


@functools.lru_cache(maxsize=64)
def _pattern(joined: tuple[str, ...], apart: tuple[str, ...]) -> re.Pattern[str]:
    special = [re.escape(token) for token in sorted(apart, key=len, reverse=True)]
    kept = "".join(re.escape(token) for token in joined if len(token) == 1)
    keep = f"(?![{kept}])" if kept else ""
    hard = [re.escape(pair) for pair in HARD_PAIRS if pair[0] not in joined]
    alternatives = [*special, *hard, f"{keep}[{scripts.ranges(_separators())}]"]
    word = _words()
    if kept or special:
        inner = (
            f"(?:[^{scripts.ranges(_separators())}]|[{kept}])"
            if kept
            else f"[^{scripts.ranges(_separators())}]"
        )
        guard = "".join(f"(?!{token})" for token in special)
        word = f"(?:{guard}{inner})+"
    return re.compile(f"(?P<separator>{'|'.join(alternatives)})|(?P<word>{word})")


@functools.cache
def _plain_word() -> re.Pattern[str]:
    return re.compile(f"{BREAK}|{_words()}")


class Tokenizer:
    """Cuts texts into words, by the settings of one index.

    Parameters
    ----------
    settings
        Settings of the index, in the shape of the wire; ``stopWords``, ``separatorTokens`` and
        ``nonSeparatorTokens`` are looked at.

    Examples
    --------
    >>> Tokenizer({}).body(["Brr, it's 29.3°F!", "Café"])
    'brr ¶ it s 29 3°f ¶ cafe'
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self.stop_words = frozenset(settings.get("stopWords") or ())
        self._joined = tuple(settings.get("nonSeparatorTokens") or ())
        self._apart = tuple(settings.get("separatorTokens") or ())
        self._plain = not (self._joined or self._apart or self.stop_words)

    def tokens(self, text: str) -> Iterator[Token]:
        """Yield every word and separator of a text, in order."""
        for match in _pattern(self._joined, self._apart).finditer(text):
            raw = match.group()
            if match.lastgroup == "separator":
                kind = "hard" if raw in HARD_PAIRS or raw in HARD else "soft"
                yield Token(raw, match.start(), match.end(), kind)
                continue
            word = normal(raw)
            if word:
                yield Token(word, match.start(), match.end(), "stop" if self._stops(raw) else "word")

    def _stops(self, raw: str) -> bool:
        # Meilisearch compares before it lowers the case: "Oak" is not the stop word "oak"
        return bool(self.stop_words) and unicodedata.normalize("NFKD", raw) in self.stop_words

    def words(self, text: str) -> list[str]:
        """Return the words of a text, without separators and stop words."""
        return [token.text for token in self.tokens(text) if token.kind == "word"]

    def body(self, texts: list[str]) -> str:
        """Return the words of the values of one field as they are stored in the index."""
        if sum(map(len, texts)) > LONG:
            return self._bounded(texts)
        if self._plain:
            return _plain_body(texts)
        return f" {BREAK} ".join(found for text in texts if (found := self._body(text)))

    def _bounded(self, texts: list[str]) -> str:
        """Return the words of long values up to the last place that is searched."""
        words: list[str] = []
        left = MAX_POSITIONS
        for text in texts:
            apart = bool(words)
            for piece in _pieces(text):
                found = self.body([piece]).split(" ") if piece.strip() else [""]
                if found == [""]:
                    continue
                if apart:
                    found.insert(0, BREAK)
                    apart = False
                for word in found:
                    left -= WEIGHT.get(word, 1)
                    if left < 0:
                        return " ".join(words)
                    words.append(word)
        return " ".join(words)

    def _body(self, text: str) -> str:
        parts: list[str] = []
        broken = False
        for token in self.tokens(text):
            if token.kind == "hard":
                broken = bool(parts)
            elif token.kind != "soft":
                if broken:
                    parts.append(BREAK)
                    broken = False
                fits = token.kind == "word" and len(token.text.encode()) <= MAX_WORD_BYTES
                parts.append(token.text if fits else HOLE)
        return " ".join(parts)


def _plain_body(texts: list[str]) -> str:
    text = NEXT.join(texts) if len(texts) > 1 else texts[0]
    ascii_only = text.isascii()
    text = normal(text)
    hard, pattern = (_ASCII_HARD, _ASCII_WORD) if ascii_only else (_HARD, _plain_word())
    if hard.search(text) is not None:
        text = hard.sub(NEXT, text)
    if NEXT not in text:
        return " ".join(pattern.findall(text))
    words = pattern.findall(text.replace(NEXT, f" {BREAK} "))
    kept = [word for word, following in pairwise([*words, BREAK]) if word != BREAK or following != BREAK]
    return " ".join(kept[1:] if kept and kept[0] == BREAK else kept)


def _pieces(text: str) -> Iterator[str]:
    """Yield a text in parts that can be looked at in one go, cut behind a space where there is one."""
    start = 0
    while len(text) - start > LONG:
        end = text.rfind(" ", start, start + LONG) + 1 or start + LONG
        yield text[start:end]
        start = end
    yield text[start:]


_HARD: Final = re.compile(f"[{re.escape(HARD)}]|[.,] ")
_ASCII_HARD: Final = re.compile("[!;?]|[.,] ")
_ASCII_WORD: Final = re.compile(r"[^\s\x00!\"#%&'()*+,\-./:;?@\[\\\]_{}`]+")
