"""Rows as of one moment, and several readings over one connection."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from scrypath.config import Config
from scrypath.errors import DatabaseError
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.adbc import connected
from scrypath.source.changed_rows import by_moment
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from tests.support.schemas import build
from tests.support.shop import Product

pytestmark = pytest.mark.integration


class Own(DeclarativeBase):
    """Tables of these tests alone."""


class Note(Own):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    changed_at: Mapped[datetime | None] = mapped_column(sa.DateTime(timezone=True))


def test_what_changed_and_how_many_there_are_is_of_one_moment(config: Config) -> None:
    schema = build(Note, {"fields": ["id"], "name": "Note", "updated_at": "changed_at"})
    with engine(config).begin() as connection:
        Note.metadata.create_all(connection)
    yesterday = datetime.now(UTC) - timedelta(days=1)

    def add(*ids: int, at: datetime | None = None) -> None:
        with engine(config).begin() as connection:
            connection.execute(sa.insert(Note), [{"id": item, "changed_at": at} for item in ids])

    add(1, at=yesterday)
    add(2, at=datetime.now(UTC))
    add(3)  # nobody knows when it changed
    hour = datetime.now(UTC) - timedelta(hours=1)
    with by_moment(IndexRef.live(schema, config), hour, 10) as changes:
        add(4, at=datetime.now(UTC))
        assert sorted(changes.ids) == ["2", "3"]
        assert (changes.outside([]), changes.outside(["2", "4"])) == (3, 2)
    with by_moment(IndexRef.live(schema, config), hour, 2) as changes:
        assert len(changes.ids) == 2
        assert changes.outside([]) == 4


def test_a_database_that_is_away_is_an_error_of_its_own(config: Config) -> None:
    schema = build(Note, {"fields": ["id"], "name": "Note", "updated_at": "changed_at"})
    gone = replace(config, database_url=f"{config.database_url}&dbname=nowhere")
    with (
        pytest.raises(DatabaseError, match="nowhere"),
        by_moment(IndexRef.live(schema, gone), datetime.now(UTC), 1),
    ):
        pytest.fail("there is nothing to be seen")


def stock(config: Config, item: int) -> None:
    with engine(config).begin() as connection:
        connection.execute(sa.insert(Product), [{"id": item, "name": f"Product {item}"}])


def test_several_readings_share_a_connection_and_each_sees_its_own_moment(config: Config) -> None:
    schema = registry.find("Product")
    stock(config, 1)
    with connected(config) as over:
        assert rows.table(IndexRef.live(schema, config), over=over).num_rows == 1
        stock(config, 2)
        assert rows.table(IndexRef.live(schema, config), over=over).num_rows == 2
        assert rows.table(IndexRef.live(schema, config), Part(ids=["2", "3"]), over=over).column(
            "id"
        ).to_pylist() == [2]


def test_a_type_is_named_as_it_is_when_it_was_made_after_an_earlier_connection(config: Config) -> None:
    question = "SELECT 1, NULL::mood, NULL::mood[]"
    for made in ("TYPE mood AS ENUM ('fine')", "TYPE mood AS (good integer)", "DOMAIN mood AS text"):
        with connected(config) as over:
            assert over.types("SELECT 1") == ["int4"]
        with engine(config).begin() as connection:
            connection.execute(sa.text(f"CREATE {made}"))
        with connected(config) as over:
            assert over.types(question)[1:] == (
                ["text", "_mood"] if made.startswith("DOMAIN") else ["mood", "_mood"]
            )
        with engine(config).begin() as connection:
            connection.execute(sa.text(f"DROP {made.split()[0]} mood"))
