from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pytest

from scrypath.config import Config
from scrypath.errors import StoreError
from scrypath.memory import audit, layout, ledger, snapshots, store
from scrypath.memory.ledger import SentWork
from scrypath.memory.sql import load
from scrypath.vocabulary import Operation, SyncMode

SENT = {
    "reference": "scry-new",
    "schema": "City",
    "index": "city",
    "operation": Operation.UPSERT,
    "mode": SyncMode.INLINE,
    "document_ids": ["3"],
    "document_count": 1,
    "sent_at": datetime(2026, 5, 1, tzinfo=UTC),
}


def make_first_layout(config: Config) -> None:
    """A file as the first release made it, with a row in every table."""
    config.home.mkdir(parents=True)
    with duckdb.connect(config.store_path) as connection:
        connection.execute(load("layout_1"))
        connection.execute(
            """
            INSERT INTO layout (version) VALUES (1);
            INSERT INTO ledger (reference, task_uid, "schema", "index", operation, document_ids, sent_at)
            VALUES ('scry-old', 7, 'City', 'city', 'upsert', ['1', '2'], TIMESTAMPTZ '2026-01-01 00:00:00+00');
            INSERT INTO ledger (reference, "index", operation, document_ids, document_count, sent_at)
            VALUES
                ('scry-settings', 'city', 'settings', NULL, NULL, now()),
                ('scry-none', 'city', 'upsert', [], 0, now());
            INSERT INTO failures (work_id, first_seen, last_seen, times_seen) VALUES ('meili:7', now(), now(), 3);
            INSERT INTO snapshots
                (snapshot_id, "schema", "index", taken_at, duration_us, documents_compared, stale, evidence)
            VALUES ('snap-old', 'City', 'city', TIMESTAMPTZ '2026-01-01 00:00:00+00', 1500000, true, 1, '{"x": 1}');
            INSERT INTO snapshot_documents (snapshot_id, document_id, drift) VALUES ('snap-old', '1', 'stale');
            INSERT INTO audit (audit_id, written_at, phase, actor, "action", detail)
            VALUES ('audit-old', now(), 'before', 'ada', 'repair', '')
            """
        )


@pytest.mark.parametrize("first", ["read", "write"])
def test_a_file_of_the_first_layout_is_migrated_with_its_rows(config: Config, first: str) -> None:
    make_first_layout(config)
    if first == "write":
        audit.after(config, "audit-old", outcome=audit.Outcome.COMPLETED)
    listed = snapshots.listing(config)
    assert listed.item(0, "snapshot_id") == "snap-old"
    assert listed.item(0, "duration") == timedelta(seconds=1.5)
    assert snapshots.record(config, "snap-old").evidence == {"x": 1}
    assert snapshots.documents(config, "snap-old").item(0, "document_id") == "1"
    [sent] = ledger.lookup(config, ["scry-old"]).rows(named=True)
    assert sent["sent_at"] == datetime(2026, 1, 1, tzinfo=UTC)
    assert (sent["task_uid"], sent["document_ids"]) == (7, ["1", "2"])
    with store.connect(config, read_only=True) as connection:
        versions = connection.execute("SELECT version FROM layout ORDER BY version").fetchall()
        assert versions == [(number,) for number in range(1, layout.CURRENT + 1)]
        assert connection.execute("SELECT stale FROM latest_snapshots").fetchall() == [(1,)]
        assert connection.execute("SELECT actor FROM actions").fetchall() == [("ada",)]
        assert connection.execute("SELECT reference, document_ids FROM ledger").fetchall() == [
            ("scry-old", ["1", "2"]),
            ("scry-settings", None),
            ("scry-none", []),
        ]
    ledger.record(config, [SentWork(**SENT)])
    assert ledger.lookup(config, ["scry-new"]).item(0, "document_ids").to_list() == ["3"]


def test_a_migrated_file_has_the_layout_of_a_new_one(config: Config, tmp_path: object) -> None:
    make_first_layout(config)
    fresh = Config(home=config.home.parent / "fresh")
    described = []
    for each in (config, fresh):
        with store.connect(each, read_only=True) as connection:
            described.append(
                connection.execute(
                    "SELECT table_name, column_name, data_type, comment FROM duckdb_columns()"
                    " WHERE database_name = current_database() ORDER BY ALL"
                ).fetchall()
            )
    assert described[0] == described[1]


def test_a_file_of_a_newer_scrypath_is_refused(config: Config) -> None:
    with store.connect(config) as connection:
        connection.execute("INSERT INTO layout (version) VALUES (99)")
    for read_only in (True, False):
        with (
            pytest.raises(
                StoreError, match=r"has layout 99; this Scrypath knows layouts up to .*Upgrade scrypath"
            ),
            store.connect(config, read_only=read_only),
        ):
            pass


def test_a_migration_that_fails_leaves_the_old_file(config: Config) -> None:
    make_first_layout(config)
    with duckdb.connect(config.store_path) as theirs:
        theirs.execute("CREATE VIEW actions AS SELECT 1 AS mine")
    with pytest.raises(StoreError, match="actions"):
        snapshots.listing(config)
    with duckdb.connect(config.store_path) as theirs:
        assert theirs.execute("SELECT version FROM layout").fetchall() == [(1,)]
        assert theirs.execute("SELECT mine FROM actions").fetchall() == [(1,)]


def test_every_table_view_and_column_says_what_it_is(config: Config) -> None:
    with store.connect(config, read_only=True) as connection:
        silent = connection.execute(
            """
            SELECT table_name, '' FROM duckdb_tables()
            WHERE database_name = current_database() AND comment IS NULL
            UNION ALL
            SELECT view_name, '' FROM duckdb_views()
            WHERE database_name = current_database() AND NOT internal AND comment IS NULL
            UNION ALL
            SELECT table_name, column_name FROM duckdb_columns()
            WHERE database_name = current_database() AND NOT internal AND comment IS NULL
                AND table_name IN (SELECT table_name FROM duckdb_tables())
            """
        ).fetchall()
    assert silent == []


def test_columns_can_be_named_without_quotes(config: Config) -> None:
    with store.connect(config, read_only=True) as connection:
        connection.execute("SELECT index, rows, unknown, schema, documents FROM latest_snapshots").fetchall()
        connection.execute("SELECT written_at, action, schema, target FROM audit").fetchall()
        connection.execute("SELECT begun_at, ended_at, action, outcome FROM actions").fetchall()
