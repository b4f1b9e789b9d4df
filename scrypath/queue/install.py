"""Making the oban tables, once, whoever asks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.errors import ConfigError
from scrypath.queue.connection import connect, prefix, statement

if TYPE_CHECKING:
    from scrypath.config import Config


def install(config: Config) -> None:
    """Make the oban tables and the index that finds pending jobs; keep what is there.

    Safe to call again, from two shells at once, and on tables that an Elixir deployment made.

    Parameters
    ----------
    config
        ``database_url`` and ``oban_prefix`` say where.

    Raises
    ------
    DatabaseError
        When PostgreSQL cannot be reached, or the role may not create tables.
    ConfigError
        When the ``oban`` extra is not installed.
    """
    try:
        from oban.schema import install_sql
    except ImportError as error:
        raise ConfigError(
            "The oban package is not installed.", hint="pip install 'scrypath[oban]'"
        ) from error

    schema = prefix(config)
    with connect(config) as connection:
        # Two installers would both see no table and both create it: the second one waits here.
        connection.execute("SELECT pg_advisory_xact_lock(hashtextextended('scrypath.install', 0))")
        connection.execute(statement("schema", config))
        # oban looks for its type in current_schema(), whatever the prefix says.
        connection.execute("SELECT set_config('search_path', %s, true)", [schema])
        connection.execute(install_sql(schema))
        connection.execute(statement("pending_index", config))


def installed(config: Config) -> bool:
    """Whether the database has the oban tables.

    Parameters
    ----------
    config
        ``database_url`` and ``oban_prefix`` say where.

    Raises
    ------
    DatabaseError
        When PostgreSQL cannot be reached.
    """
    with connect(config) as connection:
        found = connection.execute("SELECT to_regclass(%s)", [f"{prefix(config)}.oban_jobs"]).fetchone()
    return found is not None and found[0] is not None
