"""The documents of rows as they are now."""

from __future__ import annotations

from collections.abc import Sequence

from scrypath.schema.documents import Documents, project_columns
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.adbc import Connection
from scrypath.source.selection import Part


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
