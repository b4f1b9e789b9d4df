"""Which database and which server something that is remembered is about, without secrets."""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import md5

from scrypath.config import Config
from scrypath.service_url import ServiceUrl

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
_PORTS = {"http": "80", "https": "443", "postgresql": "5432", "postgres": "5432"}


@dataclass(frozen=True, slots=True)
class Environment:
    """A database and a search server; None where none is configured.

    Parameters
    ----------
    database
        Host, port and name.
    server
        Host and port.
    """

    database: str | None
    server: str | None


def environment(config: Config) -> Environment:
    """What a configuration works with: the same for every spelling of a URL, and for every user and password.

    Examples
    --------
    >>> environment(Config(database_url="postgresql://shop:secret@DB/shop", meilisearch_url="http://127.0.0.1:7700/"))
    Environment(database='db:5432/shop', server='localhost:7700')
    """
    return Environment(_place(config.database_url), _place(config.meilisearch_url))


def same_service(one: str, other: str) -> bool:
    """Whether two URLs name one service, however they are spelled, and whoever connects.

    Examples
    --------
    >>> same_service("http://127.0.0.1:7700", "http://LocalHost:7700/")
    True
    >>> same_service("postgresql://postgres@/postgres?host=/run/a", "postgresql+psycopg:///postgres?host=%2Frun%2Fa")
    True
    """
    return _place(one) == _place(other)


def _place(given: str | None) -> str | None:
    if not given:
        return None
    url = ServiceUrl(given)
    kind = url.scheme.partition("+")[0]
    hosts = url.hosts
    if not any(name for name, _ in hosts) and isinstance(socket := url.options.get("host"), str):
        hosts = ((socket, str(url.options.get("port", ""))),)  # a socket of PostgreSQL
    shown = ",".join(f"{_host(name)}:{port or _PORTS.get(kind, '')}" for name, port in hosts)
    path = url.path.strip("/")
    if kind not in ("http", "https"):
        return f"{shown}/{path}"
    # What stands behind a proxy may have a path, and that may hold a token.
    return f"{shown}/{md5(path.encode(), usedforsecurity=False).hexdigest()[:8]}" if path else shown


def _host(name: str) -> str:
    plain = name.strip("[]").lower() if not name.startswith("/") else name
    return "localhost" if plain in _LOOPBACK else plain
