"""One SQLAlchemy engine a database URL, and the one seam where database errors become ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from scrypath.config import Config
from scrypath.errors import ConfigError, DatabaseError
from scrypath.redaction import redact

if TYPE_CHECKING:
    from sqlalchemy import Engine


def engine(config: Config) -> Engine:
    """The engine for the configured database; a connection of it closes when it is given back.

    Raises
    ------
    ConfigError
        When no database is configured, or the URL names no usable driver.
    """
    return _engine(config.need_database_url(), config.connect_timeout)


def libpq_url(config: Config) -> str:
    """The URL as libpq takes it, for drivers other than SQLAlchemy's."""
    scheme, _, rest = config.need_database_url().partition("://")
    return f"{scheme.partition('+')[0]}://{rest}"


@contextmanager
def translated(config: Config) -> Iterator[None]:
    """Errors of the drivers as ``DatabaseError``, without the password."""
    from adbc_driver_manager import Error as AdbcError
    from pyarrow import ArrowException
    from sqlalchemy.exc import SQLAlchemyError

    try:
        yield
    except (SQLAlchemyError, AdbcError, ArrowException) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()
        raise DatabaseError(
            f"The database at {redact(config.database_url or '')} answered: "
            f"{redact(reason[0]) if reason else type(error).__name__}",
            hint="Check database_url, that the server runs, and that the table exists.",
        ) from None  # the driver's own error repeats the URL, password and all


@lru_cache(maxsize=8)
def _engine(url: str, connect_timeout: float) -> Engine:
    from sqlalchemy import NullPool, create_engine
    from sqlalchemy.exc import ArgumentError, NoSuchModuleError

    scheme, _, rest = url.partition("://")
    if scheme in ("postgresql", "postgres"):
        url = f"postgresql+psycopg://{rest}"
    options = (
        {"connect_timeout": max(1, round(connect_timeout))} if url.startswith("postgresql+psycopg") else {}
    )
    try:
        # No pool: nothing stays open behind an operator's back, in a notebook's kernel least of all.
        return create_engine(url, connect_args=options, poolclass=NullPool)
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise ConfigError(
            f"database_url {redact(url)!r} cannot be used: {redact(str(error))}",
            hint="Write it as postgresql://user@host/name.",
        ) from None
