"""The version of a row: PostgreSQL's ``xmin``, the transaction that wrote it, whoever that was."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import batched
from typing import TYPE_CHECKING, Any

from scrypath.schema.index_ref import IndexRef
from scrypath.source import selection
from scrypath.source.engine import engine, translated
from scrypath.source.selection import Part

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, FromClause, Select

BASE = "base"  # what a table is called where it is asked without the schema's query, which hides its xmin
IDS_AT_ONCE = 10_000  # in one statement: PostgreSQL takes 65 535 values


def tokens(ref: IndexRef, ids: Sequence[str]) -> dict[str, str]:
    """What changes whenever a row of the schema is written: its ``xmin``.

    Asked of the base table, for the rows that the schema's query shows. A row of several tables, or one whose document
    is made of more than its own columns, changes without its token.

    Parameters
    ----------
    ref
        Whose rows, in PostgreSQL.
    ids
        Document ids.

    Returns
    -------
    dict
        Document id -> token; an id that is no row of the schema is left out.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses.
    """
    found: dict[str, str] = {}
    with translated(ref.config), engine(ref.config).connect() as connection:
        for some in batched(ids, IDS_AT_ONCE):
            found.update((row[0], row[1]) for row in connection.execute(_tokens(ref, some)))
    return found


def _tokens(ref: IndexRef, ids: Sequence[str]) -> Select[Any]:
    import sqlalchemy as sa

    table, key = base(ref)
    version = sa.cast(sa.literal_column(f"{BASE}.xmin"), sa.Text)
    # Rows that share an id have one token together.
    together = sa.func.string_agg(sa.distinct(version), sa.literal(",", sa.Text))
    text = sa.cast(key, sa.Text)
    shown = selection.ids(ref.schema, Part(ids=ids))
    return sa.select(text, together).select_from(table).where(key.in_(shown)).group_by(text)


def base(ref: IndexRef) -> tuple[FromClause, ColumnElement[Any]]:
    """The table of a schema under the name ``BASE``, and its column that names the document."""
    column = ref.schema.id_field.column
    assert column is not None, "a declaration refuses an id that is no column"
    table = ref.schema.table.alias(BASE)
    return table, table.c[column.key]
