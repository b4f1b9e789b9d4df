"""Rows read as columns, rows read as records, and the records that were written: one fingerprint."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from scrypath.config import Config
from scrypath.errors import ProjectionError
from scrypath.schema.documents import Documents, project_columns, project_records
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from tests.support.schemas import build
from tests.support.shop import KINDS, Base, Colour, Everything, everything
from tests.unit.schema.test_definition import values

pytestmark = pytest.mark.integration
SCHEMA = everything()
NOTHING: dict[str, Any] = dict.fromkeys(KINDS)

TRICKY: dict[str, list[Any]] = {
    "whole": [0, -(2**63), 2**63 - 1],
    "small": [-32768],
    "ratio": [0.1, -0.0, 1e15, 1e16, 5e-324, 1.7976931348623157e308, 1 / 3],
    "short_ratio": [0.1, 0.33333334, 16777216.0, 1.0000001, 1e-38, 3.4e38],  # what a short float can hold
    "amount": [Decimal("0.0000000001"), Decimal("123456789012345.5"), Decimal("-0.10")],
    "flag": [True, False],
    "title": ["", " ", "Zürich", "e\u0301", "\u00e9", "東京", "🌍", "%s %(x)s :name", "a'b\"c\\d", "\x01\x7f\u2028"],
    "code": ["", "ab", "ab  ", " ab", "%"],
    "colour": list(Colour),
    "token": [UUID(int=0), UUID(int=2**128 - 1)],
    "at": [datetime(1, 1, 1), datetime(2024, 2, 29, 23, 59, 59, 999999), datetime(9999, 12, 31)],
    "at_zone": [
        datetime(2024, 3, 31, 2, 30, tzinfo=timezone(timedelta(hours=2))),
        datetime(1969, 12, 31, 23, 59, 59, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
    ],
    "day": [date(1, 1, 1), date(2024, 2, 29), date(9999, 12, 31)],
    "words": [[], [""], ["b", None, "a"], ["{", "}", ",", '"', "NULL", "\\"]],
    "numbers": [[], [None], [2**31 - 1, -1]],
    "ratios": [[], [0.1, None, -0.0, 1e300]],
    "tokens": [[], [UUID(int=5), None]],
    "tags": [[], ["b", "a", None, "b"], ["é", "e", "Z", "z"]],
    "anything": [
        False, 0, "", [], {}, 1.0, 0.1, 1e17, 2.0**60, 1e22, 1e300, 5e-324, 2**64, 10**30, -(2**63),
        {"b": 1, "a": {"d": None, "c": [1, 1.5]}}, "null", [None], {"": "é\u2028"},
    ],
    "bag": [[], [2, 1, 2.0, "a", None, {"z": 1, "y": 2}], {"not": "a list"}],
}  # fmt: skip
TRICKY["binary_anything"] = TRICKY["anything"]


def written(config: Config, records: list[dict[str, Any]]) -> list[Everything]:
    with Session(engine(config)) as session:
        session.execute(sa.delete(Everything))
        made = [Everything(**record) for record in records]
        session.add_all(made)
        session.flush()
        session.expunge_all()  # as the caller holds them, before the database has said anything
        session.commit()
    return made


def by_id(documents: Documents) -> dict[str, tuple[str, str]]:
    found = zip(documents.lines, documents.fingerprints, strict=True)
    return dict(zip(documents.ids, found, strict=True))


def assert_agreement(config: Config, records: list[dict[str, Any]]) -> None:
    given = by_id(project_records(SCHEMA, written(config, records)))
    ids = list(given)
    as_columns = by_id(project_columns(SCHEMA, rows.table(IndexRef.live(SCHEMA, config))))
    with rows.records(IndexRef.live(SCHEMA, config), ids) as read:
        as_records = by_id(project_records(SCHEMA, read))
    some = by_id(project_columns(SCHEMA, rows.table(IndexRef.live(SCHEMA, config), Part(ids=ids))))
    assert as_columns == some
    assert as_columns == as_records
    assert {key: value[1] for key, value in as_columns.items()} == {
        key: value[1] for key, value in given.items()
    }


@pytest.fixture(params=["UTC", "America/St_Johns"])
def zoned(request: pytest.FixtureRequest, config: Config) -> Iterator[Config]:
    """The database in a time zone of its own: what the kit reads must not depend on it."""
    with engine(config).connect() as connection:
        name = connection.execute(sa.text("SELECT current_database()")).scalar_one()
        connection.execute(sa.text(f"ALTER DATABASE \"{name}\" SET timezone TO '{request.param}'"))
        connection.commit()
    engine(config).dispose()
    return config


def test_every_kind_and_every_tricky_value(zoned: Config) -> None:
    records = [
        NOTHING | {"id": number, name: value}
        for number, (name, value) in enumerate(
            itertools.chain.from_iterable(
                ((name, value) for value in found) for name, found in TRICKY.items()
            )
        )
    ]
    assert_agreement(zoned, [NOTHING | {"id": 10_000}, *records])


@settings(
    max_examples=12,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(st.lists(values, min_size=1, max_size=8, unique_by=lambda record: record["id"]))
def test_whatever_was_written(config: Config, records: list[dict[str, Any]]) -> None:
    assert_agreement(config, records)


@pytest.mark.parametrize(
    ("kind", "ids", "stranger"),
    [
        (sa.Integer(), ["1", "-7"], "99999999999999999999"),
        (sa.BigInteger(), [str(2**63 - 1), "0"], "no number"),
        (sa.Text(), ["null", "", 'a"b', "c\\d", "{e,f}", "it's", "%s :g"], "h"),
        (sa.String(9), ["null", 'a"b'], "longer than nine"),
        (sa.CHAR(4), ["ab", "abcd"], "abcde"),
        (sa.Uuid(), [str(UUID(int=1)), str(UUID(int=2**128 - 1))], "no uuid"),
        (sa.Enum("NULL", 'q"r', name="letters"), ["NULL", 'q"r'], "missing"),
    ],
    ids=lambda value: str(value)[:12],
)
def test_rows_are_found_by_their_ids_whatever_these_are_made_of(
    config: Config, kind: Any, ids: list[str], stranger: str
) -> None:
    metadata = sa.MetaData()
    things = sa.Table("things", metadata, sa.Column("key", kind, primary_key=True))
    schema = build(things, {"fields": ["key"], "name": "Thing", "document_id": "key"})
    values = [UUID(text) if isinstance(kind, sa.Uuid) else text for text in ids]
    with engine(config).begin() as connection:
        metadata.drop_all(connection)
        metadata.create_all(connection)
        connection.execute(things.insert(), [{"key": value} for value in values])
    found = rows.table(IndexRef.live(schema, config), Part(ids=[*ids, stranger])).column("key").to_pylist()
    assert sorted(map(str, found)) == sorted(ids)
    assert rows.table(IndexRef.live(schema, config), Part(ids=[stranger])).num_rows == 0
    assert rows.table(IndexRef.live(schema, config), Part(ids=[])).num_rows == 0
    with engine(config).begin() as connection:
        metadata.drop_all(connection)


@pytest.mark.parametrize("stored", ["real", "double precision", "numeric(6, 3)", "integer"])
def test_a_float_is_read_as_it_is_stored_whatever_the_model_says_of_its_length(
    config: Config, stored: str
) -> None:
    measures = sa.Table(
        "measures",
        sa.MetaData(),
        sa.Column("id", sa.BigInteger, primary_key=True),
        sa.Column("length", sa.Float),
    )
    schema = build(measures, {"fields": ["id", "length"], "name": "Measure"})
    with engine(config).begin() as connection:
        connection.execute(sa.text("DROP TABLE IF EXISTS measures"))
        connection.execute(sa.text(f"CREATE TABLE measures (id bigint, length {stored})"))
        connection.execute(measures.insert(), [{"id": 1, "length": 7.1}, {"id": 2, "length": None}])
    read = rows.table(IndexRef.live(schema, config))
    assert read.column("length").to_pylist() == [7 if stored == "integer" else 7.1, None]
    with rows.records(IndexRef.live(schema, config), ["1", "2"]) as records:
        assert by_id(project_columns(schema, read)) == by_id(project_records(schema, records))
    with engine(config).begin() as connection:
        measures.drop(connection)


def test_an_absent_json_is_absent_in_both_of_its_ways(config: Config) -> None:
    said, unsaid = sa.JSON.NULL, sa.null()
    written(config, [{"id": 1, "anything": said}, {"id": 2, "anything": unsaid}])
    documents = by_id(project_columns(SCHEMA, rows.table(IndexRef.live(SCHEMA, config))))
    with rows.records(IndexRef.live(SCHEMA, config), ["1", "2"]) as records:
        assert documents == by_id(project_records(SCHEMA, records))
    assert '"anything":null' in documents["1"][0]
    assert '"anything":null' in documents["2"][0]


def test_json_that_cannot_be_sent_is_named_by_both(config: Config) -> None:
    written(config, [{"id": 5, "anything": 10**400}])
    with pytest.raises(ProjectionError, match="Everything: field 'anything'"):
        rows.table(IndexRef.live(SCHEMA, config))
    with (
        rows.records(IndexRef.live(SCHEMA, config), ["5"]) as records,
        pytest.raises(ProjectionError, match="Everything: field 'anything'"),
    ):
        project_records(SCHEMA, records)


def test_another_database_says_the_same(config: Config, tmp_path: Path) -> None:
    names = ["id", "whole", "ratio", "amount", "flag", "title", "colour", "token", "at", "day", "anything"]
    schema = build(Everything, {"fields": names})
    record = {name: TRICKY[name][1 % len(TRICKY[name])] for name in names[1:]} | {
        "id": 1,
        "amount": Decimal("12.50"),
        "anything": {"b": [1.0, 0.5], "a": "é"},
    }
    lite = Config(database_url=f"sqlite:///{tmp_path / 'rows.sqlite'}")
    table = Base.metadata.tables["everything"]
    arrays = {column.name for column in table.columns if isinstance(column.type, sa.ARRAY)}
    small = sa.Table(
        "everything",
        sa.MetaData(),
        *(
            sa.Column(column.name, column.type, primary_key=column.primary_key)
            for column in table.columns
            if column.name in names and column.name not in arrays
        ),
    )
    small.metadata.create_all(engine(lite))
    with engine(lite).begin() as connection:
        connection.execute(small.insert(), record)
    engine(lite).dispose()
    written(config, [record])
    over_sqlite = build(small, {"fields": names, "name": "Everything"})
    here = project_columns(schema, rows.table(IndexRef.live(schema, config)))
    there = project_columns(over_sqlite, rows.table(IndexRef.live(over_sqlite, lite)))
    assert (here.ids, here.fingerprints) == (there.ids, there.fingerprints)
    engine(lite).dispose()
