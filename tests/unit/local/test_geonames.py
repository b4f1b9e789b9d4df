from __future__ import annotations

import polars as pl
import pytest

from scrypath.errors import InvalidOptions
from scrypath.local.catalogue import City, Country, geonames
from scrypath.schema import registry


@pytest.fixture(scope="module")
def cities() -> pl.DataFrame:
    return geonames.cities(15_000)


def test_the_cities_are_all_there_the_biggest_first(cities: pl.DataFrame) -> None:
    assert cities.height == 34_006
    assert cities["id"].n_unique() == 34_006
    assert cities["population"].is_sorted(descending=True)
    assert cities.null_count().sum_horizontal().item() == 0


def test_names_come_in_many_scripts(cities: pl.DataFrame) -> None:
    names = cities.filter(pl.col("name") == "Tokyo")["alternate_names"].item().to_list()
    assert {"東京", "Токио", "Τόκιο"} <= set(names)


def test_every_city_carries_the_name_of_its_country(cities: pl.DataFrame) -> None:
    paris = cities.filter(name="Paris", country_code="FR").row(0, named=True)
    assert (paris["country_name"], paris["time_zone"]) == ("France", "Europe/Paris")


def test_columns_are_those_of_the_table(cities: pl.DataFrame) -> None:
    filled_by_the_database = {"hidden", "updated_at"}
    assert set(cities.columns) | filled_by_the_database == set(City.__table__.columns.keys())
    assert set(geonames.countries()[0]) | {"updated_at"} == set(Country.__table__.columns.keys())


def test_countries_lie_at_their_capitals() -> None:
    rows = {row["code"]: row for row in geonames.countries()}
    assert len(rows) == 252
    france = rows["FR"]
    assert (france["capital"], france["continent"], france["currency_code"]) == ("Paris", "Europe", "EUR")
    assert france["_geo"] == pytest.approx({"lat": 48.85341, "lng": 2.3488})
    assert "ES" in france["neighbours"]
    assert rows["AQ"]["_geo"] is None


def test_copies_have_ids_of_their_own_and_a_limit_counts_them_all(cities: pl.DataFrame) -> None:
    few = cities.head(10)
    portions = list(geonames.copied(few, copies=3, limit=25, step=4))
    whole = pl.concat(portions)
    assert [portion.height for portion in portions] == [4, 4, 2, 4, 4, 2, 4, 1]
    assert whole["id"].n_unique() == 25
    assert whole["name"].to_list()[10:20] == few["name"].to_list()
    assert (whole["id"][10] - whole["id"][0]) == geonames.COPY_STEP


def test_a_population_without_a_data_set_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"minimum_population is 7.*500, 1000, 5000, 15000"):
        geonames.cities(7)


@pytest.mark.parametrize(
    ("options", "message"), [({"copies": 0}, "copies is 0"), ({"limit": 0}, "limit is 0")]
)
def test_nothing_at_all_is_refused(cities: pl.DataFrame, options: dict[str, int], message: str) -> None:
    with pytest.raises(InvalidOptions, match=message):
        list(geonames.copied(cities, **({"copies": 1, "limit": None, "step": 5} | options)))


def test_the_schemas_stay_columns_and_can_be_named_by_import_string() -> None:
    for path in ("scrypath.local.catalogue:City", "scrypath.local.catalogue:Country"):
        assert registry.load(path).plain
    assert set(registry.find("Country").fan_outs) == {"cities"}
