from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import duckdb
import polars as pl
import pytest

from scrypath.config import Config
from scrypath.errors import StoreBusy, StoreError
from scrypath.memory import audit, engine, snapshots, store
from scrypath.memory.engine import broken


def count(config: Config) -> int:
    return audit.log(config).height


def write(config: Config, detail: str = "") -> str:
    return audit.before(config, action="repair", schema="City", target="city", detail=detail)


def test_the_file_is_made_with_its_folder_and_nothing_else_but_locks(config: Config) -> None:
    write(config)
    names = sorted(path.name for path in config.home.iterdir())
    assert names == ["memory.duckdb", "memory.duckdb.lock", "memory.duckdb.turn"]


def test_reading_before_anything_was_written_makes_the_file(config: Config) -> None:
    assert count(config) == 0
    assert config.store_path.stat().st_size > 0


def test_an_empty_file_is_taken_for_a_new_one(config: Config) -> None:
    config.home.mkdir()
    config.store_path.touch()
    write(config)
    assert count(config) == 1


def test_a_block_that_raises_stores_nothing(config: Config) -> None:
    write(config)
    with pytest.raises(ZeroDivisionError), store.connect(config) as connection:
        connection.execute("DELETE FROM audit WHERE length(detail) = 0").fetchall()[1 // 0]
    assert count(config) == 1


def test_a_reader_cannot_write(config: Config) -> None:
    with pytest.raises(StoreError, match="read-only"), store.connect(config, read_only=True) as connection:
        connection.execute("DELETE FROM audit")


def test_a_wrong_statement_says_where_the_columns_are(config: Config) -> None:
    with (
        pytest.raises(StoreError, match=r"refused a statement.*duckdb_columns"),
        store.connect(config) as connection,
    ):
        connection.execute("SELECT colour FROM audit")


@pytest.mark.parametrize("content", [b"hello" * 2000, b"\x00" * 50_000], ids=["text", "zeros"])
def test_a_file_that_is_not_duckdb(config: Config, content: bytes) -> None:
    config.home.mkdir()
    config.store_path.write_bytes(content)
    for call in (lambda: count(config), lambda: write(config)):
        with pytest.raises(StoreError, match=r"memory.duckdb cannot be used: .*move it elsewhere") as caught:
            call()
        assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert config.store_path.read_bytes() == content


def test_a_damaged_file(config: Config) -> None:
    write(config)
    content = bytearray(config.store_path.read_bytes())
    content[12_288:] = b"\x5a" * (len(content) - 12_288)
    config.store_path.write_bytes(content)
    with pytest.raises(StoreError, match="cannot be used"):
        count(config)
    with pytest.raises(StoreError, match="cannot be used"):
        write(config)


def test_a_truncated_file(config: Config) -> None:
    write(config)
    config.store_path.write_bytes(config.store_path.read_bytes()[:5_000])
    with pytest.raises(StoreError, match="cannot be used"):
        count(config)


def test_after_a_damaged_file_another_one_still_works(config: Config, tmp_path: Path) -> None:
    test_a_damaged_file(config)
    other = replace(config, home=tmp_path / "other")
    write(other)
    assert count(other) == 1


def test_a_folder_in_the_place_of_the_file(config: Config) -> None:
    config.store_path.mkdir(parents=True)
    with pytest.raises(StoreError, match="cannot be used"):
        write(config)


def test_a_file_in_the_place_of_the_folder(config: Config) -> None:
    config.home.write_text("")
    for call in (lambda: count(config), lambda: write(config)):
        with pytest.raises(StoreError, match=r"The folder of .* cannot be made"):
            call()


def test_someone_elses_database_is_left_alone(config: Config) -> None:
    config.home.mkdir()
    with duckdb.connect(config.store_path) as theirs:
        theirs.execute("CREATE TABLE invoices (id INTEGER)")
    for call in (lambda: count(config), lambda: write(config)):
        with pytest.raises(StoreError, match="not Scrypath's memory: it holds invoices"):
            call()
    with duckdb.connect(config.store_path) as theirs:
        assert theirs.execute("SELECT table_name FROM duckdb_tables()").fetchall() == [("invoices",)]


def test_a_path_with_quotes_and_spaces(tmp_path: Path) -> None:
    config = Config(store=tmp_path / 'it\'s "the" memory;.duckdb')
    write(config)
    assert count(config) == 1


def test_threads_wait_for_each_other(config: Config) -> None:
    with ThreadPoolExecutor(8) as pool:
        written = list(pool.map(lambda number: write(config, str(number)), range(64)))
        counts = list(pool.map(lambda _: count(config), range(16)))
    assert len(set(written)) == 64
    assert counts == [64] * 16


def test_a_nested_writer_gets_store_busy_and_not_a_deadlock(config: Config) -> None:
    patient = replace(config, store_timeout=0.05)
    with (
        store.connect(config),
        pytest.raises(
            StoreBusy, match=r"memory\.duckdb was held by another thread of this process for longer"
        ) as caught,
    ):
        write(patient)
    assert "0.05 s" in caught.value.message
    assert "store_timeout" in caught.value.hint
    write(patient)


def test_a_reader_waits_for_the_writer_to_end(config: Config) -> None:
    write(config)
    inside, finished = threading.Event(), threading.Event()
    counts: list[int] = []

    def read() -> None:
        inside.wait(5)
        counts.append(count(config))
        finished.set()

    thread = threading.Thread(target=read)
    thread.start()
    with store.connect(config) as connection:
        connection.execute("INSERT INTO audit BY NAME SELECT * REPLACE ('again' AS detail) FROM audit")
        inside.set()
        assert not finished.wait(0.1)
    thread.join(5)
    assert counts == [2]


def test_readers_share_the_file(config: Config) -> None:
    write(config)
    with store.connect(config, read_only=True) as first, store.connect(config, read_only=True) as second:
        for connection in (first, second):
            assert connection.execute("SELECT count(*) FROM audit").fetchall() == [(1,)]


def test_beside_a_connection_that_the_user_keeps_open(config: Config) -> None:
    write(config)
    with duckdb.connect(config.store_path) as mine:
        write(config)
        assert count(config) == 2
        assert mine.execute("SELECT count(*) FROM audit").fetchall() == [(2,)]


def test_a_read_only_connection_of_the_user_stops_writers_only(config: Config) -> None:
    write(config)
    with duckdb.connect(config.store_path, read_only=True):
        assert count(config) == 1
        with pytest.raises(StoreBusy, match="held by a connection of this process"):
            write(replace(config, store_timeout=0.05))
    write(config)


def test_nothing_stays_open_between_operations(config: Config) -> None:
    write(config)
    count(config)
    attached = (
        engine.ENGINE.cursor()
        .execute("SELECT path FROM duckdb_databases() WHERE path IS NOT NULL")
        .fetchall()
    )
    assert attached == []


def test_names_of_python_variables_are_not_tables(config: Config) -> None:
    secrets_of_the_caller = pl.DataFrame({"a": [1]})  # noqa: F841 - must stay out of reach
    with pytest.raises(StoreError, match="does not exist"), store.connect(config) as connection:
        connection.execute("SELECT * FROM secrets_of_the_caller")


def test_times_are_utc_whatever_the_zone_of_the_machine(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "America/New_York")
    taken_at = datetime(2026, 3, 29, 1, 30, tzinfo=UTC)
    record = snapshots.SnapshotRecord(
        schema="City", index="city", taken_at=taken_at, documents_compared=False
    )
    saved = snapshots.save(config, record, snapshots.DOCUMENTS.empty())
    assert snapshots.listing(config).item(0, "taken_at") == taken_at
    assert saved.startswith("snap-20260329-013000-")


def test_a_file_that_may_not_be_read_is_not_called_damaged(config: Config) -> None:
    refusal = duckdb.IOException(f'IO Error: Cannot open file "{config.store_path}": Permission denied')
    said = broken(config.store_path, refusal)
    assert str(said).startswith(f"{config.store_path} cannot be opened: ")
    assert "move it" not in str(said.hint)
    assert "let this user read and write it" in str(said.hint)
