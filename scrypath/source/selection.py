"""Statements over the rows of a schema: each of them wraps the one definition of what a row is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any
from uuid import UUID

from scrypath.schema import SearchSchema
from scrypath.schema.fields import LISTS, Kind, columns_of
from scrypath.schema.identity import id_values
from scrypath.schema.row_query import RowQuery, keys_of, row_query
from scrypath.source.driver_values import read_as_it_is
from scrypath.source.guarded_types import guarded

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Dialect, Select, Subquery

ZONES = timedelta(hours=12)  # how far behind UTC a moment without a time zone can be
STAMP = "xmin of the row"  # no column of a table that is declared has this name


@dataclass(frozen=True, slots=True)
class Part:
    """A part of a schema's rows: all of them where nothing is given."""

    ids: Sequence[str] | None = None  # document ids
    after: Any = None  # exclusive lower bound of the id column
    upto: Any = None  # inclusive upper bound of the id column; rows without an id are below every bound
    limit: int | None = None  # rows, in the order of the id column


def columns(
    schema: SearchSchema, part: Part, types: Sequence[str] | None = None, *, stamped: bool = False
) -> Select[Any]:
    """The rows of a schema as columns.

    Parameters
    ----------
    schema, part
        Which rows.
    types
        What PostgreSQL calls the type of each field's column: each is read in the form that loses nothing, and the
        dimensions of each array follow where it has several. Default: the columns as they are.
    stamped
        Whether the two columns of :func:`versions` come last.
    """
    from sqlalchemy import select

    query = row_query(schema)
    names = [_labelled(schema, field.name) for field in schema.fields]
    rows = query.select(*names, *([_stamp(schema)] if stamped else [])).subquery("rows")
    key = rows.c[schema.document_id]
    statement = select(*_read(schema, rows, types), *(_version(rows, key) if stamped else []))
    if part.ids is not None:
        statement = statement.where(_one_of(schema, key, part.ids))
    return _bounded(schema, part, statement, key).options(*query.criteria)


def mappings(schema: SearchSchema, part: Part) -> Select[Any]:
    """The rows of a schema over a table, as the driver reads them, one column a field."""
    from sqlalchemy import select

    query = row_query(schema)
    rows = query.select(*(_labelled(schema, field.name) for field in schema.fields)).subquery("rows")
    return _narrow(schema, part, select(*map(guarded, rows.c)), rows.c[schema.document_id])


def keys(schema: SearchSchema, part: Part) -> Select[Any]:
    """The primary key of each row, and after it the value of its document id."""
    from sqlalchemy import select

    query = row_query(schema)
    names = [f"key_{place}" for place, _ in enumerate(keys_of(schema))]
    keyed = (key.label(name) for key, name in zip(keys_of(schema), names, strict=True))
    rows = query.select(*keyed, _attribute(schema).label("id")).subquery("rows")
    return _narrow(schema, part, select(*map(guarded, rows.c)).options(*query.criteria), rows.c.id)


def records(schema: SearchSchema, part: Part) -> Select[Any]:
    """The rows of a schema as the model's own records (or the table's rows), loaded as the schema's query says."""
    query = row_query(schema)
    return _narrow(schema, part, _records(query), _attribute(schema))


def records_of(schema: SearchSchema, found: Sequence[Sequence[Any]]) -> Select[Any]:
    """The model's own records with these primary keys, as :func:`keys` found them."""
    from sqlalchemy import tuple_

    key = keys_of(schema)
    statement = _records(row_query(schema))
    if len(key) == 1:
        return statement.where(key[0].in_([values[0] for values in found]))
    return statement.where(tuple_(*key).in_([tuple(values) for values in found]))


def attributes_of(schema: SearchSchema, key: Sequence[Any]) -> Select[Any]:
    """All columns that the model maps, under the names of its attributes, of the record with a primary key."""
    from sqlalchemy import select

    assert schema.model is not None, "a record of a table is its columns"
    attributes = [getattr(schema.model, attribute.key) for attribute in schema.model.__mapper__.column_attrs]
    statement = select(*map(guarded, attributes))
    return statement.where(*(column == value for column, value in zip(keys_of(schema), key, strict=True)))


