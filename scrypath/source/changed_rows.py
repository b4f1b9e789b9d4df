"""Rows that changed since an earlier reading, and how many others there are, all at one moment."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import TYPE_CHECKING

from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_versions, selection
from scrypath.source.query_shape import shape
from scrypath.source.row_versions import Mark
from scrypath.source.selection import Part

if TYPE_CHECKING:
    from sqlalchemy import Connection, Select

IDS_AT_ONCE = 10_000  # in one statement: PostgreSQL takes 65 535 values


@dataclass(frozen=True, slots=True)
class Unversioned:
    """The versions of rows do not say what changed.

    Parameters
    ----------
    problem
        Why not, as a sentence.
    lasting
        True: nor will they the next time, because of what the schema or the database is.
    """

    problem: str
    lasting: bool


class ChangedRows:
    """What changed, in one database snapshot for the duration of the block.

    Parameters
    ----------
    ids
        Of rows that were written, one of the schema's rows or not; as many as were asked for at the most.
    mark
        What the next reading can start from; None where versions do not say all.
    holder
        As :class:`scrypath.source.row_versions.Observed` has it.
    """

    def __init__(
        self,
        ids: list[str],
        counting: Future[int],
        connection: Connection,
        ref: IndexRef,
        *,
        mark: Mark | None = None,
        holder: str | None = None,
    ) -> None:
        self.ids = ids
        self.mark = mark
        self.holder = holder
        self._counting = counting
        self._connection = connection
        self._ref = ref

    def outside(self, ids: Sequence[str]) -> int:
        """How many rows the schema has whose ids are not among these."""
        total = self._counting.result()  # nobody else uses the connection from here on
        return total - sum(
            _count(self._connection, selection.ids(self._ref.schema, Part(ids=some)))
            for some in batched(ids, IDS_AT_ONCE)
        )


@contextmanager
def by_version(ref: IndexRef, since: Mark, limit: int) -> Iterator[ChangedRows | Unversioned]:
    """What was written since a mark, by anybody.

    Parameters
    ----------
    ref
        Whose rows.
    since
        Taken before the earlier reading.
    limit
        Ids at most.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses.
    """
    with row_versions.snapshot(ref) as connection:
        now = row_versions.observed(connection, ref)
        if now.mark is None:
            yield Unversioned(str(now.problem), lasting=True)
            return
        problem = now.mark.follows(since) or row_versions.related_change(
            connection, shape(ref.schema), since, now.mark
        )
        if problem is not None:
            yield Unversioned(problem, lasting=False)
            return
        ids = row_versions.changed_ids(connection, ref, since, limit)
        with _counting(connection, ref) as counting:
            yield ChangedRows(ids, counting, connection, ref, mark=now.mark, holder=now.holder)


@contextmanager
def by_moment(ref: IndexRef, since: datetime, limit: int) -> Iterator[ChangedRows]:
    """What says by the schema's ``updated_at`` that it changed at a moment (UTC) or later; parameters as above.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses.
    """
    with row_versions.snapshot(ref) as connection:
        found = connection.scalars(selection.changed_ids(ref.schema, since, limit))
        ids = [str(value) for value in found if value is not None]
        with _counting(connection, ref) as counting:
            yield ChangedRows(ids, counting, connection, ref)


@contextmanager
def _counting(connection: Connection, ref: IndexRef) -> Iterator[Future[int]]:
    with ThreadPoolExecutor(1, thread_name_prefix="scrypath-count") as beside:
        yield beside.submit(_count, connection, selection.ids(ref.schema, Part()))


def _count(connection: Connection, statement: Select[tuple[object]]) -> int:
    from sqlalchemy import func, select

    return int(connection.execute(select(func.count()).select_from(statement.subquery())).scalar_one())
