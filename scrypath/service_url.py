"""The URL of a service, read once: what may be shown of it is its text, what may not is a ``Secret``."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import final
from urllib.parse import quote

from scrypath.redaction import MASK, Secret, remember, remember_pieces

_SCHEME = re.compile(r"(?P<scheme>[a-z][a-z0-9+.\-]*)://(?P<rest>.*)", re.IGNORECASE | re.DOTALL)
_QUERY = re.compile(r"\?(?=[A-Za-z_][\w.\-]*=)")
_WITHOUT_USER = re.compile(
    r"(?:\[[^\]]*\]|[^:/?#\[\]]*)(?::\d*)?(?:,(?:\[[^\]]*\]|[^:/?#,]*)(?::\d*)?)*(?P<path>/.*)?"
)
_ESCAPES = re.compile(r"(?:%[0-9a-f]{2})+", re.IGNORECASE)
_PLAIN_HOST = re.compile(r"[\w.\-]*(?::\d{1,5})?")  # what may be shown of a text that is no URL
_SECRET_OPTION = re.compile(
    r"pass(?:wo?r?d)?$|pwd|secret|token|api_?key|master_?key|credential|signature|^key$", re.I
)
_POSTGRESQL = re.compile(r"postgres(?:ql)?(?:\+\w+)?", re.IGNORECASE)


@final
class ServiceUrl(str):
    """A URL that can be shown as it is: its text has a mask where a password is.

    A password may hold any character, written as it is or percent-encoded: it ends at the last ``@`` before the
    query. An escape that means nothing, or that means a NUL, is taken as it is written.

    Examples
    --------
    >>> url = ServiceUrl("postgresql://shop:it's/7)@x@db:5432/shop")
    >>> print(url, url.user, url.hosts, url.database)
    postgresql://shop:********@db:5432/shop shop (('db', '5432'),) shop
    >>> url.password.reveal()
    "it's/7)@x"
    >>> url == ServiceUrl("postgresql://shop:other@db:5432/shop")
    False
    """

    __slots__ = ("_raw", "hosts", "options", "password", "path", "problem", "scheme", "user")

    _raw: str
    scheme: str  # in lower case, with the driver that SQLAlchemy may name: postgresql+psycopg
    user: str | None
    password: Secret | None
    hosts: tuple[tuple[str, str], ...]  # name and port, as texts
    path: str  # with its leading slash; empty when there is none
    options: Mapping[str, str | Secret]
    problem: str  # why it cannot be used; empty when it can

    def __new__(cls, text: str) -> ServiceUrl:
        """Read a URL; one that is none says so in ``problem``."""
        if isinstance(text, ServiceUrl):
            return text
        match = _SCHEME.fullmatch(text)
        if match is None:
            return cls._refused(text, "is not a URL")
        if _unusable(text):
            return cls._refused(text, "holds characters that no URL can hold")
        userinfo, rest = _divided(match["rest"])
        user, separator, password = userinfo.partition(":")
        if not separator and userinfo and not _POSTGRESQL.fullmatch(match["scheme"]):
            user, password = "", userinfo  # a token for the proxy before a service
        place, mark, query = rest.partition("?")
        host, slash, path = place.partition("/")
        if host.count("[") != host.count("]"):
            return cls._refused(text, "is not a URL")
        options = _options(query)
        shown_user = f"{user}:{MASK}@" if password else f"{userinfo}@" if userinfo else ""
        shown_query = query
        if any(isinstance(value, Secret) for _, _, value in options):
            shown_query = "&".join(
                f"{name}={MASK if isinstance(value, Secret) else raw}" for name, raw, value in options
            )
        self = super().__new__(cls, f"{match['scheme']}://{shown_user}{place}{mark}{shown_query}")
        self._raw, self.problem = text, ""
        self.scheme = match["scheme"].lower()
        self.user = decoded(user) if user else None
        self.hosts = tuple(_host(part) for part in host.split(",")) if host else ()
        self.path = slash + path
        self.password = None
        if password:
            public = (self.scheme, user, host, path)
            self.password = _kept(password, public)
            # A password that is too short, or that is also the user's name, is known by its position.
            remember(text, instead=str(self))
            remember(f"{user}:{password}@", instead=shown_user)
        self.options = {name: value for name, _, value in options}
        return self

    @classmethod
    def _refused(cls, text: str, problem: str) -> ServiceUrl:
        self = super().__new__(cls, text if _PLAIN_HOST.fullmatch(text) else MASK)
        self._raw, self.problem = text, problem
        self.scheme, self.user, self.password, self.hosts, self.path, self.options = (
            "",
            None,
            None,
            (),
            "",
            {},
        )
        return self

    def reveal(self) -> str:
        """The URL as it was given, for the one place that hands it on."""
        return self._raw

    @property
    def database(self) -> str:
        """The path without its slash, decoded: what a database is called."""
        return decoded(self.path[1:])

    @property
    def is_postgresql(self) -> bool:
        """Whether libpq can connect to it."""
        return _POSTGRESQL.fullmatch(self.scheme) is not None

    @property
    def place(self) -> str:
        """Hosts and ports, encoded."""
        return ",".join(_written(*host) for host in self.hosts)

    @property
    def base(self) -> str:
        """Scheme, host, port and path, without a user, a password, a query or a fragment."""
        return f"{self.scheme}://{self.place}{self.path.partition('#')[0]}".rstrip("/")

    def __eq__(self, other: object) -> bool:
        return self._raw == (other._raw if isinstance(other, ServiceUrl) else other)

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __hash__(self) -> int:
        return hash(self._raw)

    def __reduce__(self) -> tuple[type[ServiceUrl], tuple[str]]:
        return ServiceUrl, (self._raw,)


def decoded(text: str) -> str:
    """A part of a URL without its percent-encoding.

    Examples
    --------
    >>> decoded("a%20b"), decoded("50%"), decoded("a%00b")
    ('a b', '50%', 'a%00b')
    """

    def read(match: re.Match[str]) -> str:
        try:
            found = bytes.fromhex(match[0].replace("%", "")).decode()
        except UnicodeDecodeError:
            return match[0]
        return match[0] if "\0" in found else found

    return _ESCAPES.sub(read, text)


def _unusable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return True
    return "\0" in text


def _divided(rest: str) -> tuple[str, str]:
    """What comes before the last ``@`` that belongs to no query, and what follows it."""
    place, query = _cut(rest, _QUERY)
    at = place.rfind("@")
    if at < 0 and query and "@" in query:
        plain = _WITHOUT_USER.fullmatch(place)
        # "host/name?option=a@b" has no user; in "user:a?b=c@host" the question mark is the password's.
        whole = plain and (plain["path"] or ":" not in place or _names_a_secret(query))
        at = -1 if whole else rest.rfind("@")
    if at < 0 or (":" not in rest[:at] and "/" in rest[:at]):
        return "", rest
    return rest[:at], rest[at + 1 :]


def _names_a_secret(query: str) -> bool:
    return any(_SECRET_OPTION.search(part.partition("=")[0]) for part in query.split("&"))


def _cut(text: str, at: re.Pattern[str]) -> tuple[str, str]:
    found = at.search(text)
    return (text[: found.start()], text[found.end() :]) if found else (text, "")


def _options(query: str) -> list[tuple[str, str, str | Secret]]:
    """Name, value as written, and value of each option of a query."""
    found: list[tuple[str, str]] = []
    for part in query.split("&") if query else ():
        name, equals, value = part.partition("=")
        if not equals and found and _SECRET_OPTION.search(found[-1][0]):
            found[-1] = (found[-1][0], f"{found[-1][1]}&{part}")  # an & of a password
        else:
            found.append((name, value))
    return [
        (name, raw, _kept(raw, ()) if raw and _SECRET_OPTION.search(name) else decoded(raw))
        for name, raw in found
    ]


def _kept(raw: str, public: tuple[str, ...]) -> Secret:
    """A password as it is meant; each way in which it was or may be written is remembered."""
    value = decoded(raw)
    if any(value.lower() in part.lower() for part in public):
        return Secret(value, known=False)
    remember(raw)
    remember_pieces(raw)
    return Secret(value)


def _host(text: str) -> tuple[str, str]:
    if text.startswith("["):
        name, _, port = text[1:].partition("]")
        return decoded(name), port.removeprefix(":")
    name, _, port = text.partition(":")
    return decoded(name), port


def _written(name: str, port: str) -> str:
    host = f"[{name}]" if ":" in name else quote(name, safe="")
    return f"{host}:{port}" if port else host
