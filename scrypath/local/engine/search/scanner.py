"""The words of the filter language: values, quotes, numbers and places in a text."""

from __future__ import annotations

import re
from typing import Final, NoReturn

from scrypath.local.engine.search.nodes import FilterError, Geo, Token, located

KEYWORDS: Final = frozenset(
    {
        *("AND", "OR", "IN", "NOT", "TO", "EXISTS", "IS", "NULL", "EMPTY", "CONTAINS", "STARTS", "WITH"),
        *("_geoRadius", "_geoBoundingBox"),
    }
)
RESERVED: Final = (
    "`{}` is a reserved keyword and thus can't be used as a filter expression. Use the"
    " `_geoRadius(latitude, longitude, distance)` or `_geoBoundingBox([latitude, longitude],"
    " [latitude, longitude])` built-in rules to filter on `_geo` coordinates."
)
SPACE: Final = re.compile(r"[ \t\r\n]*")
WORD: Final = re.compile(r"[^\W_]|[_.-]")
SYNTAX: Final = frozenset("()=<>!")
FLOAT: Final = re.compile(r"[ \t\r\n]*([+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)[ \t\r\n]*")
SIGN: Final = re.compile(r"[ \t\r\n]*[+-]?")
ESCAPES: Final = {
    "a": "\a", "b": "\b", "t": "\t", "n": "\n", "v": "\v", "f": "\f", "r": "\r",
    "\\": "\\", "'": "'", '"': '"', "`": "`", "$": "$", "/": "/", "0": "\0",
}  # fmt: skip


class Mismatch(Exception):
    """A rule that does not fit here; another may.

    Parameters
    ----------
    message
        What was expected.
    start, end
        The piece of the filter it is about.
    reserved
        Whether that piece is a keyword.
    """

    def __init__(self, message: str, start: int, end: int, *, reserved: bool = False) -> None:
        super().__init__(message)
        self.message, self.start, self.end, self.reserved = message, start, end, reserved


def shown(text: str) -> str:
    """Return a piece of a filter with quotes, backslashes and line ends escaped."""
    named = {"\n": "\\n", "\r": "\\r", "\t": "\\t", "\0": "\\0", "'": "\\'", '"': '\\"', "\\": "\\\\"}
    return "".join(
        named.get(char) or (char if char.isprintable() else f"\\u{{{ord(char):x}}}") for char in text
    )


