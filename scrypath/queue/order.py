"""Keeping the writers of one index in turn, so that what was read last is also what was sent last."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from scrypath.queue.connection import connect

if TYPE_CHECKING:
    from scrypath.config import Config


@contextmanager
def in_turn(config: Config, index: str) -> Iterator[None]:
    """Hold an index while rows are read and the write made from them is handed to Meilisearch.

    Meilisearch applies tasks in the order it accepted them. Two jobs about one row may read it at different
    times; without this, the one that read first can be accepted last, and the older content stays. Waiting
    for the tasks belongs outside of the block. The turn ends with the process, however it ends.

    Parameters
    ----------
    config
        ``database_url`` says whose writers: all that use the same database.
    index
        Index name on the server.

    Raises
    ------
    DatabaseError
        When PostgreSQL cannot be reached.
    """
    with connect(config) as connection:
        connection.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"scrypath.order:{index}"]
        )
        yield
