"""Filling the catalogue's tables: cities column by column; no row becomes an object."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import polars as pl

from scrypath.config import Config
from scrypath.database import conninfo
from scrypath.local.catalogue import geonames
from scrypath.local.catalogue.models import Base, Country
from scrypath.source.engine import engine, translated

ROWS_A_STEP = 10_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What is in the tables after a load."""

    cities: int
    countries: int


def load(
    config: Config,
    *,
    minimum_population: int = 15_000,
    limit: int | None = None,
    copies: int = 1,
    progress: Callable[[int], object] | None = None,
) -> Loaded:
    """Replace the catalogue's rows, cities all or nothing; indexes are not touched.

    Parameters
    ----------
    config
        Names the database. Its tables ``cities`` and ``countries`` are made when they are missing.
    minimum_population
        Inhabitants: 15 000 gives 34 006 cities, 500 gives 234 908.
    limit
        Cities in all; the most populous are taken.
    copies
        How often each city is written, under ids of its own: 5 copies of 234 908 and ``limit=1_000_000``
        make a million.
    progress
        Called with the number of cities just written.

    Returns
    -------
    Loaded
        Rows in the tables.

    Raises
    ------
    InvalidOptions
        For a population without a data set, or a limit or number of copies below 1.
    DatabaseError
        When the database cannot be reached or refuses.
    """
    frame = geonames.cities(minimum_population)
    countries = geonames.countries()
    portions = geonames.copied(frame, copies=copies, limit=limit, step=ROWS_A_STEP)
    with translated(config):
        _replace_countries(config, countries)
        cities = _replace_cities(config, portions, progress or (lambda _: None))
    return Loaded(cities, len(countries))


def _replace_countries(config: Config, rows: list[dict[str, object]]) -> None:
    from sqlalchemy import delete, insert, text

    with engine(config).begin() as connection:
        # Two shells that load at once would both find no tables.
        connection.execute(text("SELECT pg_advisory_xact_lock(hashtextextended('scrypath.catalogue', 0))"))
        Base.metadata.create_all(connection)
        connection.execute(delete(Country))
        connection.execute(insert(Country), rows)


def _replace_cities(
    config: Config, portions: Iterable[pl.DataFrame], progress: Callable[[int], object]
) -> int:
    from adbc_driver_postgresql import dbapi

    written = 0
    with dbapi.connect(conninfo(config)) as connection, connection.cursor() as cursor:
        cursor.execute("TRUNCATE cities")
        for portion in portions:
            cursor.adbc_ingest("cities", portion.to_arrow(), mode="append")
            written += portion.height
            progress(portion.height)
        cursor.execute("ANALYZE cities")
        connection.commit()
    return written
