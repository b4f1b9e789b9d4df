"""Rows of a schema as a stream of Arrow tables, or as records."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson

from scrypath.config import Config
from scrypath.errors import ProjectionError
from scrypath.schema import SearchSchema
from scrypath.schema.columns import arrow_schema, from_records, json_text
from scrypath.schema.fields import Field, Kind
from scrypath.source import selection
from scrypath.source.engine import engine, libpq_url, translated
from scrypath.source.selection import Part

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Select

EVERYTHING = Part()


@contextmanager
def stream(schema: SearchSchema, config: Config, part: Part = EVERYTHING) -> Iterator[Iterator[pa.Table]]:
    """Rows as Arrow tables in the columns of ``schema.columns.arrow_schema``, one database snapshot.

    Parameters
    ----------
    schema
        Whose rows; its ``query`` says what a row is.
    config
        Names the database.
    part
        All rows, or some of them.

    Raises
    ------
    DatabaseError
        When the database cannot be reached or refuses.
    ProjectionError
        When a record cannot be projected.
    """
    if in_columns(schema, config):
        with _adbc(schema, config, part) as tables:
            yield tables
    else:
        with _orm(schema, config, part) as tables:
            yield tables


def in_columns(schema: SearchSchema, config: Config) -> bool:
    """Whether documents are made of a row's own columns, and of nothing else, in PostgreSQL."""
    return schema.plain and engine(config).dialect.name == "postgresql"


def table(schema: SearchSchema, config: Config, part: Part = EVERYTHING) -> pa.Table:
    """Rows as one Arrow table: for parts that are known to be small."""
    import pyarrow as pa

    with stream(schema, config, part) as tables:
        found = list(tables)
    return pa.concat_tables(found) if found else arrow_schema(schema).empty_table()


def batches(schema: SearchSchema, config: Config, *, size: int, after: Any = None) -> Iterator[pa.Table]:
    """Rows in keyset order, ``size`` at a time, each batch read on its own: for writes that take their time."""
    while True:
        batch = table(schema, config, Part(after=after, limit=size))
        if batch.num_rows == 0:
            return
        yield batch
        after = batch.column(schema.document_id)[-1].as_py()


def records(schema: SearchSchema, config: Config, ids: Sequence[str]) -> list[Any]:
    """The model's records with these document ids; ids without a row are left out."""
    from sqlalchemy.orm import Session

    with translated(config), Session(engine(config)) as session:
        statement = selection.records(schema, Part(ids=ids))
        if schema.model is None:
            return [dict(row._mapping) for row in session.execute(statement)]
        found = list(session.scalars(statement).unique())
        session.expunge_all()
        return found


def count(schema: SearchSchema, config: Config) -> int:
    """How many rows the schema has."""
    with translated(config), engine(config).connect() as connection:
        return int(connection.execute(selection.count(schema)).scalar_one())


def existing_ids(schema: SearchSchema, config: Config, ids: Sequence[str]) -> set[str]:
    """Which of these document ids have a row."""
    return set(_scalars(config, selection.ids(schema, Part(ids=ids))))


def changed_ids(schema: SearchSchema, config: Config, since: datetime) -> list[str]:
    """Document ids of what changed since a moment (UTC), rows of the schema or no longer; by ``updated_at``."""
    return _scalars(config, selection.changed_ids(schema, since))


def random_ids(schema: SearchSchema, config: Config, size: int) -> list[str]:
    """Document ids of ``size`` rows chosen at random, or of all when there are fewer."""
    return _scalars(config, selection.random_ids(schema, size))


def stable_until(config: Config) -> datetime:
    """PostgreSQL's own moment up to which no transaction that it shows can still write, UTC."""
    from sqlalchemy import text

    with translated(config), engine(config).connect() as connection:
        oldest = (
            "SELECT least(now(), min(xact_start)) FROM pg_stat_activity WHERE datname = current_database()"
        )
        moment: datetime = connection.execute(text(oldest)).scalar_one()
        return moment.astimezone(UTC)


def _scalars(config: Config, statement: Select[Any]) -> list[str]:
    with translated(config), engine(config).connect() as connection:
        return [str(value) for value in connection.scalars(statement)]


@contextmanager
def _adbc(schema: SearchSchema, config: Config, part: Part) -> Iterator[Iterator[pa.Table]]:
    from adbc_driver_postgresql import dbapi

    statement = selection.literal(selection.columns(schema, part))
    with translated(config), dbapi.connect(libpq_url(config)) as connection, connection.cursor() as cursor:
        cursor.execute(statement)
        reader = cursor.fetch_record_batch()
        yield (_typed(schema, batch) for batch in reader)


@contextmanager
def _orm(schema: SearchSchema, config: Config, part: Part) -> Iterator[Iterator[pa.Table]]:
    from sqlalchemy.orm import Session

    with translated(config), Session(engine(config)) as session:
        found = session.execute(
            selection.records(schema, part).execution_options(yield_per=min(config.page_size, 5_000))
        )
        rows = found.mappings() if schema.model is None else found.scalars()
        yield (from_records(schema, _plain(schema, page)) for page in rows.partitions())


def _plain(schema: SearchSchema, page: Sequence[Any]) -> Sequence[Any]:
    return [dict(row) for row in page] if schema.model is None else page


def _typed(schema: SearchSchema, batch: Any) -> pa.Table:
    import pyarrow as pa

    wanted = arrow_schema(schema)
    columns = []
    for index, field in enumerate(schema.fields):
        column = batch.column(index)
        if field.kind is Kind.JSON:
            column = pa.array([_json(schema, field, text) for text in column.to_pylist()], pa.string())
        columns.append(column.cast(wanted.field(index).type))
    return pa.Table.from_arrays(columns, schema=wanted)


def _json(schema: SearchSchema, field: Field, text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return json_text(orjson.loads(text), set_like=field.set_like)
    except (ValueError, TypeError) as error:
        raise ProjectionError(
            f"{schema.name}: field {field.name!r} holds JSON that cannot be sent: {text[:80]}",
            hint="Mend the row, or leave the field out of the schema.",
        ) from error
