"""PostgreSQL as Arrow columns, by ADBC's own interface: its DB-API would import pandas wherever that is installed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from scrypath.config import Config
from scrypath.database import conninfo, explained, limits, translated
from scrypath.errors import DatabaseError
from scrypath.source.driver_values import is_postgresql_own

if TYPE_CHECKING:
    import pyarrow as pa
    from adbc_driver_manager import AdbcDatabase

    from scrypath.service_url import ServiceUrl

KEPT = 4  # connections to one database at a time that find its types known


class Connection:
    """A connection for one reading after another, each of them a transaction of its own."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._databases = _databases(
            config.need_database_url(), config.connect_timeout, config.request_timeout
        )
        known = self._databases.known()
        self._fresh = known is None
        self._open(known or self._databases.new())

    def close(self) -> None:
        """Close it; what the driver knows of the database's types is kept for the next one."""
        self._connection.close()
        self._databases.keep(self._database)

    def types(self, query: str) -> list[str]:
        """What PostgreSQL calls the types of a query's columns; nothing is read. An array's begins with ``_``."""
        found = self._described(query)
        if not self._fresh and not all(is_postgresql_own(name) for name in found):
            # A type that somebody made: it may be younger than what the driver knows, or have another's number.
            self._connection.close()
            self._open(self._databases.new())
            self._fresh = True
            found = self._described(query)
        return found

    def _open(self, database: AdbcDatabase) -> None:
        from adbc_driver_manager import AdbcConnection

        self._database, self._connection = database, AdbcConnection(database)

    def _described(self, query: str) -> list[str]:
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


class _Databases:
    """What the driver knows of one database: its types, and no connection. Each is for one connection at a time.

    Reading all the types takes longer than everything else about a connection.
    """

    def __init__(self, config: Config) -> None:
        self._config = config
        self._kept: deque[AdbcDatabase] = deque(maxlen=KEPT)

    def known(self) -> AdbcDatabase | None:
        with suppress(IndexError):
            return self._kept.pop()
        return None

    def new(self) -> AdbcDatabase:
        from adbc_driver_postgresql import connect

        made: AdbcDatabase = connect(conninfo(self._config, **limits(self._config)))
        return made

    def keep(self, database: AdbcDatabase) -> None:
        self._kept.append(database)


@contextmanager
def connected(config: Config) -> Iterator[Connection]:
    """A connection to the configured database: opening one takes longer than reading a few rows.

    Raises
    ------
    DatabaseError
        When the database cannot be reached, or refuses in the block.
    """
    with translated(config), closing(Connection(config)) as made:
        yield made


@lru_cache(maxsize=8)
def _databases(url: ServiceUrl, connect_timeout: float, request_timeout: float) -> _Databases:
    return _Databases(
        Config(database_url=url, connect_timeout=connect_timeout, request_timeout=request_timeout)
    )


def _broken_off(error: Exception, config: Config) -> DatabaseError:
    said = explained(error, config)
    return DatabaseError(
        f"{said.message} The rows were being read.",
        hint="Check that the server runs, and that its statement_timeout leaves the time to read every row.",
    )