def ids(schema: SearchSchema, part: Part, *conditions: Any) -> Select[Any]:
    """The ids of a schema's rows that meet some conditions on the model, too."""
    from sqlalchemy import select

    query = row_query(schema)
    rows = query.select(_attribute(schema).label("id")).where(*conditions).subquery("rows")
    return _narrow(schema, part, select(rows.c.id).options(*query.criteria), rows.c.id)


def changed_ids(schema: SearchSchema, since: datetime, limit: int) -> Select[Any]:
    """The ids of what changed since a moment (UTC), whether the schema's query still counts it as a row or not."""
    from sqlalchemy import or_, select

    assert schema.updated_at is not None, "without it changes are not known"
    # Of the base tables: a row that left the query, or became another class of the model, has changed.
    base = schema.table if schema.model is None else schema.model.__mapper__.persist_selectable
    changed = columns_of(schema.table, schema.model)[schema.updated_at]
    if not getattr(changed.type, "timezone", False):
        since = since.astimezone(UTC).replace(tzinfo=None) - ZONES
    # A row that does not say when it changed may have changed.
    recent = or_(changed >= since, changed.is_(None))
    key = columns_of(schema.table, schema.model)[schema.document_id]
    return select(key).select_from(base).where(recent).limit(limit)


def versions(schema: SearchSchema, part: Part) -> Select[Any]:
    """The document id of each row, as text, and PostgreSQL's stamp of the row's version, as text."""
    from sqlalchemy import select

    query = row_query(schema)
    rows = query.select(_attribute(schema).label("id"), _stamp(schema)).subquery("rows")
    statement = select(*_version(rows, rows.c.id))
    if part.ids is not None:
        statement = statement.where(_one_of(schema, rows.c.id, part.ids))
    return _bounded(schema, part, statement, rows.c.id).options(*query.criteria)


def random_ids(schema: SearchSchema, size: int) -> Select[Any]:
    """The ids of rows chosen at random, each set of ``size`` rows as likely as any other."""
    from sqlalchemy import func

    return ids(schema, Part()).order_by(func.random()).limit(size)


def bounds(schema: SearchSchema, size: int) -> Select[Any]:
    """Every ``size``-th value of the id column, in its order."""
    from sqlalchemy import func, select

    found = ids(schema, Part())
    key = found.selected_columns[0]
    placed = found.add_columns(func.row_number().over(order_by=key).label("place")).subquery("placed")
    statement = select(placed.c[0]).where(placed.c.place % size == 0).order_by(placed.c.place)
    return statement.options(*row_query(schema).criteria)


def literal(statement: Select[Any]) -> str:
    """A statement in PostgreSQL's words, its values within."""
    return str(statement.compile(dialect=_dialect(), compile_kwargs={"literal_binds": True}))


def count(schema: SearchSchema) -> Select[Any]:
    """How many rows a schema has."""
    from sqlalchemy import func, select

    query = row_query(schema)
    rows = query.select(_attribute(schema).label("id")).subquery("rows")
    return select(func.count()).select_from(rows).options(*query.criteria)


@cache
def _dialect() -> Dialect:
    from sqlalchemy.dialects import postgresql

    # A dialect whose parameters are not written with % leaves the % of literals alone.
    dialect: Dialect = postgresql.dialect(paramstyle="named")  # type: ignore[no-untyped-call]
    return dialect


def _stamp(schema: SearchSchema) -> Any:
    import sqlalchemy as sa

    stamp: Any = sa.column("xmin")  # a system column: no table's metadata has it
    stamp.table = schema.table
    return stamp.label(STAMP)


def _version(rows: Subquery, key: ColumnElement[Any]) -> list[Any]:
    import sqlalchemy as sa

    return [sa.cast(key, sa.Text).label("stamped_id"), sa.cast(rows.c[STAMP], sa.Text).label("stamp")]


def _records(query: RowQuery) -> Select[Any]:
    from sqlalchemy import CompoundSelect, select

    schema, statement = query.schema, query.statement
    if not isinstance(statement, CompoundSelect) and (query.single or _loads_by_join(statement)):
        return statement
    entity = schema.table if schema.model is None else schema.model
    options = () if isinstance(statement, CompoundSelect) else statement._with_options
    return select(entity).options(*options).where(query.member())


