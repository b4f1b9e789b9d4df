"""Connections of the queue to PostgreSQL: statements, errors."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cache
from importlib.resources import files
from string import Template
from typing import TYPE_CHECKING, Any

from scrypath import database
from scrypath.database import conninfo
from scrypath.errors import ConfigError, DatabaseError, QueueNotInstalled
from scrypath.redaction import redact

if TYPE_CHECKING:
    import psycopg

    from scrypath.config import Config

_PREFIX = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def session_options(config: Config) -> dict[str, Any]:
    """Connection parameters that every connection of the queue is opened with."""
    return database.limits(config) | {
        "application_name": "scrypath",
        "options": "-c TimeZone=UTC",
    }


def prefix(config: Config) -> str:
    """The PostgreSQL schema of the oban tables, checked, because it becomes part of statements.

    Raises
    ------
    ConfigError
        When it is not a plain lower-case identifier.
    """
    if not _PREFIX.fullmatch(config.oban_prefix):
        raise ConfigError(
            f"oban_prefix is {config.oban_prefix!r}.",
            hint="Give the name of a PostgreSQL schema: lower-case letters, digits and underscores.",
        )
    return config.oban_prefix


def statement(name: str, config: Config) -> str:
    """One file of ``scrypath/queue/sql`` with the configured prefix filled in."""
    return _statement(name, prefix(config))


@cache
def _statement(name: str, schema: str) -> str:
    text = files("scrypath.queue").joinpath("sql", f"{name}.sql").read_text("utf-8")
    return Template(text).substitute(prefix=schema)


@contextmanager
def connect(config: Config) -> Iterator[psycopg.Connection]:
    """A connection of its own, in one transaction that commits when the block ends well.

    Raises
    ------
    QueueNotInstalled
        When a statement misses the oban tables.
    DatabaseError
        When PostgreSQL cannot be reached or refuses a statement; passwords are masked.
    """
    import psycopg

    with translated(config), psycopg.connect(conninfo(config), **session_options(config)) as connection:
        yield connection


def translated(config: Config) -> AbstractContextManager[None]:
    """Turn what psycopg and its pool raise into the kit's errors."""
    return database.translated(config, explained)


def explained(error: Exception, config: Config) -> DatabaseError:
    """The kit's error for one of a PostgreSQL driver's."""
    error = getattr(error, "orig", None) or error  # SQLAlchemy's own wraps it
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)  # psycopg 3, psycopg2
    message = redact(str(error).strip())
    # 42P01: no such table; 3F000: no such schema; 42704: no such type.
    if state in {"42P01", "3F000", "42704"} and ("oban_" in message or state == "3F000"):
        return not_installed(config)
    if state is None or state.startswith("08"):
        return unreachable(message)
    return DatabaseError(
        f"PostgreSQL refused a statement of the queue ({state}): {message}",
        hint="Check the rights of the configured role on the oban tables, and the server's log.",
    )


def unreachable(message: str) -> DatabaseError:
    """The error for a database that does not answer or refuses the credentials."""
    return DatabaseError(
        f"The queue's database cannot be used: {redact(message)}",
        hint="Check SCRYPATH_DATABASE_URL and that PostgreSQL is running.",
    )


def not_installed(config: Config) -> QueueNotInstalled:
    """The error for a database without oban tables."""
    return QueueNotInstalled(
        f"The database has no oban tables in the schema {config.oban_prefix!r}.",
        hint="Make them once with scrypath.queue.install.install(config), or set SCRYPATH_OBAN_PREFIX "
        "to the schema that holds them.",
    )
