"""Types, properties and projections of the user's own that fail at a row: it is named, and no row beside it is lost."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from scrypath.config import Config
from scrypath.errors import ProjectionError
from scrypath.schema import SearchSchema
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from tests.support.schemas import build

pytestmark = pytest.mark.integration


class Boom(Exception):
    pass


class Strict(sa.types.TypeDecorator[str]):
    """Reads nothing that begins with ``bad``."""

    impl = sa.Text
    cache_ok = True

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        if value is not None and value.startswith("bad"):
            raise Boom(f"no such label: {value}")
        return value


class Upper(sa.types.TypeDecorator[str]):
    """Read and written through an expression of the database, and strict beside it."""

    impl = sa.Text
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        return sa.func.upper(column, type_=self)

    def process_result_value(self, value: Any, dialect: Any) -> Any:
        if value == "BAD":
            raise Boom("no such label: bad")
        return value


class Base(DeclarativeBase):
    pass


class Maker(Base):
    __tablename__ = "makers"
    id: Mapped[int] = mapped_column(primary_key=True)
    label: Mapped[str] = mapped_column(Strict)


class Thing(Base):
    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(Strict)
    label: Mapped[str] = mapped_column(Strict)
    shout: Mapped[str] = mapped_column(Upper)
    maker_id: Mapped[int] = mapped_column(sa.ForeignKey("makers.id"))
    maker: Mapped[Maker] = relationship(lazy="joined")

    @property
    def half(self) -> str:
        if self.id == 2:
            raise Boom("no half")
        return self.label[:1]


class Told(Base):
    __tablename__ = "told"
    id: Mapped[int] = mapped_column(primary_key=True)

    def search_document(self) -> Any:
        return [self.id] if self.id == 2 else {"id": self.id}


@pytest.fixture(params=["postgresql", "sqlite"])
def database(request: pytest.FixtureRequest, config: Config, tmp_path: Path) -> Config:
    sqlite = Config(database_url=f"sqlite:///{tmp_path / 'rows.sqlite'}")
    used = config if request.param == "postgresql" else sqlite
    with engine(used).begin() as connection:
        Base.metadata.create_all(connection)
        connection.execute(sa.insert(Maker), [{"id": 1, "label": "maker"}, {"id": 2, "label": "bad maker"}])
        sound = {"code": "c", "label": "good", "shout": "hey", "maker_id": 1}
        connection.execute(sa.insert(Thing), [sound | {"id": at, "code": f"c{at}"} for at in range(1, 6)])
        connection.execute(sa.insert(Told), [{"id": at} for at in (1, 2, 3)])
    return used


def changed(database: Config, **values: Any) -> None:
    with engine(database).begin() as connection:
        connection.execute(sa.update(Thing).where(Thing.id == 2).values(**values))


def read(ref: IndexRef) -> tuple[list[Any], list[tuple[str, str]]]:
    with rows.stream_portions(ref) as portions:
        found = list(portions)
    ids = [value for portion in found for value in portion.table.column(ref.schema.document_id).to_pylist()]
    return ids, [one for portion in found for one in portion.unprojectable]


def only_the_second_is_refused(schema: SearchSchema, database: Config, said: str) -> None:
    ref = IndexRef.live(schema, database)
    assert read(ref) == ([1, 3, 4, 5], [("2", said)])
    with pytest.raises(ProjectionError) as refused, rows.stream(ref) as tables:
        list(tables)
    assert refused.value.message == said
    assert refused.value.hint
    assert rows.table(ref, Part(ids=["1", "3"])).num_rows == 2


@pytest.mark.parametrize("target", [Thing, Thing.__table__], ids=["model", "table"])
@pytest.mark.parametrize(("name", "value"), [("label", "bad"), ("shout", "bad")])
def test_a_type_that_fails_names_field_and_record(
    database: Config, target: Any, name: str, value: str
) -> None:
    changed(database, **{name: value})
    schema = build(target, {"fields": ["id", "label", "shout"], "name": "Thing"})
    said = f"Thing: field {name!r} of record 2 cannot be read: Boom: no such label: bad"
    only_the_second_is_refused(schema, database, said)


def test_an_expression_of_a_type_is_kept(database: Config) -> None:
    for target in (Thing, Thing.__table__):
        schema = build(target, {"fields": ["id", "shout"], "name": "Thing"})
        assert set(rows.table(IndexRef.live(schema, database)).column("shout").to_pylist()) == {'"HEY"'}


def test_records_by_id_name_field_and_record(database: Config) -> None:
    changed(database, label="bad")
    ref = IndexRef.live(build(Thing, {"fields": ["id", "label"], "name": "Thing"}), database)
    said = r"Thing: field 'label' of record 2 cannot be read: Boom: no such label: bad"
    with pytest.raises(ProjectionError, match=said), rows.records(ref, ["1", "2", "3"]):
        pass
    with rows.records(ref, ["1", "3"]) as found:
        assert sorted(record.id for record in found) == [1, 3]


def test_what_is_loaded_beside_a_record_is_named_by_the_record(database: Config) -> None:
    changed(database, maker_id=2)
    schema = build(Thing, {"fields": ["id", "label"], "name": "Thing"})
    only_the_second_is_refused(
        schema, database, "Thing: record '2' cannot be read: Boom: no such label: bad maker"
    )


def test_a_property_that_fails_names_field_and_record(database: Config) -> None:
    schema = build(Thing, {"fields": ["id", "half"], "name": "Thing"})
    only_the_second_is_refused(
        schema, database, "Thing: field 'half' of record 2 cannot be read: Boom: no half"
    )


@pytest.mark.parametrize("target", [Thing, Thing.__table__], ids=["model", "table"])
def test_an_id_that_its_type_cannot_read_is_a_row_without_a_name(database: Config, target: Any) -> None:
    changed(database, code="bad")
    schema = build(target, {"fields": ["code"], "name": "Thing", "document_id": "code"})
    found, wrong = read(IndexRef.live(schema, database))
    assert sorted(found) == ["c1", "c3", "c4", "c5"]
    [(shown, said)] = wrong
    assert shown == ""
    assert said.startswith("Thing: field 'code' of ")
    assert said.endswith(" cannot be read: Boom: no such label: bad")
    with pytest.raises(ProjectionError, match="field 'code' of a row cannot be read: Boom"):
        rows.random_ids(IndexRef.live(schema, database), 5)


def test_a_projection_that_returns_no_fields_names_the_record(database: Config) -> None:
    found, wrong = read(IndexRef.live(build(Told, {"fields": ["id"], "name": "Told"}), database))
    assert found == [1, 3]
    assert wrong == [
        ("2", "Told.search_document returned [2] of record '2', which is no mapping of fields to values.")
    ]


def test_json_numbers_longer_than_python_reads_are_refused_by_name(database: Config) -> None:
    digits = "9" * 5_000
    metadata = sa.MetaData()
    table = sa.Table(
        "papers", metadata, sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", sa.JSON)
    )
    with engine(database).begin() as connection:
        metadata.create_all(connection)
        connection.exec_driver_sql(f"INSERT INTO papers VALUES (1, '[1]'), (2, '{{\"a\": [{digits}]}}')")
    found, wrong = read(IndexRef.live(build(table, {"fields": ["id", "v"], "name": "Paper"}), database))
    assert found == [1]
    [(shown, said)] = wrong
    assert shown == "2"
    assert said.startswith("Paper: field 'v' holds {'a': [")
    assert said.endswith(", which has more digits than a JSON number holds (record '2').")
