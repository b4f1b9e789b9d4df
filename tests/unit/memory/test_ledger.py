from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from scrypath.config import Config
from scrypath.memory import ledger, store
from scrypath.memory.ledger import LEDGER, SentWork
from scrypath.vocabulary import Operation, SyncMode

SENT_AT = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)


def work(reference: str, **changes: object) -> SentWork:
    values: dict[str, object] = {
        "reference": reference,
        "schema": "City",
        "index": "shop_city",
        "operation": Operation.UPSERT,
        "mode": SyncMode.MANUAL,
        "document_ids": ["1", "2"],
        "document_count": 2,
        "sent_at": SENT_AT,
    }
    return SentWork(**(values | changes))  # type: ignore[arg-type]


def test_references_are_short_unique_and_safe_in_urls() -> None:
    references = {ledger.new_reference() for _ in range(10_000)}
    assert len(references) == 10_000
    assert all(re.fullmatch(r"scry-[A-Za-z0-9_-]{16}", reference) for reference in references)


def test_sent_work_is_found_by_reference(config: Config) -> None:
    ledger.record(config, [work("scry-a"), work("scry-b", cause="oban:4")])
    found = ledger.lookup(config, ["scry-b", "scry-none"])
    LEDGER.check(found)
    assert found.rows(named=True) == [
        {
            "reference": "scry-b",
            "task_uid": None,
            "schema": "City",
            "index": "shop_city",
            "operation": "upsert",
            "mode": "manual",
            "document_ids": ["1", "2"],
            "document_count": 2,
            "sent_at": SENT_AT,
            "cause": "oban:4",
            "database": None,
            "server": None,
        }
    ]


def test_an_acknowledged_task_is_found_by_its_uid(config: Config) -> None:
    ledger.record(config, [work("scry-a")])
    ledger.acknowledge(config, "scry-a", 7)
    ledger.acknowledge(config, "scry-unknown", 8)
    found = ledger.lookup(config, [], [("shop_city", 7), ("shop_city", 8), ("other", 7)])
    assert found.select("reference", "task_uid").rows() == [("scry-a", 7)]


def test_a_server_that_counts_from_zero_again_gives_the_newest(config: Config) -> None:
    later = SENT_AT + timedelta(days=1)
    ledger.record(config, [work("scry-new", task_uid=7, sent_at=later), work("scry-old", task_uid=7)])
    assert ledger.lookup(config, [], [("shop_city", 7)])["reference"].to_list() == ["scry-new"]
    both = ledger.lookup(config, ["scry-old", "scry-new"], [("shop_city", 7)])
    assert both["reference"].to_list() == ["scry-old", "scry-new"]


def test_one_reference_may_stand_for_several_batches(config: Config) -> None:
    ledger.record(config, [work("scry-a", task_uid=uid, document_ids=[str(uid)]) for uid in (1, 2, 3)])
    assert ledger.lookup(config, ["scry-a"])["document_ids"].to_list() == [["1"], ["2"], ["3"]]


def test_null_and_empty_ids_stay_what_they_are(config: Config) -> None:
    settings = work(
        "scry-a", operation=Operation.SETTINGS, document_ids=None, document_count=None, schema=None, mode=None
    )
    ledger.record(config, [settings, work("scry-b", document_ids=[], document_count=0)])
    found = ledger.lookup(config, ["scry-a", "scry-b"])
    assert found["document_ids"].to_list() == [None, []]
    assert found["mode"].to_list() == [None, "manual"]


def test_nothing_asked_is_an_empty_frame_and_opens_nothing(config: Config) -> None:
    ledger.record(config, [])
    LEDGER.check(ledger.lookup(config, []))
    assert not config.store_path.exists()
    LEDGER.check(ledger.lookup(config, ["scry-a"]))


def test_a_large_backfill_is_recorded_and_found(config: Config) -> None:
    batches = [
        work(f"scry-{number}", document_ids=[str(number * 5_000 + n) for n in range(5_000)], task_uid=number)
        for number in range(40)
    ]
    ledger.record(config, batches)
    found = ledger.lookup(config, [], [("shop_city", 39)])
    assert found.item(0, "document_ids").to_list()[-1] == "199999"


def test_the_view_says_what_a_lookup_says(config: Config) -> None:
    ids = [["2", "1"], ["3"], None, []]
    ledger.record(
        config,
        [
            work(f"scry-{n}", document_ids=each, document_count=None if each is None else len(each))
            for n, each in enumerate(ids)
        ],
    )
    with store.connect(config, read_only=True) as connection:
        viewed = store.fetch(connection, LEDGER, "FROM ledger ORDER BY reference")
    assert viewed.equals(ledger.lookup(config, viewed["reference"].to_list()))
    assert viewed["document_ids"].to_list() == ids


def test_what_was_sent_before_does_not_make_the_next_request_dearer(config: Config) -> None:
    """The end of a table that a checkpoint rewrites holds rows of one id each, not lists of thousands."""
    for number in range(30):
        ledger.record(config, [work(f"scry-{number}", document_ids=[f"{number}-{n}" for n in range(5_000)])])
    with store.connect(config, read_only=True) as connection:
        [(rows,)] = connection.execute(
            "SELECT max(rows) FROM (SELECT sum(count) AS rows FROM pragma_storage_info('request_documents')"
            " WHERE column_name = 'document_id' AND segment_type = 'VARCHAR' GROUP BY row_group_id)"
        ).fetchall()
        lists = connection.execute(
            "SELECT table_name FROM duckdb_columns() WHERE data_type LIKE '%[]' AND NOT internal"
            " AND table_name IN (SELECT table_name FROM duckdb_tables())"
        ).fetchall()
    assert rows <= 122_880
    assert lists == [("failures",)]
    assert ledger.lookup(config, ["scry-29"]).item(0, "document_ids").len() == 5_000


def test_the_cause_holds_no_secret(config: Config) -> None:
    ledger.record(config, [work("scry-a", cause="retry with masterKey-1234")])
    assert ledger.lookup(config, ["scry-a"]).item(0, "cause") == "retry with ********"
