"""The catalogue in a real database, and from there in documents."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from scrypath.config import Config
from scrypath.errors import DatabaseError, InvalidOptions
from scrypath.local import postgres
from scrypath.local.catalogue import City, Country, Loaded, load
from scrypath.local.catalogue.models import cities_of
from scrypath.schema import documents, registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.source.selection import Part

pytestmark = pytest.mark.integration


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    home = tmp_path_factory.mktemp("catalogue")
    process, url = postgres.start(home)
    made = Config(database_url=url, home=home)
    yield made
    engine(made).dispose()
    postgres.stop(process)
    postgres.forget(url)


def count(config: Config, statement: str) -> int:
    with psycopg.connect(config.database_url or "") as connection:
        row = connection.execute(statement.encode()).fetchone()
    return int(row[0]) if row else -1


def test_all_cities_and_countries_arrive(config: Config) -> None:
    seen: list[int] = []
    began = time.monotonic()
    assert load(config, progress=seen.append) == Loaded(cities=34_006, countries=252)
    assert time.monotonic() - began < 20
    assert sum(seen) == 34_006
    assert rows.count(IndexRef.live(registry.find(City), config)) == 34_006
    assert count(config, "SELECT count(*) FROM cities JOIN countries ON code = country_code") == 34_006


def test_a_second_load_replaces_the_first(config: Config) -> None:
    load(config, limit=30)
    assert load(config, limit=20) == Loaded(20, 252)
    assert count(config, "SELECT count(*) FROM cities") == 20
    assert count(config, "SELECT min(population) FROM cities") > 8_000_000


def test_copies_come_under_ids_of_their_own(config: Config) -> None:
    assert load(config, copies=2, limit=34_106).cities == 34_106
    assert count(config, "SELECT count(DISTINCT id) FROM cities") == 34_106
    load(config, limit=20)


def test_a_load_that_is_refused_leaves_what_was_there(config: Config) -> None:
    load(config, limit=20)
    with pytest.raises(InvalidOptions, match="copies is 0"):
        load(config, copies=0)
    assert count(config, "SELECT count(*) FROM cities") == 20


def test_a_database_that_is_not_there_is_named_without_its_password() -> None:
    away = Config(database_url="postgresql://shop:hidden@127.0.0.1:1/shop", connect_timeout=1.0)
    with pytest.raises(DatabaseError) as caught:
        load(away, limit=5)
    assert "hidden" not in str(caught.value)


def test_the_tables_are_as_most_are_no_trigger_keeps_updated_at(config: Config) -> None:
    load(config, limit=20)
    with psycopg.connect(config.database_url or "") as connection:
        triggers = connection.execute("SELECT tgname FROM pg_trigger WHERE NOT tgisinternal").fetchall()
        before = connection.execute("SELECT max(updated_at) FROM cities").fetchall()
        connection.execute("UPDATE cities SET population = 1")
        assert connection.execute("SELECT max(updated_at) FROM cities").fetchall() == before
    assert triggers == []
    with Session(engine(config)) as session, session.begin():
        city = session.scalars(select(City).limit(1)).one()
        city.population = 2
        then = city.updated_at
        session.flush()
        session.refresh(city)
        assert city.updated_at > then


def test_documents_of_columns_and_of_records_are_the_same(config: Config) -> None:
    load(config, limit=20)
    for model in (City, Country):
        schema = registry.find(model)
        columns = documents.project_columns(schema, rows.table(IndexRef.live(schema, config), Part(limit=20)))
        with rows.records(IndexRef.live(schema, config), columns.ids) as records:
            by_id = {str(getattr(record, schema.document_id)): record for record in records}
            again = documents.project_records(schema, [by_id[name] for name in columns.ids])
        assert columns == again


def test_a_hidden_city_is_not_a_row(config: Config) -> None:
    load(config, limit=20)
    with psycopg.connect(config.database_url or "") as connection:
        connection.execute("UPDATE cities SET hidden = true WHERE id = (SELECT min(id) FROM cities)")
    assert rows.count(IndexRef.live(registry.find(City), config)) == 19


def test_a_country_knows_its_cities(config: Config) -> None:
    load(config, limit=200)
    with Session(engine(config)) as session:
        ids = cities_of(session, ["JP"])
        names = {session.get_one(City, item).country_name for item in ids}
    assert len(ids) >= 2
    assert names == {"Japan"}


def test_a_home_can_be_used_again_after_the_server_was_killed(tmp_path: Path) -> None:
    process, url = postgres.start(tmp_path)
    process.stop(patience=0)
    again, same = postgres.start(tmp_path, url)
    try:
        assert same == url
        assert again != process
        assert postgres.start(tmp_path, url) == (again, url)
    finally:
        postgres.stop(again)
        postgres.forget(url)
