"""Rows of a schema as a stream of Arrow tables, or as records."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from scrypath.adaptive_count import AdaptiveCount
from scrypath.config import Config
from scrypath.schema import SearchSchema
from scrypath.schema.columns import Unprojectable, arrow_schema, from_records, projectable_records
from scrypath.schema.index_ref import IndexRef
from scrypath.source import selection
from scrypath.source.adbc import Connection, connected
from scrypath.source.column_values import typed
from scrypath.source.engine import engine, translated
from scrypath.source.loaded_records import found_records, loaded, unreadable
from scrypath.source.selection import Part
from scrypath.table_pieces import gathered

if TYPE_CHECKING:
    import pyarrow as pa
    from sqlalchemy import Connection as SQLConnection
    from sqlalchemy import Select
    from sqlalchemy.orm import Session

EVERYTHING = Part()
PORTION = 16 << 20  # bytes of columns that are projected and written together
RECORDS = 8 << 20  # bytes of columns that are made of records at once
LARGEST_PAGE = 5_000  # records at a time


@dataclass(frozen=True, slots=True)
class Portion:
    """Rows that were read together.

    Parameters
    ----------
    table
        Those that can be projected, in the columns of ``schema.columns.arrow_schema``.
    unprojectable
        The others: the id, as far as it is known, and what is wrong.
    """

    table: pa.Table
    unprojectable: Sequence[Unprojectable] = ()


@contextmanager
def stream(
    ref: IndexRef, part: Part = EVERYTHING, *, over: Connection | None = None
) -> Iterator[Generator[pa.Table]]:
    """Rows as Arrow tables in the columns of ``schema.columns.arrow_schema``, one database snapshot.

    Parameters
    ----------
    ref
        Whose rows; the ``query`` of its schema says what a row is.
    part
        All rows, or some of them.
    over
        A connection that nobody else is reading over, for rows :func:`in_columns`; default: one of its own.

    Raises
    ------
    DatabaseError
        When the database cannot be reached or refuses.
    ProjectionError
        When a record cannot be projected.
    SchemaError
        When the schema's query fails.
    """
    with _portions(ref, part, over, strict=True) as portions:
        yield (portion.table for portion in portions)


@contextmanager
def stream_portions(
    ref: IndexRef, part: Part = EVERYTHING, *, over: Connection | None = None
) -> Iterator[Generator[Portion]]:
    """As :func:`stream`, with the rows that cannot be projected beside those that can, instead of an error."""
    with _portions(ref, part, over, strict=False) as portions:
        yield portions


def in_columns(ref: IndexRef) -> bool:
    """Whether documents are made of a row's own columns, and of nothing else, in PostgreSQL."""
    return ref.schema.plain and engine(ref.config).dialect.name == "postgresql"


def table(ref: IndexRef, part: Part = EVERYTHING, *, over: Connection | None = None) -> pa.Table:
    """Rows as one Arrow table: for parts that are known to be small; parameters as of :func:`stream`."""
    import pyarrow as pa

    with stream(ref, part, over=over) as tables:
        found = list(tables)
    return pa.concat_tables(found) if found else arrow_schema(ref.schema).empty_table()


@contextmanager
def stream_tables(
    ref: IndexRef, part: Part = EVERYTHING, *, over: Connection | None = None
) -> Iterator[Generator[pa.Table]]:
    """As :func:`stream`, in as few tables as ``PORTION`` bytes in each allow."""
    with stream(ref, part, over=over) as tables:
        yield (table for table in gathered(tables, PORTION))


@contextmanager
def stream_stamped(
    ref: IndexRef, part: Part, *, over: Connection
) -> Iterator[Generator[tuple[pa.Table, pa.Table]]]:
    """As :func:`stream_tables`, beside each table the document ids and the stamps of its rows, as of the same moment.

    For rows :func:`in_columns` whose versions PostgreSQL stamps, see ``row_tokens``.
    """
    width = len(ref.schema.fields)
    with _columns(ref, part, over, stamped=True) as (batches, types):
        tables = (
            _beside(typed(ref.schema, batch, types, strict=True)[0], batch.select([-2, -1]))
            for batch in batches
        )
        yield (
            (table.select(range(width)), table.select([width, width + 1]))
            for table in gathered(tables, PORTION)
        )


@contextmanager
def records(ref: IndexRef, ids: Sequence[str]) -> Iterator[list[Any]]:
    """The model's records with these document ids, in the session that read them; ids without a row are left out."""
    with translated(ref.config), _snapshot(ref.config) as session:
        if ref.schema.model is None:
            found = session.execute(selection.mappings(ref.schema, Part(ids=ids))).mappings()
            yield [dict(row) for row in found]
        else:
            yield found_records(session, ref.schema, Part(ids=ids))


def count(ref: IndexRef) -> int:
    """How many rows the schema has."""
    with translated(ref.config), engine(ref.config).connect() as connection:
        return _counted(connection, ref.schema)


def existing_ids(ref: IndexRef, ids: Sequence[str]) -> set[str]:
    """Which of these document ids have a row."""
    return set(_scalars(ref, selection.ids(ref.schema, Part(ids=ids))))


def parts(ref: IndexRef, size: int) -> list[Part]:
    """All rows as parts of about ``size`` rows each, by ranges of the id column; also those that come later."""
    with translated(ref.config), engine(ref.config).connect() as connection:
        found = _read_ids(connection, ref.schema, selection.bounds(ref.schema, size))
    bounds = [None, *dict.fromkeys(value for value in found if value is not None), None]
    return [Part(after=after, upto=upto) for after, upto in pairwise(bounds)]


