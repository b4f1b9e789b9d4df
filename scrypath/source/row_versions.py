"""The version of a row: PostgreSQL's ``xmin``, the transaction that wrote it, whoever that was.

A mark is taken before rows are read. Whatever is written afterwards, or was not committed by then, has a version that
is not older than the mark. ``docs/explanation/drift.md`` has the proof, and what changes without a version.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine, translated
from scrypath.source.query_shape import Shape, own_table, shape
from scrypath.source.sql import load

if TYPE_CHECKING:
    from sqlalchemy import ColumnElement, Connection, FromClause

    from scrypath.service_url import ServiceUrl

BASE = "base"  # what a table is called where it is asked without the schema's query, which hides its xmin
MOST_SINCE = 2**31 - 10**6  # transactions; after 2**31, 32 bits no longer say which of two is older
LONG = timedelta(hours=1)  # a transaction that is open for longer is named
MANY = 100_000  # transactions: as LONG, of one that does not say since when it is open


@dataclass(frozen=True, slots=True)
class Mark:
    """Where in a server's history a read began.

    Parameters
    ----------
    transaction
        Every transaction that was not finished has an id at or above it: 64 bits.
    next_transaction
        The first id that no transaction that had ended by then has.
    history
        Which server's, and since which start, recovery or promotion.
    catalogue
        A hash of everything about the tables that may change what their rows say without writing them.
    counts
        Rows of the other tables that decide which rows the schema has.
    """

    transaction: int
    next_transaction: int
    history: str
    catalogue: str
    counts: Mapping[str, int]

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return asdict(self)

    def follows(self, earlier: Mark) -> str | None:
        """Why what was written since an earlier mark is not known at this one; None: it is."""
        since = self.next_transaction - earlier.transaction
        if self.history != earlier.history:
            return "The database was restarted, restored, promoted, or is another one than at the comparison before."
        if since < 0:
            return "The database's transactions are older than at the comparison before: it was restored."
        if since > MOST_SINCE:
            return f"More than {MOST_SINCE:,} transactions have passed since the comparison before."
        if self.catalogue != earlier.catalogue:
            return "The tables, a type, a function or a setting that the rows depend on was changed since."
        return None


def parse(found: Mapping[str, Any] | None) -> Mark | None:
    """A mark from what :meth:`Mark.as_dict` said; None from anything else.

    Examples
    --------
    >>> parse({"transaction": 7}) is None
    True
    """
    try:
        known = found or {}
        return Mark(
            int(known["transaction"]),
            int(known["next_transaction"]),
            str(known["history"]),
            str(known["catalogue"]),
            {str(name): int(count) for name, count in known["counts"].items()},
        )
    except (KeyError, TypeError, ValueError, AttributeError):
        return None


@dataclass(frozen=True, slots=True)
class Observed:
    """The database at the moment of a snapshot.

    Parameters
    ----------
    mark
        What later readings can start from; None where versions do not say all.
    problem
        Why they do not.
    holder
        The transaction that has kept the mark from moving on for long, as the beginning of a sentence.
    """

    mark: Mark | None = None
    problem: str | None = None
    holder: str | None = None


def observe(ref: IndexRef) -> Observed:
    """The database before a reading begins.

    Parameters
    ----------
    ref
        Whose rows are going to be read.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses.
    """
    with snapshot(ref) as connection:
        return observed(connection, ref)


@contextmanager
def snapshot(ref: IndexRef) -> Iterator[Connection]:
    """A connection that shows the database at one moment, all the while."""
    options = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with (
        translated(ref.config),
        engine(ref.config).connect().execution_options(**options) as connection,
    ):
        yield connection


def observed(connection: Connection, ref: IndexRef) -> Observed:
    """The database at the moment of a :func:`snapshot`."""
    if connection.dialect.name != "postgresql":
        return Observed(problem=f"{connection.dialect.name} has no row versions that can be queried.")
    if _several_servers(ref.config.need_database_url()):
        return Observed(
            problem="The database URL names several servers, and each connection may be to another of them."
        )
    read = shape(ref.schema)
    if read.problem is not None:
        return Observed(problem=read.problem)
    able = _one(connection, "readable", {})
    if not able.current_enough:
        return Observed(problem="PostgreSQL shows which transactions are open from version 13 on.")
    if not able.readable:
        return Observed(
            problem="This role may not call pg_control_system() and pg_control_checkpoint(), "
            "which say whether a database was restored."
        )
    server = _one(connection, "server", {})
    catalogue = _one(
        connection,
        "catalogue",
        {
            "tables": [read.own, *read.others],
            "functions": [name for name, _ in read.functions],
            "arguments": [count for _, count in read.functions],
        },
    )
    if catalogue.problem is not None:
        return Observed(problem=catalogue.problem)
    counts = {table: int(_scalar(connection, f"SELECT count(*) FROM {table}", {})) for table in read.others}
    mark = Mark(server.transaction, server.next_transaction, server.history, catalogue.digest, counts)
    return Observed(mark, holder=_holder(connection, mark))


def related_change(connection: Connection, schema_shape: Shape, since: Mark, now: Mark) -> str | None:
    """Which other table that decides about the rows was written since a mark; None: none was."""
    for table in schema_shape.others:
        newer = f"SELECT EXISTS (SELECT FROM {table} AS {BASE} WHERE {_NEWER})"
        if since.counts.get(table) != now.counts[table] or _scalar(connection, newer, _mark(since)):
            return f"{table}, which the schema's query also reads, was written to."
    return None


def changed_ids(connection: Connection, ref: IndexRef, since: Mark, limit: int) -> list[str]:
    """Ids of what was written since a mark, whether the schema's query still shows it or not.

    Parameters
    ----------
    connection
        A :func:`snapshot`.
    ref
        Whose rows.
    since
        A mark that the present one :meth:`Mark.follows`.
    limit
        Ids at most.
    """
    import sqlalchemy as sa

    table, key = base(ref)
    statement = sa.select(sa.cast(key, sa.Text)).select_from(table).where(sa.text(_NEWER)).limit(limit)
    return [found for found in connection.scalars(statement, _mark(since)) if found is not None]


def base(ref: IndexRef) -> tuple[FromClause, ColumnElement[Any]]:
    """The table of a schema under the name ``BASE``, and its column that names the document."""
    column = ref.schema.id_field.column
    assert column is not None, "a declaration refuses an id that is no column"
    table = own_table(ref.schema).alias(BASE)
    return table, table.c[column.key]


# In the order of 32 bits that wraps around: a frozen version of long ago may look recent, and is merely read once more.
_NEWER = f"age({BASE}.xmin) <= age(CAST(CAST(:since AS text) AS xid))"


def _mark(since: Mark) -> dict[str, str]:
    return {"since": _short(since.transaction)}


def _short(transaction: int) -> str:
    return str(transaction % 2**32)


def _several_servers(url: ServiceUrl) -> bool:
    # Of a row that is read on one server, a mark of another one says nothing. There is one primary at a time.
    several = len(url.hosts) > 1 or "," in str(url.options.get("host", ""))
    return several and url.options.get("target_session_attrs") not in ("primary", "read-write")


def _holder(connection: Connection, mark: Mark) -> str | None:
    found = _one(connection, "holder", {"transaction": _short(mark.transaction)}, optional=True)
    if found is None:
        return None
    if found.since is None:
        return f"{found.holder} has been open" if mark.next_transaction - mark.transaction > MANY else None
    if datetime.now(UTC) - found.since < LONG:
        return None
    return f"{found.holder} has been open since {found.since.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"


def _one(connection: Connection, name: str, parameters: dict[str, Any], *, optional: bool = False) -> Any:
    from sqlalchemy import text

    result = connection.execute(text(load(name)), parameters)
    return result.one_or_none() if optional else result.one()


def _scalar(connection: Connection, statement: str, parameters: dict[str, Any]) -> Any:
    from sqlalchemy import text

    return connection.execute(text(statement), parameters).scalar_one()
