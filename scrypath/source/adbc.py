"""PostgreSQL as Arrow columns, by ADBC's own interface: its DB-API would import pandas wherever that is installed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrypath.config import Config
from scrypath.database import conninfo, explained, limits, translated
from scrypath.errors import DatabaseError

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager import AdbcConnection


class Connection:
    """A connection for one reading after another, each of them a transaction of its own."""

    def __init__(self, config: Config, connection: AdbcConnection) -> None:
        self._config = config
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
                yield pa.RecordBatchReader.from_batches(reader.schema, self._batches(reader))

    def _batches(self, reader: pa.RecordBatchReader) -> Iterator[pa.RecordBatch]:
        while True:
            # Once rows are on their way, Arrow has the operating system's words for whatever the database says.
            with translated(self._config, _broken_off, also=(OSError,)):
                try:
                    batch = reader.read_next_batch()
                except StopIteration:
                    return
            yield batch


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
        connect(conninfo(config, **limits(config))) as database,
        AdbcConnection(database) as connection,
    ):
        yield Connection(config, connection)


def _broken_off(error: Exception, config: Config) -> DatabaseError:
    said = explained(error, config)
    return DatabaseError(
        f"{said.message} The rows were being read.",
        hint="Check that the server runs, and that its statement_timeout leaves the time to read every row.",
    )
