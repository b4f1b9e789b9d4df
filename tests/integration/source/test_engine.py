"""One engine a database, and no connection that outlives its use."""

from __future__ import annotations

import psycopg
import pytest
import sqlalchemy as sa

from scrypath.config import Config
from scrypath.queue.connection import conninfo
from scrypath.source.engine import engine

pytestmark = pytest.mark.integration


def test_one_database_has_one_engine(config: Config) -> None:
    assert engine(config) is engine(config)


def test_a_connection_given_back_is_closed(config: Config) -> None:
    with engine(config).connect() as connection:
        process = connection.execute(sa.text("SELECT pg_backend_pid()")).scalar()
    with psycopg.connect(conninfo(config), autocommit=True) as watching:
        watching.execute("SELECT pg_terminate_backend(%s, 5000)", [process])  # waits until it has gone
        left = watching.execute("SELECT count(*) FROM pg_stat_activity WHERE pid = %s", [process]).fetchone()
    assert left == (0,)
