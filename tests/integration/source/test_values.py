"""Every type with the values at its edges: columns and records make the same of each, and it is what the docs say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from scrypath.config import Config
from scrypath.schema import FINGERPRINT_FIELD, SearchSchema
from scrypath.schema.columns import sound_records
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


def by_columns(ref: IndexRef, over: adbc.Connection) -> Outcome:
    found: Outcome = {}
    with rows.stream_portions(ref, over=over) as portions:
        for portion in portions:
            documents = project_columns(ref.schema, portion.table)
            found |= dict(zip(documents.ids, documents.lines, strict=True)) | dict(portion.unprojectable)
    return found


def by_records(ref: IndexRef, ids: list[str]) -> Outcome:
    with rows.records(ref, ids) as records:
        table, unprojectable = sound_records(ref.schema, records)
    documents = project_columns(ref.schema, table)
    return dict(zip(documents.ids, documents.lines, strict=True)) | dict(unprojectable)


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
    with adbc.connected(database) as over:
        for number, types, declared in (
            (at, one, kind) for at, one in enumerate(TYPES) for kind in one.declared
        ):
            ref = IndexRef.live(schema_of(f"things_{number}", declared, as_text=types.as_text), database)
            ids = list(expected(types))
            columns, records = by_columns(ref, over), by_records(ref, ids)
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
