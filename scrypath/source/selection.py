"""The SELECT that defines what a schema's rows are, every value in the type of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrypath.schema import SearchSchema
from scrypath.schema.fields import Kind, columns_of
from scrypath.schema.identity import id_values
from scrypath.source.driver_values import read_as_it_is

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Select

ZONES = timedelta(hours=12)  # how far behind UTC a moment without a time zone can be


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a schema's rows: all of them where nothing is given."""

    ids: Sequence[str] | None = None  # document ids
    after: Any = None  # exclusive lower bound of the id column
    upto: Any = None  # inclusive upper bound of the id column; rows without an id are below every bound
    limit: int | None = None  # rows, in the order of the id column


def columns(schema: SearchSchema, part: Part, types: Sequence[str] | None = None) -> Select[Any]:
    """The rows of a schema as columns.

    Parameters
    ----------
    schema, part
        Which rows.
    types
        What PostgreSQL calls the type of each field's column: each is read in the form that loses nothing, and the
        dimensions of each array follow, null for one. Default: the columns as they are.
    """
    from sqlalchemy import select

    statement = select(*_read(schema, types))
    if part.ids is None:
        return _narrow(schema, part, statement)
    return _narrow(schema, replace(part, ids=None), statement.where(_one_of(schema, part.ids)))


def records(schema: SearchSchema, part: Part) -> Select[Any]:
    """The rows of a schema as the model's own records (or the table's rows)."""
    from sqlalchemy import select

    return _narrow(schema, part, select(schema.model if schema.model is not None else schema.table))


def ids(schema: SearchSchema, part: Part) -> Select[Any]:
    """The ids of a schema's rows."""
    from sqlalchemy import select

    return _narrow(schema, part, select(id_column(schema)))


def changed_ids(schema: SearchSchema, since: datetime, limit: int) -> Select[Any]:
    """The ids of what changed since a moment (UTC), whether the schema's query still counts it as a row or not."""
    from sqlalchemy import or_, select

    assert schema.updated_at is not None, "without it nobody can tell"
    changed = columns_of(schema.table, schema.model)[schema.updated_at]
    if not getattr(changed.type, "timezone", False):
        since = since.astimezone(UTC).replace(tzinfo=None) - ZONES
    # A row that does not say when it changed may have changed.
    return select(id_column(schema)).where(or_(changed >= since, changed.is_(None))).limit(limit)


def versions(schema: SearchSchema, part: Part) -> Select[Any]:
    """The document id of each row, as text, and PostgreSQL's stamp of the row's version, as text."""
    import sqlalchemy as sa

    stamp: Any = sa.column("xmin")  # a system column: no table's metadata has it
    stamp.table = schema.table
    columns: list[Any] = [sa.cast(column, sa.Text) for column in (id_column(schema), stamp)]
    statement = sa.select(*columns)
    if part.ids is None:
        return _narrow(schema, part, statement)
    return _narrow(schema, replace(part, ids=None), statement.where(_one_of(schema, part.ids)))


def random_ids(schema: SearchSchema, size: int) -> Select[Any]:
    """The ids of rows chosen at random, each set of ``size`` rows as likely as any other."""
    from sqlalchemy import func

    return ids(schema, Part()).order_by(func.random()).limit(size)


def bounds(schema: SearchSchema, size: int) -> Select[Any]:
    """Every ``size``-th value of the id column, in its order."""
    from sqlalchemy import func, select

    key = id_column(schema)
    place = func.row_number().over(order_by=key)
    placed = ids(schema, Part()).add_columns(place.label("place")).subquery()
    return select(placed.c[0]).where(placed.c.place % size == 0).order_by(placed.c.place)


def literal(statement: Select[Any]) -> str:
    """A statement in PostgreSQL's words, its values within."""
    from sqlalchemy.dialects import postgresql

    # A dialect whose parameters are not written with % leaves the % of literals alone.
    dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    return str(statement.compile(dialect=dialect, compile_kwargs={"literal_binds": True}))


def count(schema: SearchSchema) -> Select[Any]:
    """How many rows a schema has."""
    from sqlalchemy import func, select

    return select(func.count()).select_from(ids(schema, Part()).subquery())


def id_column(schema: SearchSchema) -> ColumnElement[Any]:
    """The column that names the document."""
    column = schema.id_field.column
    assert column is not None, "a declaration refuses an id that is no column"
    return column


def _narrow(schema: SearchSchema, part: Part, statement: Select[Any]) -> Select[Any]:
    from sqlalchemy import or_

    if schema.query is not None:
        statement = schema.query(statement)
    key = id_column(schema)
    if part.ids is not None:
        statement = statement.where(key.in_(id_values(schema, part.ids)))
    if part.after is not None:
        statement = statement.where(key > part.after)
    if part.upto is not None:
        below = key <= part.upto
        nowhere = part.after is None and getattr(key, "nullable", True)
        statement = statement.where(or_(below, key.is_(None)) if nowhere else below)
    if part.limit is not None:
        statement = statement.order_by(key).limit(part.limit)
    return statement


def _one_of(schema: SearchSchema, ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether the id column holds one of these ids, as one literal of PostgreSQL however many they are."""
    import sqlalchemy as sa

    key, values = id_column(schema), id_values(schema, ids)
    match schema.id_field.kind:
        case Kind.INTEGER:
            items: Any = sa.BigInteger()
            values = [value for value in values if -(2**63) <= value < 2**63]
        case Kind.UUID:
            items = key.type
        case _:
            key, items = sa.cast(key, sa.Text), sa.Text()
    array = "{" + ",".join(map(_quoted, map(str, values))) + "}"
    return key == sa.any_(sa.cast(sa.literal(array, sa.Text), sa.ARRAY(items)))


def _quoted(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(schema: SearchSchema, types: Sequence[str] | None) -> list[ColumnElement[Any]]:
    import sqlalchemy as sa

    plain = []
    for field in schema.fields:
        assert field.column is not None, "columns() is for schemas whose fields are all columns"
        plain.append(sa.type_coerce(field.column, sa.types.NullType()))
    if types is None:
        return [column.label(field.name) for column, field in zip(plain, schema.fields, strict=True)]
    found = list(zip(plain, types, strict=True))
    dimensions = [
        sa.func.nullif(sa.func.array_ndims(column), 1) for column, name in found if name.startswith("_")
    ]
    read = [
        _without_loss(column, name, labels=field.labels is not None)
        for (column, name), field in zip(found, schema.fields, strict=True)
    ]
    return [column.label(f"c{place}") for place, column in enumerate([*read, *dimensions])]


def _without_loss(column: ColumnElement[Any], type_name: str, *, labels: bool) -> ColumnElement[Any]:
    import sqlalchemy as sa

    if read_as_it_is(type_name):
        return column
    if type_name.startswith("_") and labels:
        return sa.cast(column, sa.ARRAY(sa.Text))
    match type_name:
        case "oid":
            return sa.cast(column, sa.BigInteger)
        case "_uuid" | "_inet" | "_cidr":
            return sa.cast(column, sa.ARRAY(sa.Text))
        case "interval":
            # ADBC counts in nanoseconds, which has less room, and a driver makes 30 days of a month.
            parts = [
                sa.func.trunc(sa.extract(part, column)) for part in ("day", "hour", "minute", "microseconds")
            ]
            months = sa.extract("year", column) * 12 + sa.extract("month", column)
            text = sa.func.concat_ws("|", sa.cast(column, sa.Text), months, *parts)
            return sa.case((column.is_not(None), text))
    return sa.cast(column, sa.Text)
