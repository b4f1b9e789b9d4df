"""Characters that steer a terminal or turn the order of a line: shown by their number, never passed on."""

from __future__ import annotations

import re

# Newline and tab stay: our own texts have them. What data may not break a line with is written on one line.
_CONTROL = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 with ESC, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # bidirectional marks, embeddings, overrides and isolates
    "\u2028\u2029"  # line and paragraph separator
    "\ufeff\ufff9-\ufffb"
    "\ud800-\udfff"  # halves of a pair, which no stream can encode
)
_ANY = re.compile(f"[{_CONTROL}]")
_LINE = re.compile(f"[{_CONTROL}\t\n]")


def escaped(text: str, *, one_line: bool = False) -> str:
    r"""``text`` with every character that a terminal acts on written as ``\x1b`` or ``\u202e``.

    Parameters
    ----------
    text
        Whatever data, a server or an exception says.
    one_line
        True: newlines and tabs are written as ``\n`` and ``\t`` too.

    Examples
    --------
    >>> print(escaped("\x1b[2Jgone\u202e"))
    \x1b[2Jgone\u202e
    >>> print(escaped("two\nlines", one_line=True))
    two\nlines
    """
    return (_LINE if one_line else _ANY).sub(lambda match: _written(match[0]), text)


def escaped_json(text: str) -> str:
    r"""JSON in which those characters are written as ``\u009b``: a parser reads the same text as before.

    Examples
    --------
    >>> escaped_json('{"name": "\x9b2J"}')
    '{"name": "\\u009b2J"}'
    """
    return _ANY.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _written(character: str) -> str:
    if character in "\t\n":
        return "\\t" if character == "\t" else "\\n"
    code = ord(character)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}"
