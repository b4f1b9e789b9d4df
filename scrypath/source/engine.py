"""One SQLAlchemy engine a database URL."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext, suppress
from functools import lru_cache, partial
from typing import TYPE_CHECKING

from scrypath import database, reach
from scrypath.config import Config
from scrypath.database import translated
from scrypath.errors import ScrypathError
from scrypath.source.json_text import parsed

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
    return _engine(config.need_database_url(), config.connect_timeout, config.request_timeout)


def probed(config: Config) -> AbstractContextManager[None]:
    """Find out beside the block whether the database answers, so that a call does not wait for it after another."""
    if config.database_url is None:
        return nullcontext()
    return reach.probed(str(config.database_url), partial(_probe, config))


def _probe(config: Config) -> None:
    with suppress(ScrypathError), translated(config), engine(config).connect():
        pass  # whoever needs the database says what is wrong with it


@lru_cache(maxsize=8)
def _engine(url: ServiceUrl, connect_timeout: float, request_timeout: float) -> Engine:
    from sqlalchemy import event

    config = Config(database_url=url, connect_timeout=connect_timeout, request_timeout=request_timeout)
    made = database.engine(config, **database.limits(config))
    if (made.dialect.name, made.dialect.driver) == ("postgresql", "psycopg"):
        from scrypath.source import loaders

        event.listen(made, "connect", lambda connection, _: loaders.register(connection))
        made.dialect.colspecs = {**made.dialect.colspecs, **loaders.exact_types()}
    else:
        made.dialect._json_deserializer = parsed
    return made
