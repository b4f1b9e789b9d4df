"""The documents of rows as they are now."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from scrypath.schema.documents import Documents, project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.adbc import Connection
from scrypath.source.selection import Part

if TYPE_CHECKING:
    import pyarrow as pa


def portions(ref: IndexRef, ids: Sequence[str], *, over: Connection | None = None) -> Iterator[Documents]:
    """The documents of the rows behind these ids, as many at a time as are held at once.

    Raises
    ------
    ProjectionError
        When one of the rows cannot be projected.
    """
    with rows.stream_tables(ref, Part(ids=ids), over=over) as tables:
        for table in tables:
            yield project_columns(ref.schema, table)


def stamped_portions(
    ref: IndexRef, ids: Sequence[str], *, over: Connection
) -> Iterator[tuple[Documents, pa.Table]]:
    """As :func:`portions`, each with the ids and stamps of its rows; see ``rows.stream_stamped``."""
    with rows.stream_stamped(ref, Part(ids=ids), over=over) as tables:
        for table, stamps in tables:
            yield project_columns(ref.schema, table), stamps


def current(
    ref: IndexRef, ids: Sequence[str], *, over: Connection | None = None
) -> tuple[Documents, tuple[str, ...]]:
    """The documents of the rows behind these ids, and the ids that have no row.

    Raises
    ------
    ProjectionError
        When one of the rows cannot be projected.
    """
    documents = project_columns(ref.schema, rows.table(ref, Part(ids=ids), over=over))
    present = set(documents.ids)
    return documents, tuple(dict.fromkeys(item for item in ids if item not in present))
