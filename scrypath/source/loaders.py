"""How psycopg reads what PostgreSQL has and Python has not: as its text, so that one such value stops no other row."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from psycopg import Connection, DataError, NotSupportedError
from psycopg.abc import AdaptContext, Buffer
from psycopg.abc import Loader as AnyLoader
from psycopg.adapt import Loader
from psycopg.pq import Format
from psycopg.types.json import set_json_loads

from scrypath.schema.json_values import Beyond, RoundedDecimal, RoundedFloat
from scrypath.schema.kinds import Kind
from scrypath.source.beyond import read_moment
from scrypath.source.json_text import parsed

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

OTHERWISE: dict[str, Callable[[str], Any]] = {
    "date": partial(Beyond.of, Kind.DATE),
    "timestamp": read_moment,
    "timestamptz": read_moment,
    "time": partial(Beyond.of, Kind.TIME),
    "timetz": partial(Beyond.of, Kind.TIME),
    "interval": partial(Beyond.of, Kind.INTERVAL),
}


def register(connection: Connection[Any]) -> None:
    """Have a connection read dates, moments, times, lengths of time and JSON that are beyond Python's."""
    set_json_loads(parsed, connection)
    for name, otherwise in OTHERWISE.items():
        oid = connection.adapters.types[name].oid
        usual = connection.adapters.get_loader(oid, Format.TEXT)
        assert usual is not None, f"psycopg reads {name}"
        connection.adapters.register_loader(oid, _loader(usual, otherwise, months=name == "interval"))


def _loader(usual: type[AnyLoader], otherwise: Callable[[str], Any], *, months: bool) -> type[Loader]:
    class Beyond(Loader):
        def __init__(self, oid: int, context: AdaptContext | None = None) -> None:
            super().__init__(oid, context)
            self._usual = usual(oid, context)

        def load(self, data: Buffer) -> Any:
            # A month is of no length of its own; psycopg makes 30 days of it.
            if months and (b"mon" in bytes(data) or b"year" in bytes(data)):
                return otherwise(bytes(data).decode())
            try:
                return self._usual.load(data)
            except (DataError, NotSupportedError):
                return otherwise(bytes(data).decode())

    return Beyond


def exact_types() -> dict[type[TypeEngine[Any]], type[TypeEngine[Any]]]:
    """Types for a dialect that give what the database has where SQLAlchemy's own would round it or stop at it."""
    import sqlalchemy as sa
    from sqlalchemy.dialects.postgresql.psycopg import dialect
    from sqlalchemy.exc import InvalidRequestError

    def exact(usual: type[Any]) -> type[TypeEngine[Any]]:
        class Exact(usual):  # type: ignore[misc]
            def result_processor(self, dialect: Any, coltype: Any) -> Callable[[Any], Any] | None:
                try:
                    process = super().result_processor(dialect, coltype)
                except InvalidRequestError:  # the table has no number there
                    return None
                if process is None:
                    return None
                expected: Any = object
                if isinstance(self, sa.Uuid):
                    expected = UUID | str
                elif isinstance(self, sa.ARRAY) and not isinstance(self.item_type, sa.Enum):
                    expected = list
                return lambda value: _remembered(process, value) if isinstance(value, expected) else value

        return Exact

    kinds = (sa.Numeric, sa.Float, sa.Enum, sa.Uuid, sa.ARRAY, sa.LargeBinary)
    return {kind: exact(dialect.colspecs.get(kind, kind)) for kind in kinds}


def _remembered(process: Callable[[Any], Any], exact: Any) -> Any:
    try:
        value = process(exact)
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError):
        return exact  # a value that the declared type does not have
    found: Any
    match value:
        case float() if not isinstance(exact, float):
            found = RoundedFloat(value)
        case Decimal() if not isinstance(exact, Decimal):
            found = RoundedDecimal(value)
        case _:
            return value
    found.exact = exact
    return found