def random_ids(ref: IndexRef, size: int) -> list[str]:
    """Document ids of ``size`` rows chosen at random, or of all when there are fewer."""
    return _scalars(ref, selection.random_ids(ref.schema, size))


def stable_until(config: Config) -> datetime:
    """PostgreSQL's own moment up to which no transaction that it shows can still write, UTC."""
    from sqlalchemy import text

    with translated(config), engine(config).connect() as connection:
        oldest = (
            "SELECT least(now(), min(xact_start)) FROM pg_stat_activity WHERE datname = current_database()"
        )
        moment: datetime = connection.execute(text(oldest)).scalar_one()
        return moment.astimezone(UTC)


def _scalars(ref: IndexRef, statement: Select[Any]) -> list[str]:
    with translated(ref.config), engine(ref.config).connect() as connection:
        found = _read_ids(connection, ref.schema, statement)
    return [str(value) for value in found if value is not None]


def _read_ids(connection: SQLConnection, schema: SearchSchema, statement: Select[Any]) -> Sequence[Any]:
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return connection.scalars(statement).all()
    except SQLAlchemyError:
        raise
    except Exception as error:  # of the type of the id's column, which may be the user's own
        raise unreadable(schema, f"field {schema.document_id!r} of a row", error) from error


def _counted(connection: SQLConnection, schema: SearchSchema) -> int:
    return int(connection.execute(selection.count(schema)).scalar_one())


@contextmanager
def _portions(
    ref: IndexRef, part: Part, over: Connection | None, *, strict: bool
) -> Iterator[Generator[Portion]]:
    reading = _adbc(ref, part, over, strict=strict) if in_columns(ref) else _orm(ref, part, strict=strict)
    with reading as portions:
        yield portions


@contextmanager
def _adbc(
    ref: IndexRef, part: Part, over: Connection | None, *, strict: bool
) -> Iterator[Generator[Portion]]:
    with _columns(ref, part, over, stamped=False) as (batches, types):
        yield (Portion(*typed(ref.schema, batch, types, strict=strict)) for batch in batches)


@contextmanager
def _columns(
    ref: IndexRef, part: Part, over: Connection | None, *, stamped: bool
) -> Iterator[tuple[pa.RecordBatchReader, list[str]]]:
    with (
        translated(ref.config),
        connected(ref.config) if over is None else nullcontext(over) as connection,
    ):
        types = connection.types(_of_all_columns(ref.schema))
        statement = selection.literal(selection.columns(ref.schema, part, types, stamped=stamped))
        with connection.read(statement) as batches:
            yield batches, types


@lru_cache(maxsize=64)
def _of_all_columns(schema: SearchSchema) -> str:
    # Never run, only described: what the schema's query holds at a later moment changes no type.
    return selection.literal(selection.columns(schema, Part()))


def _beside(table: pa.Table, stamps: pa.RecordBatch) -> pa.Table:
    for name, column in zip(("stamped_id", "stamp"), stamps.columns, strict=True):
        table = table.append_column(name, column)
    return table


@contextmanager
def _orm(ref: IndexRef, part: Part, *, strict: bool) -> Iterator[Generator[Portion]]:
    read = _mappings if ref.schema.model is None else _records
    with (
        translated(ref.config),
        _snapshot(ref.config) as session,
        closing(read(session, ref, part, strict=strict)) as portions,
    ):
        yield portions


@contextmanager
def _snapshot(config: Config) -> Iterator[Session]:
    """A session that sees the database at one moment, where the database can do that."""
    from sqlalchemy.orm import Session

    made = engine(config)
    options = {"isolation_level": "REPEATABLE READ"} if made.dialect.name == "postgresql" else {}
    with made.connect().execution_options(**options) as connection, Session(connection) as session:
        yield session


def _mappings(session: Session, ref: IndexRef, part: Part, *, strict: bool) -> Generator[Portion]:
    statement = selection.mappings(ref.schema, part).execution_options(stream_results=True)
    count = AdaptiveCount(largest=_page(ref), most=RECORDS)
    with session.execute(statement) as found:
        while page := found.mappings().fetchmany(count.items):
            portion = _projected(ref.schema, [dict(row) for row in page], strict=strict)
            count.learn(items=portion.table.num_rows, size=portion.table.nbytes)
            yield portion


def _records(session: Session, ref: IndexRef, part: Part, *, strict: bool) -> Generator[Portion]:
    """Projected while their session is there: what a property of a record reads, it reads as of the same moment."""
    statement = selection.keys(ref.schema, part).execution_options(yield_per=_page(ref))
    count = AdaptiveCount(largest=_page(ref), most=RECORDS)
    with session.execute(statement) as found:  # closed, too, where the reader stops half way
        for keys in found.partitions():
            start = 0
            while some := keys[start : start + count.items]:
                start += len(some)
                for page, unreadable in loaded(session, ref.schema, some, strict=strict):
                    portion = _projected(ref.schema, page, unreadable, strict=strict)
                    count.learn(items=portion.table.num_rows, size=portion.table.nbytes)
                    yield portion
                session.expunge_all()


def _page(ref: IndexRef) -> int:
    return min(ref.config.page_size, LARGEST_PAGE)


def _projected(
    schema: SearchSchema, page: Sequence[Any], unreadable: Sequence[Unprojectable] = (), *, strict: bool
) -> Portion:
    if strict:
        return Portion(from_records(schema, page))
    projected, refused = projectable_records(schema, page)
    return Portion(projected, [*unreadable, *refused])
