"""Keeping secrets out of everything that is shown, logged or stored.

No pattern knows what a password looks like. So every :class:`Secret` that this process ever held is known here by its
value, in each spelling in which a driver, a log or a format may write it, and is taken out of a text by that value.
Patterns only take care of what is not ours: passwords of other services in a text that somebody else wrote.
"""

from __future__ import annotations

import base64
import json
import re
import shlex
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import final
from urllib.parse import quote, quote_plus

from scrypath.control_characters import escaped

MASK = "********"
LEAST = 4  # characters; a shorter secret is part of too many ordinary words to be taken out of them
REMEMBERED = 1_000  # secrets of one process

# Up to the last @ of the word: a password may hold an @ or a slash of its own. A port is not a password.
_URL_PASSWORD = re.compile(
    r"(?P<head>[a-z][a-z0-9+.\-]*://[^\s:/@]*:)(?!\d{1,5}(?:[/?#\s'\",)]|$))[^\s'\"]+(?=@)", re.IGNORECASE
)
_QUERY_SECRET = re.compile(r"(?P<head>[?&](?:password|passwd|sslpassword|api_?key|token)=)[^\s&#]+", re.I)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|X-Meili-API-Key:?)\s+)[^\s'\",}]+", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"(?P<head>(?:\b|_)(?:password|passwd|pgpassword|api_?key|master_?key|secret|token)"
    r"['\"]?\s*[=:]\s*['\"]?)(?!\*{8})[^\s'\",;&}]+",
    re.IGNORECASE,
)

_PATTERNS = (
    ("://", _URL_PASSWORD),
    ("=", _QUERY_SECRET),
    ("bearer", _BEARER),
    ("x-meili", _BEARER),
    ("=", _ASSIGNMENT),
    (":", _ASSIGNMENT),
)
_DELIMITERS = re.compile(r"[\s@:/?#,;&=%'\"\\()\[\]]+")  # where a driver that reads a URL otherwise cuts it

# How a driver, a format or a shell writes a text.
_WRITINGS: tuple[Callable[[str], str], ...] = (
    lambda text: quote(text, safe="", errors="backslashreplace"),
    lambda text: quote(text, errors="backslashreplace"),
    lambda text: quote_plus(text, errors="backslashreplace"),
    lambda text: repr(text)[1:-1],
    lambda text: ascii(text)[1:-1],
    lambda text: repr(text)[1:-1].replace("'", "\\'").replace('"', '\\"'),
    lambda text: repr(text.encode("utf-8", "backslashreplace"))[2:-1],
    lambda text: json.dumps(text)[1:-1],
    lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
    lambda text: text.replace("'", "''"),
    lambda text: text.replace("\\", "\\\\").replace("'", "\\'"),
    lambda text: shlex.quote(text)[1:-1] if text.strip() != shlex.quote(text).strip() else text,
    escape,
    lambda text: escape(text, quote=False),
    escaped,
    lambda text: escaped(text, one_line=True),
)

# A text that must not show, in lower case → what is shown instead; and the pieces of such texts.
_known: dict[str, str] = {}
_pieces: dict[str, str] = {}


@final
class Secret:
    """A string that shows itself only when asked by name, and that :func:`redact` knows from then on.

    Examples
    --------
    >>> key = Secret("masterKey")
    >>> key, f"{key}", key.reveal()
    (Secret('********'), '********', 'masterKey')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str, *, known: bool = True) -> None:
        self._value = value
        if known:  # else it was registered by its position: it is an ordinary word too
            remember(value)

    def reveal(self) -> str:
        """The secret itself, for the one place that sends it."""
        return self._value

    def __str__(self) -> str:
        return MASK

    def __repr__(self) -> str:
        return f"Secret('{MASK}')"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __reduce__(self) -> tuple[type[Secret], tuple[str]]:
        # Worker processes of an executor need the key; nothing else pickles a configuration.
        return Secret, (self._value,)


def remember(value: str, *, instead: str = MASK) -> None:
    """Take a text out of everything that is redacted from now on, in every spelling.

    Parameters
    ----------
    value
        What must not show. Fewer than 4 characters are part of too many words, and are left alone.
    instead
        What is shown in its place.
    """
    _remember(_known, value, instead)


def remember_pieces(value: str) -> None:
    """Take out the parts of a secret that a driver quotes when it cuts a URL at another place than we do."""
    for piece in _DELIMITERS.split(value):
        if piece != value:
            _remember(_pieces, piece, MASK)


def _remember(known: dict[str, str], value: str, instead: str) -> None:
    for spelling in spellings(value):
        # The one that was used last is forgotten last.
        known.pop(spelling, None)
        known[spelling] = instead
    while len(known) > REMEMBERED * 8:
        known.pop(next(iter(known)), None)


@lru_cache(maxsize=256)
def spellings(value: str) -> tuple[str, ...]:
    """Every way in which a text may write a secret, in lower case; none for one that is too short to look for."""
    found = {value}
    for _ in range(2):  # JSON in a repr, a repr in HTML
        found |= {write(text) for text in found for write in _WRITINGS}
    found |= {base64.b64encode(value.encode("utf-8", "surrogatepass")).decode().rstrip("=")}
    return tuple(
        sorted({text.lower() for text in found if len(text) >= LEAST and text.strip("*")})
        if len(value) >= LEAST
        else ()
    )


def mask(text: str) -> str:
    """``text`` without the secrets that this process holds, by their value."""
    return _without(_pieces, _without(_known, text))


def _without(known: dict[str, str], text: str) -> str:
    lower = text.lower()
    found = sorted((needle for needle in tuple(known) if needle in lower), key=len, reverse=True)
    if not found:
        return text
    pattern = re.compile("|".join(map(_needle, found)), re.IGNORECASE)
    return pattern.sub(lambda match: known.get(match[0].lower(), MASK), text)


def _needle(known: str) -> str:
    # A password of digits is no part of a longer number.
    return rf"(?<!\d){known}(?!\d)" if known.isdecimal() else re.escape(known)


def redact(text: str, *secrets: Secret | None) -> str:
    """``text`` without the secrets of this process, passwords in URLs, bearer tokens and key assignments.

    Examples
    --------
    >>> redact("postgresql://shop:hunter2@db/shop refused; Authorization: Bearer abc")
    'postgresql://shop:********@db/shop refused; Authorization: Bearer ********'
    """
    for secret in secrets:
        if secret is not None and secret.reveal():
            text = text.replace(secret.reveal(), MASK)
    text = _without(_known, text)
    # Most texts are names and numbers of a table: they are only looked at.
    for mark, pattern in _PATTERNS:
        if mark in text.lower():
            text = pattern.sub(rf"\g<head>{MASK}", text)
    return _without(_pieces, text)  # last: a piece may be a part of "password" itself


def shown(text: str, *, one_line: bool = False) -> str:
    r"""A text as it may leave this process: without secrets, and without what a terminal acts on.

    Parameters
    ----------
    text
        Whatever data, a server or an exception says.
    one_line
        True: newlines and tabs are written as ``\n`` and ``\t`` too.

    Examples
    --------
    >>> print(shown("\x1b[31m password=hunter2"))
    \x1b[31m password=********
    """
    return escaped(redact(text), one_line=one_line)
