"""Every type with the values at its edges: columns and records make the same of each, and it is what the docs say."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from typing import Any

import orjson
import pyarrow as pa
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection
from sqlalchemy.dialects import postgresql

from scrypath.config import Config
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.columns import Unprojectable, projectable_records
from scrypath.schema.documents import project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import adbc, rows
from scrypath.source.engine import engine
from tests.support.schemas import build
from tests.support.value_matrix import TYPES, Types, Unknown

pytestmark = pytest.mark.integration

CITEXT = """
CREATE TYPE citext;
CREATE FUNCTION citextin(cstring) RETURNS citext AS 'textin' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION citextout(citext) RETURNS cstring AS 'textout' LANGUAGE internal IMMUTABLE STRICT;
CREATE FUNCTION citextrecv(internal) RETURNS citext AS 'textrecv' LANGUAGE internal STABLE STRICT;
CREATE FUNCTION citextsend(citext) RETURNS bytea AS 'textsend' LANGUAGE internal STABLE STRICT;
CREATE TYPE citext (
    INPUT = citextin, OUTPUT = citextout, RECEIVE = citextrecv, SEND = citextsend, INTERNALLENGTH = VARIABLE,
    STORAGE = extended, CATEGORY = 'S', COLLATABLE = true
);
"""

type Outcome = dict[str, str]
"""The id of a row -> its document as sent, or why it has none."""


def made(connection: Connection, name: str, stored: str, values: list[str]) -> None:
    connection.exec_driver_sql(f'CREATE TABLE "{name}" (id integer PRIMARY KEY, v {stored})')
    several = ", ".join(f"({number}, {value})" for number, value in enumerate(values))
    connection.exec_driver_sql(f'INSERT INTO "{name}" VALUES {several}'.replace("%", "%%"))


def schema_of(name: str, declared: Any, *, as_text: bool = False) -> SearchSchema:
    table = sa.Table(
        name, sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("v", declared)
    )
    return build(table, {"fields": ["id", "v"], "name": "Thing", "as_text": ["v"] if as_text else []})


def by_columns(ref: IndexRef, over: adbc.Connection) -> tuple[pa.Table, list[Unprojectable]]:
    with rows.stream_portions(ref, over=over) as portions:
        found = list(portions)
    wrong = [one for portion in found for one in portion.unprojectable]
    return pa.concat_tables([portion.table for portion in found]), wrong


def by_records(ref: IndexRef, over: Connection) -> tuple[pa.Table, list[Unprojectable]]:
    read = [dict(row._mapping) for row in over.execute(sa.select(ref.schema.table))]
    return projectable_records(ref.schema, read)


def values(table: pa.Table, misfits: list[Unprojectable]) -> Outcome:
    """What documents are made of."""
    return {str(row["id"]): repr(row) for row in table.to_pylist()} | dict(misfits)


def documents(schema: SearchSchema, table: pa.Table, misfits: list[Unprojectable]) -> Outcome:
    """The documents themselves."""
    made = project_columns(schema, table)
    return dict(zip(made.ids, made.lines, strict=True)) | dict(misfits)


@pytest.fixture
def database(config: Config) -> Iterator[Config]:
    with engine(config).begin() as connection:
        connection.exec_driver_sql("SET LOCAL check_function_bodies = off")
        connection.exec_driver_sql(CITEXT)
        connection.exec_driver_sql("CREATE TYPE shade AS ENUM ('LIGHT', 'DARK')")
        connection.exec_driver_sql("CREATE TYPE shade_of AS ENUM ('hell', 'dunkel')")
    return config


def expected(types: Types) -> dict[str, Any]:
    return {str(number): value for number, value in enumerate(types.values.values())}


def test_each_value_becomes_the_same_in_columns_and_in_records(database: Config) -> None:
    wrong = []
    with engine(database).begin() as connection:
        for number, types in enumerate(TYPES):
            made(connection, f"things_{number}", types.stored, list(types.values))
    with adbc.connected(database) as over, engine(database).connect() as connection:
        for number, types, declared in (
            (at, one, kind) for at, one in enumerate(TYPES) for kind in one.declared
        ):
            ref = IndexRef.live(schema_of(f"things_{number}", declared, as_text=types.as_text), database)
            ids = list(expected(types))
            columns = documents(ref.schema, *by_columns(ref, over))
            records = documents(ref.schema, *by_records(ref, connection))
            for place, (literal, value) in zip(ids, types.values.items(), strict=True):
                label = f"{types.name}: {literal[:40]}"
                if columns.get(place) != records.get(place):
                    wrong.append((label, columns.get(place), records.get(place)))
                elif (problem := not_as_expected(columns.get(place, ""), value)) is not None:
                    wrong.append((label, problem, value))
    assert not wrong, "\n".join(str(item)[:400] for item in wrong)


def not_as_expected(found: str, value: Any) -> str | None:
    if isinstance(value, Unknown):
        said = found.startswith("Thing: field 'v' holds ") and f", which {value.reason} (record" in found
        return None if said else found
    try:
        document = orjson.loads(found)
    except orjson.JSONDecodeError:
        return found
    document.pop(FINGERPRINT_FIELD)
    return None if repr(document["v"]) == repr(value) else repr(document)


# Read as another of the types is.
ALIKE = {
    "varchar", "varchar(9)", "char(32)", "char(3)[]", "shade_of", "numeric(12, 2)", "smallint", "integer", "cidr",
    "bit(3)", "real[]", "boolean[]", "date[]", "time[]", "timestamptz[]", "bytea[]", "inet[]", "jsonb[]", "integer[]",
}  # fmt: skip
DECLARED = {
    "small": sa.SmallInteger(), "integer": sa.BigInteger(), "float": sa.Float(), "real": sa.REAL(),
    "numeric": sa.Numeric(), "two digits": sa.Numeric(10, 2), "rounding": sa.Float(asdecimal=True),
    "plain number": sa.Numeric(asdecimal=False), "boolean": sa.Boolean(), "text": sa.Text(), "char": sa.CHAR(9),
    "enum": sa.Enum("LIGHT", "hell", "ab", name="other"), "uuid": sa.Uuid(), "uuid text": sa.Uuid(as_uuid=False),
    "date": sa.Date(), "moment": sa.DateTime(), "moment in a zone": sa.DateTime(timezone=True), "time": sa.Time(),
    "interval": sa.Interval(), "json": sa.JSON(), "integers": sa.ARRAY(sa.Integer()), "numbers": sa.ARRAY(sa.Float()),
    "decimals": sa.ARRAY(sa.Numeric()), "texts": sa.ARRAY(sa.Text()), "uuids": sa.ARRAY(sa.Uuid()),
    "table": sa.ARRAY(sa.Text(), dimensions=2), "inet": postgresql.INET(), "macaddr": postgresql.MACADDR(),
}  # fmt: skip


def test_a_declared_type_over_any_other_is_the_same_in_columns_and_in_records(database: Config) -> None:
    stored: dict[str, dict[str, Any]] = {}
    for types in TYPES:
        if types.stored in ALIKE:
            continue
        stored.setdefault(types.stored, {}).update(types.values)
    wrong = []
    tables = {name: f"stored_{number}" for number, name in enumerate(stored)}
    with engine(database).begin() as connection:
        for name, literals in stored.items():
            made(connection, tables[name], name, list(literals))
    with adbc.connected(database) as over, engine(database).connect() as connection:
        for name, (kind, declared) in product(stored, DECLARED.items()):
            ref = IndexRef.live(schema_of(tables[name], declared), database)
            ids = [str(number) for number in range(len(stored[name]))]
            columns, records = values(*by_columns(ref, over)), values(*by_records(ref, connection))
            assert set(columns) == set(ids)
            if columns != records:
                wrong.append(
                    (
                        kind,
                        name,
                        *(
                            (literal, columns[place], records.get(place))
                            for place, literal in zip(ids, stored[name], strict=True)
                            if columns[place] != records.get(place)
                        ),
                    )
                )
    assert not wrong, f"{len(wrong)}\n" + "\n".join(str(item)[:600] for item in wrong)
