"""What breaks in the middle of a stream is a side that could not be read, never an error that nobody expects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import orjson
import pytest
import sqlalchemy as sa

import scrypath
from scrypath.cli import main
from scrypath.config import Config
from scrypath.duck import computing
from scrypath.errors import DatabaseError, OutOfSpace
from scrypath.source.engine import engine
from scrypath.vocabulary import Verification

pytestmark = pytest.mark.integration
Sql = Callable[..., None]
MANY = 60_000


@pytest.fixture
def many(config: Config, products: list[str], sql: Sql) -> Config:
    """More rows than PostgreSQL hands over in a moment."""
    sql(
        "INSERT INTO products (id, name, price, stock, hidden) "
        f"SELECT n, repeat('x', 1000), 1, n, false FROM generate_series(21, {MANY}) n"
    )
    return config


def hurried(config: Config, milliseconds: int) -> Config:
    """The same configuration, with a statement_timeout that is too short."""
    url = config.need_database_url().reveal()
    added = f"options=-c%20statement_timeout%3D{milliseconds}"
    return replace(config, database_url=f"{url}{'&' if '?' in url else '?'}{added}")


def kill_readers(config: Config) -> None:
    """End every connection that reads products at this moment."""
    with engine(config).connect() as connection:
        connection.execute(
            sa.text(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND query LIKE 'COPY%products%'"
            )
        )


def assert_unread(report: scrypath.Reconcile, words: str) -> None:
    assert report.in_step is None
    assert (report.rows, report.indexed, report.matching) == (None, None, None)
    assert words in str(report.note)
    assert {count for drift, count in report.document_counts.iter_rows() if drift != "unknown"} == {None}


@pytest.mark.parametrize("verify", [*Verification])
def test_a_statement_timeout_in_the_middle(
    many: Config, verify: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    short = hurried(many, 20)
    assert_unread(
        scrypath.reconcile_sync("Product", verify=verify, incremental=False, config=short), "timeout"
    )
    monkeypatch.setattr("scrypath.cli.commands.reconcile.load_config", lambda: short)
    assert main(["reconcile", "Product", "--json"]) == 1
    (shown,) = orjson.loads(capsys.readouterr().out)["reports"]
    assert "statement timeout" in shown["note"]


def test_a_connection_that_the_server_ends_in_the_middle(
    many: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scrypath.compare import local_reader

    insert = local_reader.insert
    killed: list[bool] = []

    def kill_then_insert(*arguments: Any) -> None:
        if arguments[1] == "rows_side" and not killed:
            killed.append(True)
            kill_readers(many)
        insert(*arguments)

    monkeypatch.setattr(local_reader, "insert", kill_then_insert)
    assert_unread(scrypath.reconcile_sync("Product", incremental=False, config=many), "The database at")


def test_the_verbs_that_read_every_row_say_what_the_database_said(many: Config) -> None:
    with pytest.raises(DatabaseError, match="statement timeout"):
        scrypath.backfill("Product", config=hurried(many, 20))


def test_a_temporary_folder_without_room(
    config: Config, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.temporary_folder.tempfile.gettempdir", lambda: "/proc/no/such/folder")
    assert_unread(
        scrypath.reconcile_sync("Product", incremental=False, config=config), "could not compute it"
    )


def test_duckdb_without_memory_is_an_error_of_ours() -> None:
    connection = duckdb.connect(":memory:", config={"memory_limit": "1MB", "temp_directory": ""})
    with connection, pytest.raises(OutOfSpace, match="Out of Memory") as caught, computing():
        connection.execute("SELECT list(n) FROM range(1_000_000) t(n)")
    assert "TMPDIR" in caught.value.hint
