"""One SQLAlchemy engine a database URL."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from scrypath import database
from scrypath.config import Config
from scrypath.database import translated

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from scrypath.service_url import ServiceUrl

__all__ = ["engine", "translated"]


def engine(config: Config) -> Engine:
    """The engine for the configured database; a connection of it closes when it is given back.

    Raises
    ------
    ConfigError
        When no database is configured, or the URL names no usable driver.
    """
    return _engine(config.need_database_url(), config.connect_timeout)


@lru_cache(maxsize=8)
def _engine(url: ServiceUrl, connect_timeout: float) -> Engine:
    from sqlalchemy import event

    made = database.engine(Config(database_url=url), connect_timeout=max(1, round(connect_timeout)))
    if (made.dialect.name, made.dialect.driver) == ("postgresql", "psycopg"):
        from scrypath.source import loaders

        event.listen(made, "connect", lambda connection, _: loaders.register(connection))
        made.dialect.colspecs = {**made.dialect.colspecs, **loaders.exact_types()}
    return made
