"""Counting rows as of one moment, and reading over one connection."""

from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

from scrypath.config import Config
from scrypath.errors import DatabaseError
from scrypath.schema import registry
from scrypath.source import rows
from scrypath.source.adbc import connected
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from tests.shop import Product

pytestmark = pytest.mark.integration


def add(config: Config, *ids: int) -> None:
    with engine(config).begin() as connection:
        connection.execute(sa.insert(Product), [{"id": item, "name": f"Product {item}"} for item in ids])


def test_rows_are_counted_as_of_the_beginning_of_the_block(config: Config) -> None:
    schema = registry.find("Product")
    add(config, 1, 2)
    with rows.counting(schema, config) as counting:
        add(config, 3)
        assert counting.result() == 2
    with rows.counting(schema, config) as counting:
        assert counting.result() == 3


def test_a_count_that_fails_is_an_error_of_the_database_and_nobody_waits(config: Config) -> None:
    gone = replace(config, database_url=f"{config.database_url}&dbname=nowhere")
    with pytest.raises(DatabaseError, match="nowhere"), rows.counting(registry.find("Product"), gone):
        pytest.fail("nothing is to be counted")


def test_several_readings_share_a_connection_and_each_sees_its_own_moment(config: Config) -> None:
    schema = registry.find("Product")
    add(config, 1)
    with connected(config) as over:
        assert rows.table(schema, config, over=over).num_rows == 1
        add(config, 2)
        assert rows.table(schema, config, over=over).num_rows == 2
        assert rows.table(schema, config, Part(ids=["2", "3"]), over=over).column("id").to_pylist() == [2]