class Scanner:
    """Reads the pieces of one filter.

    Parameters
    ----------
    source
        The filter.
    """

    def __init__(self, source: str) -> None:
        self.source = source
        self.size = len(source)

    def fail(self, message: str, start: int, end: int | None = None) -> NoReturn:
        """Refuse the filter, pointing at a piece of it."""
        end = self.size if end is None else end
        raise FilterError(f"{message}\n{located(self.source, start, end)}")

    def space(self, at: int) -> int:
        """Return where the spaces at `at` end."""
        match = SPACE.match(self.source, at)
        return match.end() if match else at

    def exact(self, word: str, at: int) -> int | None:
        """Return where `word` ends if the word at `at` is exactly that one."""
        end = self.word_end(at)
        return end if self.source[at:end] == word else None

    def word_end(self, at: int) -> int:
        """Return where the word at `at` ends."""
        while at < self.size and WORD.match(self.source[at]):
            at += 1
        return at

    def needed(self, at: int) -> tuple[Token, int]:
        """Return the value at `at` and where it ends; without one the filter is refused."""
        try:
            return self.value(at)
        except Mismatch as mismatch:
            self.fail(mismatch.message, mismatch.start, mismatch.end)

    def value(self, at: int) -> tuple[Token, int]:
        """Return the value at `at` and where it ends."""
        while at < self.size and self.source[at].isspace():
            at += 1
        for name in ("_geoPoint", "_geoDistance"):
            if self.source.startswith(name, at):
                self.fail(RESERVED.format(name), at)
        word = self.source[at : self.word_end(at)]
        if word == "_geo":
            self.fail(RESERVED.format(word), at)
        if word in {"_geoRadius", "_geoBoundingBox"}:
            self.fail(f"The `{word}` filter is an operation and can't be used as a value.", at)
        if at < self.size and self.source[at] in "'\"":
            return self.quoted(at)
        if word and word not in KEYWORDS:
            return Token(word, at, at + len(word), self.source), self.space(at + len(word))
        end = at
        while end < self.size and not self.source[end].isspace() and self.source[end] not in SYNTAX:
            end += 1
        text = shown(self.source[at:end])
        if not text.strip():
            raise Mismatch("Was expecting a value but instead got nothing.", at, end, reserved=bool(word))
        if word:
            raise Mismatch(
                f"Was expecting a value but instead got `{text}`, which is a reserved keyword."
                f" To use `{text}` as a field name or a value, surround it by quotes.",
                at,
                end,
                reserved=True,
            )
        raise Mismatch(f"Was expecting a value but instead got `{text}`.", at, end)

    def quoted(self, at: int) -> tuple[Token, int]:
        """Return the quoted value at `at` and where it ends."""
        quote = self.source[at]
        start = end = at + 1
        while end < self.size and self.source[end] != quote:
            if self.source[end] == "\\":
                if end + 1 >= self.size:
                    self.fail(f"Malformed value: `{shown(self.source[start:])}`.", start)
                end += 1
            end += 1
        if end >= self.size:
            self.fail(
                f"Expression `{shown(self.source[at:])}` is missing the following closing delimiter: `{quote}`.",
                at,
            )
        raw = self.source[start:end].replace("\\" + quote, quote)
        return Token(self.unescaped(raw, start, end), start, end, self.source), self.space(end + 1)

    def unescaped(self, raw: str, start: int, end: int) -> str:
        """Return a value with its escapes resolved."""
        if "\\" not in raw:
            return raw

        def one(match: re.Match[str]) -> str:
            code = match.group("code")
            if code is not None:
                point = int(code.strip("{}"), 16)
                if point > 0x10FFFF or 0xD800 <= point <= 0xDFFF:
                    raise Mismatch(f"Found an invalid escaped sequence number: `{shown(raw)}`.", start, end)
                return chr(point)
            char = match.group("char")
            if char not in ESCAPES:
                raise Mismatch(f"Malformed value: `{shown(raw)}`.", start, end)
            return ESCAPES[char]

        return ESCAPE.sub(one, raw)

    def place(self, at: int) -> tuple[Geo, int] | None:
        """Return the geographic filter at `at`, if there is one, and where it ends."""
        try:
            return self._place(at)
        except Mismatch as mismatch:
            self.fail(mismatch.message, mismatch.start, mismatch.end)

    def _place(self, at: int) -> tuple[Geo, int] | None:
        start = self.space(at)
        end = self.word_end(start)
        name = self.source[start:end]
        if name == "_geoRadius":
            numbers, rest = self.numbers(end, "(", ")", RADIUS_FORM)
            if len(numbers) not in {3, 4}:
                self.fail(
                    f"Was expecting 3 or 4 arguments for `_geoRadius`, but instead found {len(numbers)}.",
                    rest,
                )
            return Geo(name, tuple(numbers)), rest
        if name not in PAIRS_FORM:
            return None
        pairs, rest = self.pairs(end, name)
        if name == "_geoBoundingBox" and len(pairs) != 2:
            self.fail(PAIRS_FORM[name], rest)
        if name == "_geoPolygon" and len(pairs) < 3:
            last = pairs[-1][-1]
            self.fail(
                f"The `_geoPolygon` filter expects at least 3 points but only {len(pairs)} were specified",
                last.start,
                last.end,
            )
        for pair in pairs:
            if len(pair) != 2:
                message = f"Was expecting 2 coordinates but instead found {len(pair)}."
                self.fail(message, pair[0].start, pair[0].end)
        return Geo(name, tuple(token for pair in pairs for token in pair)), rest

    def numbers(self, at: int, opening: str, closing: str, form: str) -> tuple[list[Token], int]:
        """Return numbers between two brackets and where they end."""
        if not self.source.startswith(opening, at):
            raise Mismatch(form, at, self.size)
        match = FLOAT.match(self.source, at + 1)
        if match is None:
            sign = SIGN.match(self.source, at + 1)
            raise Mismatch(form, sign.end() if sign else at + 1, self.size)
        found: list[Token] = []
        while match is not None:
            found.append(Token(match.group(1), match.start(1), match.end(1), self.source))
            at = match.end()
            match = FLOAT.match(self.source, at + 1) if self.source.startswith(",", at) else None
        if not self.source.startswith(closing, at):
            raise Mismatch(form, at, self.size)
        return found, at + 1

    def pairs(self, at: int, name: str) -> tuple[list[list[Token]], int]:
        """Return pairs of numbers in brackets and where they end."""
        form = PAIRS_FORM[name]
        if not self.source.startswith("(", at):
            raise Mismatch(form, at, self.size)
        pair, at = self.numbers(self.space(at + 1), "[", "]", form)
        pairs = [pair]
        at = self.space(at)
        while self.source.startswith(",", at):
            try:
                pair, after = self.numbers(self.space(at + 1), "[", "]", form)
            except Mismatch:
                break
            pairs.append(pair)
            at = self.space(after)
        if name == "_geoPolygon" and self.source.startswith(",", at):
            at = self.space(at + 1)
        if not self.source.startswith(")", at):
            raise Mismatch(form, at, self.size)
        return pairs, at + 1


ESCAPE: Final = re.compile(r"\\(?:u(?P<code>\{[0-9a-fA-F]+\}|[0-9a-fA-F]{4})|(?P<char>.))", re.DOTALL)
RADIUS_FORM: Final = (
    "The `_geoRadius` filter must be in the form:"
    " `_geoRadius(latitude, longitude, radius, optionalResolution)`."
)
PAIRS_FORM: Final = {
    "_geoBoundingBox": "The `_geoBoundingBox` filter expects two pairs of arguments:"
    " `_geoBoundingBox([latitude, longitude], [latitude, longitude])`.",
    "_geoPolygon": "The `_geoPolygon` filter doesn't match the expected format:"
    " `_geoPolygon([latitude, longitude], [latitude, longitude])`.",
}
