"""Keeping secrets out of everything that is shown, logged or stored."""

from __future__ import annotations

import re
from typing import final

MASK = "********"

# Up to the last @ of the word: a password may hold an @ or a slash of its own. A port is not a password.
_URL_PASSWORD = re.compile(
    r"(?P<head>[a-z][a-z0-9+.\-]*://[^\s:/@]*):(?!\d{1,5}(?:[/?#\s'\",)]|$))[^\s'\"]+@", re.IGNORECASE
)
_QUERY_SECRET = re.compile(r"(?P<head>[?&](?:password|passwd|sslpassword|api_?key|token)=)[^\s&#]+", re.I)
_BEARER = re.compile(r"(?P<head>\b(?:Bearer|X-Meili-API-Key:?)\s+)[^\s'\",}]+", re.IGNORECASE)
_ASSIGNMENT = re.compile(
    r"(?P<head>(?:\b|_)(?:password|passwd|pgpassword|api_?key|master_?key|secret|token)"
    r"['\"]?\s*[=:]\s*['\"]?)(?!\*{8})[^\s'\",;&}]+",
    re.IGNORECASE,
)


@final
class Secret:
    """A string that shows itself only when asked by name.

    Examples
    --------
    >>> key = Secret("masterKey")
    >>> key, f"{key}", key.reveal()
    (Secret('********'), '********', 'masterKey')
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

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


def redact(text: str, *secrets: Secret | None) -> str:
    """``text`` without passwords in URLs, bearer tokens, key assignments and the given secrets.

    Examples
    --------
    >>> redact("postgresql://shop:hunter2@db/shop refused; Authorization: Bearer abc")
    'postgresql://shop:********@db/shop refused; Authorization: Bearer ********'
    """
    for secret in secrets:
        if secret is not None and secret.reveal():
            text = text.replace(secret.reveal(), MASK)
    text = _URL_PASSWORD.sub(rf"\g<head>:{MASK}@", text)
    for pattern in (_QUERY_SECRET, _BEARER, _ASSIGNMENT):
        text = pattern.sub(rf"\g<head>{MASK}", text)
    return text
