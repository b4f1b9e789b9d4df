"""The configured SQL database as its drivers want it, and the one seam where their errors become ours."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from scrypath import reach
from scrypath.config import Config
from scrypath.errors import ConfigError, DatabaseError, ScrypathError, raise_alone
from scrypath.redaction import Secret, redact
from scrypath.service_url import ServiceUrl

if TYPE_CHECKING:
    from sqlalchemy import Engine

type Explain = Callable[[Exception, Config], ScrypathError]

_LAST_PORT = 65_535
# Where each driver keeps the root of its errors; one that is not loaded has raised none.
_ERRORS = (
    ("psycopg", "Error"),
    ("sqlalchemy.exc", "SQLAlchemyError"),
    ("adbc_driver_manager", "Error"),
    ("pyarrow", "ArrowException"),
)


def parameters(config: Config) -> dict[str, str]:
    """What libpq connects with, by keyword; the password among them, so hand it on at once and keep it nowhere.

    Raises
    ------
    ConfigError
        Without a database URL, or with one that is not PostgreSQL's.
    """
    url = _checked(config.need_database_url())
    if not url.is_postgresql:
        raise ConfigError(
            f"database_url is {str(url)!r}, and this needs PostgreSQL.",
            hint="Give a postgresql:// URL, or write in inline or manual mode.",
        )
    found = {
        "host": ",".join(name for name, _ in url.hosts),
        "port": ",".join(port for _, port in url.hosts).strip(","),
        "user": url.user or "",
        "password": url.password.reveal() if url.password else "",
        "dbname": url.database,
    }
    for name, value in url.options.items():
        found[name] = value.reveal() if isinstance(value, Secret) else value
    if found.get("ssl") == "true":  # as JDBC writes it; libpq reads it so too
        found["sslmode"] = found.pop("ssl")
    return {name: value for name, value in found.items() if value}


def conninfo(config: Config, **session: Any) -> str:
    """The same as a URL that every driver reads alike, whatever characters the password holds.

    Parameters
    ----------
    config
        Names the database.
    session
        Further parameters of libpq.

    Examples
    --------
    >>> conninfo(Config(database_url="postgresql+psycopg://shop:7)@x@db/shop"), connect_timeout=3)
    'postgresql://shop:7%29%40x@db/shop?connect_timeout=3'
    """
    url = _checked(config.need_database_url())
    known = parameters(config)  # refuses what is not PostgreSQL's
    password = f":{quote(known['password'], safe='')}" if url.password else ""
    user = f"{quote(url.user or '', safe='')}{password}@" if url.user or password else ""
    options = session | {name: known[name] for name in url.options if name in known}
    query = "&".join(f"{name}={quote(str(value), safe='/')}" for name, value in options.items())
    path = f"/{quote(url.database, safe='')}" if url.database else ""
    return f"postgresql://{user}{url.place}{path}{'?' + query if query else ''}"


def limits(config: Config) -> dict[str, Any]:
    """How long libpq waits: for a connection, and for a host that no longer answers at all."""
    # libpq takes integer seconds and treats 1 as 2.
    return {
        "connect_timeout": max(2, math.ceil(config.connect_timeout)),
        "tcp_user_timeout": max(1, round(config.request_timeout * 1_000)),
    }


def engine(config: Config, **session: Any) -> Engine:
    """A new SQLAlchemy engine whose connections close when they are given back.

    Parameters
    ----------
    config
        Names the database.
    session
        Further parameters of each connection, for PostgreSQL.

    Raises
    ------
    ConfigError
        When no database is configured, or the URL names no usable driver.
    """
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    url = _checked(config.need_database_url())
    try:
        # No pool: nothing stays open behind an operator's back, in a notebook's kernel least of all.
        if url.is_postgresql and url.scheme.partition("+")[2] in {"", "psycopg"}:
            # The engine's own URL stays empty: whatever shows it shows no password.
            return create_engine(
                "postgresql+psycopg://", connect_args=session | parameters(config), poolclass=NullPool
            )
        return create_engine(_sqlalchemy_url(url), poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        reason = redact(str(error))
    raise ConfigError(
        f"database_url {str(url)!r} cannot be used: {reason}", hint="Write it as postgresql://user@host/name."
    )


def explained(error: Exception, config: Config) -> DatabaseError:
    """The kit's error for one of a driver's."""
    reason = redact(str(getattr(error, "orig", None) or error)).strip().splitlines()
    return DatabaseError(
        f"The database at {config.database_url} answered: {reason[0] if reason else type(error).__name__}",
        hint="Check database_url, that the server runs, and that the table exists.",
    )


def translated(
    config: Config, explain: Explain = explained, *, also: tuple[type[Exception], ...] = ()
) -> AbstractContextManager[None]:
    """Errors of the drivers as the kit's own, for the block.

    The driver's error is not their cause: its text, and the variables of its frames, may hold the password.

    Parameters
    ----------
    config
        Names the database.
    explain
        Makes the kit's error of a driver's.
    also
        Further errors that are a driver's in this block.
    """
    return _Translated(config, explain, also)


@dataclass(frozen=True, slots=True)
class _Translated(AbstractContextManager[None]):
    config: Config
    explain: Explain
    also: tuple[type[Exception], ...]

    def __enter__(self) -> None:
        if self.config.database_url is not None:
            reach.refuse_if_unreachable(str(self.config.database_url))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, Exception) and isinstance(error, (*_errors(), *self.also)):
            ours = self.explain(error, self.config)
            if _not_connected(error):
                reach.found_unreachable(str(self.config.database_url), ours)
            # A traceback may show the variables of this frame, and contextlib's own would hold the error too.
            del error, kind, trace
            raise_alone(ours)


def _not_connected(error: BaseException) -> bool:
    """Whether there was no connection, so that asking again would wait for the same."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy's own wraps it
    if type(error).__module__.startswith("adbc_driver_manager"):
        return "connect" in str(error).lower() and getattr(error, "sqlstate", None) in {None, "00000"}
    operational = any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
    return operational and getattr(error, "sqlstate", None) is None


def _errors() -> tuple[type[Exception], ...]:
    return tuple(getattr(sys.modules[module], name) for module, name in _ERRORS if module in sys.modules)


def _checked(url: ServiceUrl) -> ServiceUrl:
    for name, port in url.hosts:
        if not _is_host(name):
            raise ConfigError(
                "The host in database_url has characters that no host has.",
                hint="Write it as postgresql://user@host:5432/name; an @ in a name has to be written %40.",
            )
        if port and not (port.isdecimal() and len(port) <= len(str(_LAST_PORT)) and int(port) <= _LAST_PORT):
            raise ConfigError(
                "The port in database_url is not a number up to 65535.",
                hint="Write it as postgresql://user@host:5432/name; an @ in a name has to be written %40.",
            )
    return url


def _is_host(name: str) -> bool:
    try:
        return name.startswith("/") or bool(name.encode("idna")) or not name
    except UnicodeError:  # an empty label, one that is too long, a control character
        return False


def _sqlalchemy_url(url: ServiceUrl) -> Any:
    from sqlalchemy import URL, make_url

    if url.password is None and url == str(url):
        return make_url(url.reveal())
    name, port = url.hosts[0] if url.hosts else ("", "")
    return URL.create(
        url.scheme,
        username=url.user,
        password=url.password.reveal() if url.password else None,
        host=name or None,
        port=int(port) if port else None,
        database=url.database or None,
        query={
            key: value.reveal() if isinstance(value, Secret) else value for key, value in url.options.items()
        },
    )
