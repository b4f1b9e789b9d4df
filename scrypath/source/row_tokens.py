"""The stamp that PostgreSQL puts on every version of a row: the transaction that wrote it, ``xmin``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrypath.schema import SearchSchema
from scrypath.schema.index_ref import IndexRef
from scrypath.source import selection
from scrypath.source.adbc import Connection
from scrypath.source.engine import engine, translated
from scrypath.source.selection import Part

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True)
class RowStorage:
    """Where the rows of a schema are kept.

    Parameters
    ----------
    replica
        Whether it is in recovery: it may be behind what others have committed.
    heap
        Whether the rows are in a table, or in partitions, whose row versions bear a stamp: not a view, a foreign
        table or a table of another access method.
    """

    replica: bool
    heap: bool


def suffices(schema: SearchSchema) -> bool:
    """Whether a row's own version changes with everything that its document is made of.

    The schema's ``query`` may hide rows by what other tables hold: it is asked again with the version.
    """
    own = all(getattr(field.column, "table", None) is schema.table for field in schema.fields)
    return schema.plain and own


def row_storage(ref: IndexRef, over: Connection) -> RowStorage:
    """Whether the database is a replica, and whether the schema's table stamps its row versions."""
    from sqlalchemy.dialects import postgresql

    name = postgresql.dialect().identifier_preparer.format_table(ref.schema.table)  # type: ignore[no-untyped-call]
    quoted = name.replace("'", "''")
    question = (
        "SELECT pg_is_in_recovery() AS replica, coalesce((SELECT relkind = 'p' OR relkind = 'r' AND amname = 'heap' "
        "FROM pg_class LEFT JOIN pg_am ON pg_am.oid = relam "
        f"WHERE pg_class.oid = to_regclass('{quoted}')), false) AS heap"
    )
    with translated(ref.config), over.read(question) as reader:
        (row,) = reader.read_all().to_pylist()
    return RowStorage(**row)


def replica(ref: IndexRef) -> bool:
    """Whether the database is a PostgreSQL in recovery."""
    from sqlalchemy import text

    with translated(ref.config), engine(ref.config).connect() as connection:
        if connection.dialect.name != "postgresql":
            return False
        return bool(connection.execute(text("SELECT pg_is_in_recovery()")).scalar_one())


def tokens(ref: IndexRef, part: Part, over: Connection) -> dict[str, str]:
    """What changes whenever a row of a part is written, for the rows that the schema's query shows.

    Parameters
    ----------
    ref
        Whose rows: of a schema that :func:`suffices`, in a table that is a ``heap``.
    part
        Which of them.
    over
        A connection that nobody else is reading over.

    Returns
    -------
    dict
        Document id -> token; rows that share an id have one together.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses.
    """
    with translated(ref.config), over.read(selection.literal(selection.versions(ref.schema, part))) as reader:
        return tokens_of([reader.read_all()])


def tokens_of(stamped: Sequence[pa.Table]) -> dict[str, str]:
    """The tokens of rows, as :func:`tokens`, of the ids and stamps that were read with them."""
    pairs = [
        pair
        for read in stamped
        for pair in zip(read.column(0).to_pylist(), read.column(1).to_pylist(), strict=True)
    ]
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    together: dict[str, list[str]] = {}
    for item, version in pairs:
        together.setdefault(item, []).append(version)
    return {item: ",".join(sorted(versions)) for item, versions in together.items()}
