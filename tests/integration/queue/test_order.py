from __future__ import annotations

import threading
from collections.abc import Callable

import psycopg
import pytest

from scrypath.config import Config
from scrypath.queue.connection import conninfo
from scrypath.queue.order import in_turn

pytestmark = pytest.mark.integration


def test_who_reads_later_writes_later(config: Config) -> None:
    row, document = {"name": "old"}, {"name": "none"}
    first_has_read, first_may_write = threading.Event(), threading.Event()

    def write(has_read: Callable[[], object], may_write: Callable[[], object]) -> None:
        with in_turn(config, "cities"):
            read = dict(row)
            has_read()
            may_write()
            document.update(read)

    first = threading.Thread(target=write, args=(first_has_read.set, lambda: first_may_write.wait(30)))
    second = threading.Thread(target=write, args=(lambda: None, lambda: None))
    first.start()
    assert first_has_read.wait(30)
    row["name"] = "new"
    second.start()
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        waiting = (
            "SELECT 1 FROM pg_locks JOIN pg_database ON pg_database.oid = database"
            " WHERE NOT granted AND datname = current_database()"
        )
        while not connection.execute(waiting).fetchone():
            assert second.is_alive(), "the second writer did not wait for the first"
        with in_turn(config, "countries"):
            assert document == {"name": "none"}
    first_may_write.set()
    first.join()
    second.join()
    assert document == {"name": "new"}


def test_a_turn_ends_with_an_error_too(config: Config) -> None:
    with pytest.raises(ValueError, match="down"), in_turn(config, "cities"):
        raise ValueError("down")
    with in_turn(config, "cities"):
        pass
