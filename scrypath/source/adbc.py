"""PostgreSQL as Arrow columns, by ADBC's own interface: its DB-API would import pandas wherever that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrypath.config import Config
from scrypath.database import conninfo, translated

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager import AdbcConnection


class Connection:
    """A connection for one reading after another, each of them a transaction of its own."""

    def __init__(self, connection: AdbcConnection) -> None:
        self._connection = connection

    def types(self, query: str) -> list[str]:
        """What PostgreSQL calls the types of a query's columns; nothing is read. An array's begins with ``_``."""
        import pyarrow as pa
        from adbc_driver_manager import AdbcStatement

        with AdbcStatement(self._connection) as statement:
            statement.set_sql_query(query)
            described = pa.schema(statement.execute_schema())
        return [(field.metadata or {}).get(b"POSTGRESQL:type", b"").decode() for field in described]

    @contextmanager
    def read(self, query: str) -> Iterator[pa.RecordBatchReader]:
        """The rows of a query, as they come."""
        import pyarrow as pa
        from adbc_driver_manager import AdbcStatement

        with AdbcStatement(self._connection) as statement:
            statement.set_sql_query(query)
            stream, _ = statement.execute_query()
            with pa.RecordBatchReader.from_stream(stream) as reader:
                yield reader


@contextmanager
def connected(config: Config) -> Iterator[Connection]:
    """A connection to the configured database: opening one takes longer than reading a few rows.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses in the block.
    """
    from adbc_driver_manager import AdbcConnection
    from adbc_driver_postgresql import connect

    with (
        translated(config),
        connect(conninfo(config)) as database,
        AdbcConnection(database) as connection,
    ):
        yield Connection(connection)
