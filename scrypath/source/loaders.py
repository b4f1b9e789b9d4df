"""How psycopg reads what PostgreSQL has and Python has not: as its text, so that one such value stops no other row."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from psycopg import Connection, DataError, NotSupportedError
from psycopg.abc import AdaptContext, Buffer
from psycopg.abc import Loader as AnyLoader
from psycopg.adapt import Loader
from psycopg.pq import Format

from scrypath.source.beyond import read_moment

OTHERWISE: dict[str, Callable[[str], Any]] = {
    "date": str,
    "timestamp": read_moment,
    "timestamptz": read_moment,
    "time": str,
    "timetz": str,
    "interval": str,
}


def register(connection: Connection[Any]) -> None:
    """Have a connection read dates, moments, times and lengths of time that are beyond Python's."""
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
                return bytes(data).decode()
            try:
                return self._usual.load(data)
            except (DataError, NotSupportedError):
                return otherwise(bytes(data).decode())

    return Beyond
