"""Where JSON text breaks, said the way the server's own parser says it.

orjson reads every payload; this slower reader runs only over text that orjson refused.
"""

from __future__ import annotations

import json
import re
from typing import Final

_SPACE: Final = re.compile(rb"[ \t\n\r]*")
_NUMBER: Final = re.compile(rb"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")
_PLAIN: Final = re.compile(rb'[^"\\\x00-\x1f]*')
_IDENTS: Final = {ord("t"): b"true", ord("f"): b"false", ord("n"): b"null"}
_HALF: Final = re.compile(rb"\\u[dD]([89abAB][0-9a-fA-F]{2})(?!\\u[dD][c-fC-F])")
_ESCAPES: Final = b'"\\/bfnrt'
_DEPTH: Final = 128


class SerdeError(ValueError):
    """A syntax error with the place where it was found.

    Parameters
    ----------
    reason
        What was expected.
    data
        The whole text.
    end
        How many bytes had been looked at.
    """

    def __init__(self, reason: str, data: bytes, end: int) -> None:
        end = min(end, len(data))
        line = data.count(b"\n", 0, end) + 1
        column = end - (data.rfind(b"\n", 0, end) + 1)
        super().__init__(f"{reason} at line {line} column {column}")


class Reader:
    """Walks over JSON text and raises at the first thing that is not JSON."""

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def fail(self, reason: str, ahead: int = 1) -> SerdeError:
        """Return the error for the byte looked at, ``ahead`` bytes further."""
        return SerdeError(reason, self.data, self.at + ahead)

    def peek(self) -> int:
        """Return the next byte after white space, -1 at the end."""
        match = _SPACE.match(self.data, self.at)
        self.at = match.end() if match else self.at
        return self.data[self.at] if self.at < len(self.data) else -1

    def value(self, depth: int = 0) -> None:
        """Walk over one value."""
        byte = self.peek()
        if byte == -1:
            raise self.fail("EOF while parsing a value", 0)
        if depth >= _DEPTH:
            raise self.fail("recursion limit exceeded")
        if byte == ord("{"):
            self.object(depth)
        elif byte == ord("["):
            self.array(depth)
        elif byte == ord('"'):
            self.string()
        elif byte in _IDENTS:
            self.ident(_IDENTS[byte])
        elif byte == ord("-") or ord("0") <= byte <= ord("9"):
            self.number()
        else:
            raise self.fail("expected value")

    def ident(self, word: bytes) -> None:
        """Walk over true, false or null."""
        for byte in word:
            if self.at >= len(self.data):
                raise self.fail("EOF while parsing a value", 0)
            if self.data[self.at] != byte:
                raise self.fail("expected ident")
            self.at += 1

    def number(self) -> None:
        """Walk over a number."""
        match = _NUMBER.match(self.data, self.at)
        self.at = match.end() if match else self.at + 1
        if self.at >= len(self.data):
            if match is None:
                raise self.fail("EOF while parsing a value", 0)
            return
        byte = self.data[self.at]
        leading_zero = ord("0") <= byte <= ord("9")
        if match is None or leading_zero:
            raise self.fail("invalid number")
        if byte in b".eE":
            self.at += 1
            if byte != ord(".") and self.at < len(self.data) and self.data[self.at] in b"+-":
                self.at += 1
            ended = self.at >= len(self.data)
            raise self.fail("EOF while parsing a value" if ended else "invalid number")

    def string(self) -> None:
        """Walk over a string."""
        self.at += 1
        while True:
            match = _PLAIN.match(self.data, self.at)
            self.at = match.end() if match else self.at
            if self.at >= len(self.data):
                raise self.fail("EOF while parsing a string", 0)
            byte = self.data[self.at]
            self.at += 1
            if byte == ord('"'):
                return
            if byte != ord("\\"):
                raise self.fail("control character (\\u0000-\\u001F) found while parsing a string", 0)
            self.escape()

    def escape(self) -> None:
        """Walk over what follows a backslash."""
        if self.at >= len(self.data):
            raise self.fail("EOF while parsing a string", 0)
        byte = self.data[self.at]
        self.at += 1
        if byte == ord("u"):
            digits = self.data[self.at : self.at + 4]
            if len(digits) < 4:
                self.at = len(self.data)
                raise self.fail("EOF while parsing a string", 0)
            self.at += 4
            if re.fullmatch(rb"[0-9a-fA-F]{4}", digits) is None:
                raise self.fail("invalid escape", 0)
        elif byte not in _ESCAPES:
            raise self.fail("invalid escape", 0)

    def array(self, depth: int) -> None:
        """Walk over an array."""
        self.at += 1
        first = True
        while (byte := self.peek()) != ord("]"):
            if byte == -1:
                raise self.fail("EOF while parsing a list", 0)
            if not first:
                if byte != ord(","):
                    raise self.fail("expected `,` or `]`")
                self.at += 1
                byte = self.peek()
                if byte == ord("]"):
                    raise self.fail("trailing comma" if depth == 0 else "expected value")
            self.value(depth + 1)
            first = False
        self.at += 1

    def object(self, depth: int) -> None:
        """Walk over an object."""
        self.at += 1
        first = True
        while (byte := self.peek()) != ord("}"):
            if byte == -1:
                raise self.fail("EOF while parsing an object", 0)
            if not first:
                if byte != ord(","):
                    raise self.fail("expected `,` or `}`")
                self.at += 1
                byte = self.peek()
                if byte == ord("}"):
                    raise self.fail("trailing comma" if depth == 0 else "key must be a string")
            if byte == -1:
                raise self.fail("EOF while parsing a value", 0)
            if byte != ord('"'):
                raise self.fail("key must be a string")
            self.string()
            byte = self.peek()
            if byte != ord(":"):
                raise self.fail("EOF while parsing an object" if byte == -1 else "expected `:`", byte != -1)
            self.at += 1
            self.value(depth + 1)
            first = False
        self.at += 1


def complaint(data: bytes) -> str:
    """Return what is wrong with a JSON text, and where.

    Examples
    --------
    >>> complaint(b"{bad")
    'key must be a string at line 1 column 2'
    >>> complaint(b'[{"id":1},')
    'EOF while parsing a value at line 1 column 10'
    """
    reader = Reader(data)
    try:
        reader.value()
        if reader.peek() != -1:
            raise reader.fail("trailing characters")
        json.loads(data)
    except SerdeError as error:
        return str(error)
    except UnicodeDecodeError as error:
        return str(SerdeError("invalid unicode code point", data, error.start + 1))
    except ValueError as error:
        return str(error)
    return _surrogate(data) or "number out of range"


def _surrogate(data: bytes) -> str:
    """Return what is wrong with an escape that is half a character, or nothing."""
    half = _HALF.search(data)
    if half is None:
        return ""
    trailing = half[1][:1].lower() in b"cdef"
    reason = "lone leading surrogate in hex escape" if trailing else "unexpected end of hex escape"
    return str(SerdeError(reason, data, half.end() + (not trailing)))