def _loads_by_join(statement: Select[Any]) -> bool:
    # contains_eager() fills what a record holds from the statement's own joins.
    loads = [load for option in statement._with_options for load in getattr(option, "context", ())]
    return any("eager_from_alias" in (getattr(load, "local_opts", None) or {}) for load in loads)


def _labelled(schema: SearchSchema, name: str) -> Any:
    entity: Any = schema.table.c if schema.model is None else schema.model
    return (entity[name] if schema.model is None else getattr(entity, name)).label(name)


def _attribute(schema: SearchSchema) -> Any:
    name = schema.document_id
    return schema.table.c[name] if schema.model is None else getattr(schema.model, name)


def _narrow(schema: SearchSchema, part: Part, statement: Select[Any], key: Any) -> Select[Any]:
    if part.ids is not None:
        statement = statement.where(key.in_(id_values(schema, part.ids)))
    return _bounded(schema, part, statement, key)


def _bounded(schema: SearchSchema, part: Part, statement: Select[Any], key: Any) -> Select[Any]:
    from sqlalchemy import or_

    if part.after is not None:
        statement = statement.where(key > part.after)
    if part.upto is not None:
        below = key <= part.upto
        nowhere = part.after is None and getattr(schema.id_field.column, "nullable", True)
        statement = statement.where(or_(below, key.is_(None)) if nowhere else below)
    if part.limit is not None:
        statement = statement.order_by(key).limit(part.limit)
    return statement


def _one_of(schema: SearchSchema, key: ColumnElement[Any], ids: Sequence[str]) -> ColumnElement[bool]:
    """Whether the id column holds one of these ids, as one literal of PostgreSQL however many they are."""
    import sqlalchemy as sa

    values = id_values(schema, ids)
    match schema.id_field.kind:
        case Kind.INTEGER:
            items: Any = sa.BigInteger()
            values = [value for value in values if -(2**63) <= value < 2**63]
        case Kind.UUID:
            items = key.type
            if not getattr(key.type, "native_uuid", True):  # the table has 32 digits, without hyphens
                values = [UUID(str(value)).hex for value in values]
        case _:
            key, items = sa.cast(key, sa.Text), sa.Text()
    array = "{" + ",".join(map(_quoted, map(str, values))) + "}"
    return key == sa.any_(sa.cast(sa.literal(array, sa.Text), sa.ARRAY(items)))


def _quoted(item: str) -> str:
    return '"' + item.replace("\\", "\\\\").replace('"', '\\"') + '"'


def _read(schema: SearchSchema, rows: Subquery, types: Sequence[str] | None) -> list[ColumnElement[Any]]:
    import sqlalchemy as sa

    plain = [sa.type_coerce(rows.c[field.name], sa.types.NullType()) for field in schema.fields]
    if types is None:
        return [column.label(field.name) for column, field in zip(plain, schema.fields, strict=True)]
    found = list(zip(plain, types, strict=True))
    dimensions = [
        sa.case((sa.func.array_ndims(column) > 1, sa.func.array_dims(column)))
        for column, name in found
        if name.startswith("_")
    ]
    read = [
        _without_loss(column, name, labels=field.labels is not None and field.kind in LISTS)
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
        case "_uuid" | "_inet" | "_cidr" | "_timetz":
            return sa.cast(column, sa.ARRAY(sa.Text))
        case "interval":
            return _length(column)
        case "_interval":
            items = sa.func.unnest(column).table_valued("item", with_ordinality="place", name="lengths")
            items = items.render_derived()
            lengths = sa.select(_length(items.c.item)).order_by(items.c.place)
            return sa.case((column.is_not(None), sa.func.array(lengths.scalar_subquery())))
    return sa.cast(column, sa.Text)


def _length(column: ColumnElement[Any]) -> ColumnElement[Any]:
    """A length of time as its text, its months and its parts."""
    import sqlalchemy as sa

    # ADBC counts in nanoseconds, which has less room, and a driver makes 30 days of a month.
    parts = [sa.func.trunc(sa.extract(part, column)) for part in ("day", "hour", "minute", "microseconds")]
    months = sa.extract("year", column) * 12 + sa.extract("month", column)
    text = sa.func.concat_ws("|", sa.cast(column, sa.Text), months, *parts)
    return sa.case((column.is_not(None), text))
