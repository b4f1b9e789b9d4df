"""An incremental comparison finds what a full one finds, or says that it cannot and reads everything."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

import polars as pl
import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.meilisearch.indexes import GONE
from scrypath.schema import registry
from scrypath.source.engine import engine
from tests.support.notes import Base, Note
from tests.support.reports import drift_of

pytestmark = pytest.mark.integration
Sql = Callable[..., None]
ROWS = 300


@pytest.fixture
def notes(config: Config, sql: Sql) -> Config:
    """300 notes, an hour old, in step, compared once."""
    config = replace(config, schemas=("tests.support.notes:Note",))
    Base.metadata.create_all(engine(config))
    sql(
        "INSERT INTO notes SELECT n, 'Note ' || n, false, now() - interval '1 hour'"
        f" FROM generate_series(1, {ROWS}) AS n"
    )
    scrypath.backfill("Note", config=config)
    assert compared(config, incremental=False).in_step is True
    return config


@pytest.fixture
def memos(config: Config, sql: Sql) -> Config:
    """300 memos likewise, whose query nobody can look into: only their ``changed_at`` says what changed."""
    config = replace(config, schemas=("tests.support.notes:Memo",))
    Base.metadata.create_all(engine(config))
    sql(
        "INSERT INTO memos SELECT n, 'Memo ' || n, false, now() - interval '1 hour'"
        f" FROM generate_series(1, {ROWS}) AS n"
    )
    scrypath.backfill("Memo", config=config)
    assert compared(config, incremental=False, schema="Memo").in_step is True
    return config


def compared(config: Config, *, incremental: bool | None = None, schema: str = "Note") -> scrypath.Reconcile:
    report = scrypath.reconcile_sync(schema, incremental=incremental, config=config)
    assert report.rows is not None
    return report


def method(config: Config) -> str | None:
    return compared(config).method


def written(config: Config, *sent: documents.SentTask) -> None:
    for task in tasks.wait_all(config, [item.uid for item in sent]):
        task.require_success()


def same(one: scrypath.Reconcile, other: scrypath.Reconcile) -> bool:
    return (
        (one.rows, one.indexed, one.matching) == (other.rows, other.indexed, other.matching)
        and one.documents.equals(other.documents)
        and one.document_counts.equals(other.document_counts)
    )


def test_changed_new_and_withdrawn_rows_are_found_by_reading_them_alone(notes: Config, sql: Sql) -> None:
    sql("UPDATE notes SET body = 'Changed', changed_at = now() WHERE id IN (1, 2)")
    sql("UPDATE notes SET withdrawn = true, changed_at = now() WHERE id = 3")
    sql("INSERT INTO notes VALUES (999, 'New', false, now())")
    report = compared(notes)
    assert report.method == "incremental"
    assert (report.basis, report.read_now, report.from_before, report.note) == (
        "row_versions",
        4,
        ROWS - 3,
        None,
    )
    assert report.reading == (
        "Only what changed was read, by the versions of rows, whoever wrote: 4 ids now; "
        f"297 documents as in {report.started_from}."
    )
    assert drift_of(report) == {"1": "stale", "2": "stale", "3": "orphan", "999": "missing"}
    assert (report.rows, report.indexed, report.matching) == (ROWS, ROWS, ROWS - 3)
    assert same(report, compared(notes, incremental=False))


def test_what_drifted_before_is_read_again(notes: Config, sql: Sql) -> None:
    sql("UPDATE notes SET body = 'Changed' WHERE id = 7")  # by someone who does not keep updated_at
    assert drift_of(compared(notes, incremental=False)) == {"7": "stale"}
    assert drift_of(compared(notes)) == {"7": "stale"}
    scrypath.sync_records("Note", [{"id": 7, "body": "Changed"}], config=notes)
    again = compared(notes)
    assert (again.method, again.in_step) == ("incremental", True)


def test_documents_that_our_own_tasks_wrote_are_read(notes: Config) -> None:
    scrypath.sync_records("Note", [{"id": 5, "body": "Not what the row says"}], config=notes)
    scrypath.delete_document("Note", 6, config=notes)
    report = compared(notes)
    assert report.method == "incremental"
    assert drift_of(report) == {"5": "stale", "6": "missing"}


def test_documents_that_others_wrote_make_it_read_everything(notes: Config) -> None:
    index = registry.find("Note").index_name(notes)
    written(notes, *documents.write(notes, index, [{"id": 8, "body": "Theirs"}]))
    report = compared(notes)
    assert report.method == "full"
    assert "is not recorded in this machine's ledger" in str(report.note)
    assert drift_of(report) == {"8": "stale"}


def test_a_row_deleted_without_a_trace_shows_in_the_totals(notes: Config, sql: Sql) -> None:
    sql("DELETE FROM notes WHERE id = 9")
    report = compared(notes)
    assert report.method == "full"
    assert str(report.note) == "Everything was compared: Rows or documents were added or removed unnoticed."
    assert drift_of(report) == {"9": "orphan"}
    # Known from now on, it is no reason to read everything.
    assert (again := compared(notes)).method == "incremental"
    assert drift_of(again) == {"9": "orphan"}


def test_a_recreated_index_is_read_completely(notes: Config) -> None:
    index = registry.find("Note").index_name(notes)
    tasks.wait(notes, indexes.delete(notes, index)).require_success()
    scrypath.backfill("Note", config=notes)
    report = compared(notes)
    assert (report.method, report.in_step) == ("full", True)
    assert "The index was swapped or recreated." in str(report.note)


def test_a_task_that_had_not_ended_is_read_the_next_time(notes: Config) -> None:
    scrypath.sync_records("Note", [{"id": 4, "body": "Late"}], mode="manual", config=notes)
    first = compared(notes)  # the task may or may not have been applied
    assert drift_of(first) in ({}, {"4": "in_flight"}, {"4": "stale"})
    index = registry.find("Note").index_name(notes)
    unfinished = tasks.listing(notes, index_uids=[index], statuses=["enqueued", "processing"]).frame
    tasks.wait_all(notes, unfinished["uid"].to_list())
    second = compared(notes)
    assert second.method == "incremental"
    assert drift_of(second) == {"4": "stale"}


def test_many_changes_are_read_with_everything(
    notes: Config, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.compare.incremental.ALWAYS", 10)
    sql("UPDATE notes SET body = 'Changed', changed_at = now() WHERE id <= 100")
    report = compared(notes)
    assert report.method == "full"
    assert "More than 30 rows changed" in str(report.note)
    assert report.documents.height == 100


def test_a_row_that_does_not_say_when_it_changed_is_read(memos: Config, sql: Sql) -> None:
    sql("ALTER TABLE memos ALTER changed_at DROP NOT NULL")
    sql("UPDATE memos SET changed_at = NULL WHERE id = 7")
    assert compared(memos, schema="Memo", incremental=True).in_step is True
    sql("UPDATE memos SET body = 'Changed' WHERE id = 7")
    report = compared(memos, schema="Memo", incremental=True)
    assert (report.method, report.basis) == ("incremental", "updated_at")
    assert drift_of(report) == {"7": "stale"}


def test_a_clock_that_is_a_few_minutes_behind_hides_nothing(memos: Config, sql: Sql) -> None:
    sql("UPDATE memos SET body = 'Changed', changed_at = now() - interval '4 minutes' WHERE id = 8")
    report = compared(memos, schema="Memo", incremental=True)
    assert (report.method, report.basis) == ("incremental", "updated_at")
    assert drift_of(report) == {"8": "stale"}


def test_a_change_that_was_not_committed_when_the_earlier_comparison_read_is_found(
    memos: Config, sql: Sql
) -> None:
    with engine(memos).connect() as slow:
        slow.execute(
            sa.text(
                "UPDATE memos SET body = 'Changed', changed_at = now() - interval '4 minutes' WHERE id = 9"
            )
        )
        assert compared(memos, schema="Memo", incremental=False).in_step is True
        slow.commit()
    assert drift_of(compared(memos, schema="Memo", incremental=True)) == {"9": "stale"}


def test_one_row_gone_and_another_come_do_not_cancel_out(memos: Config, sql: Sql) -> None:
    sql("DELETE FROM memos WHERE id = 9")
    sql("INSERT INTO memos VALUES (999, 'New', false, now())")
    report = compared(memos, schema="Memo", incremental=True)
    assert drift_of(report) == {"9": "orphan", "999": "missing"}
    assert "added or removed unnoticed" in str(report.note)


def test_another_declaration_is_compared_whole(notes: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tests.support.notes.PRIVATE", {"draft", "secret"})
    report = compared(notes)
    assert report.method == "full"
    assert "The schema's definition has changed." in str(report.note)


def test_another_process_goes_on_from_what_this_one_compared(
    notes: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    methods = []
    for seed in ("1", "2"):  # another order of every set of texts
        monkeypatch.setenv("PYTHONHASHSEED", seed)
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as process:
            methods.append(process.submit(method, notes).result())
    assert methods == ["incremental", "incremental"]


def test_deleted_task_history_is_no_proof(notes: Config) -> None:
    scrypath.sync_records("Note", [{"id": 5, "body": "Not what the row says"}], config=notes)
    tasks.delete(notes, index_uids=[registry.find("Note").index_name(notes)], statuses=["succeeded"])
    newest = tasks.listing(notes, types=["taskDeletion"], limit=1).frame["uid"][0]
    tasks.wait(notes, newest)
    report = compared(notes)
    assert report.method == "full"
    assert drift_of(report) == {"5": "stale"}


def test_without_an_earlier_comparison_everything_is_read(config: Config, products: list[str]) -> None:
    reason = "No earlier comparison of this index is stored."
    report = scrypath.reconcile_sync("Product", incremental=True, config=config)
    assert (report.method, report.in_step) == ("full", True)
    assert report.note == f"Everything was compared: {reason}"


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"incremental": True, "sample": 10}, "incremental and sample cannot be combined"),
        ({"documents": False, "sample": 10}, "documents=False and sample"),
        ({"sample": 0}, "sample cannot be 0"),
        ({"sample": True}, "sample cannot be True"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    config: Config, asked: dict[str, object], words: str
) -> None:
    with pytest.raises(scrypath.errors.InvalidOptions, match=words):
        scrypath.reconcile_sync("Product", config=config, **asked)  # type: ignore[arg-type]


def test_a_sample_is_an_estimate_and_says_so(notes: Config, sql: Sql) -> None:
    sql("UPDATE notes SET body = 'Changed' WHERE id <= 150")
    sql("DELETE FROM notes WHERE id > 290")
    report = scrypath.reconcile_sync("Note", sample=100, config=notes)
    assert (report.method, report.rows, report.matching) == ("sample", None, None)
    assert report.document_counts["count"].null_count() == 6
    assert report.note == "Estimated from 100 of 290 rows, chosen at random."
    assert report.estimate is not None
    stale, orphan = report.estimate.to_dicts()[1], report.estimate.to_dicts()[2]
    assert stale["found"] == report.documents.height <= 100
    assert stale["found"] <= stale["low"] <= stale["estimate"] <= stale["high"] <= 290
    assert orphan["low"] <= 10 <= orphan["high"]
    assert report.in_step is False
    assert "probably" in str(report)
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "document_drift", named=True)
    assert (signal["raised"], signal["count"]) == (True, report.documents.height)
    stored = scrypath.snapshots("Note", config=notes).row(0, named=True)
    assert (stored["documents_compared"], stored["stale"]) == (False, None)


def test_a_sample_that_shows_no_drift_proves_nothing(notes: Config) -> None:
    report = scrypath.reconcile_sync("Note", sample=50, config=notes)
    assert report.documents.is_empty()
    assert report.in_step is None
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "document_drift", named=True)
    assert (signal["observed"], signal["raised"]) == (False, None)


def test_a_sample_as_large_as_the_table_is_a_count(notes: Config, sql: Sql) -> None:
    sql("UPDATE notes SET body = 'Changed' WHERE id <= 30")
    sql("DELETE FROM notes WHERE id > 290")
    report = scrypath.reconcile_sync("Note", sample=10_000, config=notes)
    assert report.estimate is not None
    assert report.estimate.select("drift", "low", "estimate", "high").rows() == [
        ("missing", 0, 0, 0),
        ("stale", 30, 30, 30),
        ("orphan", 10, 10, 10),
    ]


def test_a_sample_of_nothing_estimates_nothing(config: Config) -> None:
    config = replace(config, schemas=("tests.support.notes:Note",))
    Base.metadata.create_all(engine(config))
    without_index = scrypath.reconcile_sync("Note", sample=10, config=config)
    assert without_index.note == f"{GONE} Estimated from 0 of 0 rows, chosen at random."
    written(
        config,
        *documents.write(
            config, registry.find("Note").index_name(config), [{"id": 1, "body": "x"}], primary_key="id"
        ),
    )
    report = scrypath.reconcile_sync("Note", sample=10, config=config)
    assert report.estimate is not None
    assert report.estimate.select("drift", "low", "estimate", "high").rows() == [
        ("missing", 0, 0, 0),
        ("stale", 0, 0, 0),
        ("orphan", 1, 1, 1),
    ]
    assert report.in_step is None


def test_notes_are_declared_with_updated_at() -> None:
    assert registry.find(Note).updated_at == "changed_at"


def test_ordinary_writes_of_another_machine_do_not_make_it_read_everything(
    notes: Config, tmp_path: Path
) -> None:
    elsewhere = replace(notes, store=tmp_path / "elsewhere.duckdb")
    scrypath.sync_records(
        "Note", [{"id": 5, "body": "Theirs"}, {"id": 6, "body": "Note 6"}], config=elsewhere
    )
    scrypath.delete_document("Note", 7, config=elsewhere)
    report = compared(notes)
    assert (report.method, report.basis, report.read_now) == ("incremental", "row_versions", 3)
    assert drift_of(report) == {"5": "stale", "7": "missing"}
    scrypath.sync_records("Note", [{"id": n, "body": "Many"} for n in range(1, 102)], config=elsewhere)
    many = compared(notes)
    assert many.method == "full"
    assert "is not recorded in this machine's ledger" in str(many.note)
    assert many.documents.height == 101


def test_raw_sql_that_leaves_updated_at_alone_is_found(notes: Config, sql: Sql) -> None:
    sql("UPDATE notes SET body = 'Changed' WHERE id <= 250")
    report = compared(notes)
    assert (report.method, report.basis, report.read_now) == ("incremental", "row_versions", 250)
    assert set(drift_of(report).values()) == {"stale"}
    assert report.documents.height == 250
    stored = scrypath.snapshots("Note", config=notes).row(0, named=True)
    assert (stored["method"], stored["basis"], stored["read_now"], stored["from_before"]) == (
        "incremental",
        "row_versions",
        250,
        50,
    )
    assert stored["started_from"] == report.started_from


def test_where_writers_have_to_be_trusted_every_face_says_so(memos: Config, sql: Sql) -> None:
    sql("UPDATE memos SET body = 'Changed' WHERE id = 3")
    assert compared(memos, schema="Memo", incremental=False).documents.height == 1
    sql("UPDATE memos SET body = 'Changed too' WHERE id = 4")
    trusting = compared(memos, schema="Memo", incremental=True)
    assert drift_of(trusting) == {"3": "stale"}  # nobody wrote down that row 4 changed
    words = "by updated_at, which is trusted: a writer who does not keep it is not seen"
    assert words in str(trusting.reading)
    assert words in str(trusting)
    assert words in trusting._repr_html_()
    assert scrypath.snapshots("Memo", config=memos)["basis"][0] == "updated_at"
    exact = compared(memos, schema="Memo")  # nobody has to be trusted who was not asked for
    assert (exact.method, exact.basis, exact.note) == ("full", None, None)
    assert drift_of(exact) == {"3": "stale", "4": "stale"}
    because = compared(memos, schema="Memo", incremental=False)
    assert because.reading == "Every row and every document was read."


def test_a_transaction_that_has_been_open_for_long_is_named_and_hides_nothing(
    notes: Config, sql: Sql, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.source.row_versions.LONG", timedelta())
    with engine(notes).connect() as forgotten:
        forgotten.execute(sa.text("UPDATE notes SET body = 'Late' WHERE id = 1"))
        pid = forgotten.execute(sa.text("SELECT pg_backend_pid()")).scalar_one()
        sql("UPDATE notes SET body = 'Changed' WHERE id = 2")
        for _ in range(2):
            report = compared(notes)
            assert (report.method, drift_of(report)) == ("incremental", {"2": "stale"})
            assert str(report.note).startswith(f"The transaction of process {pid} has been open since ")
        forgotten.commit()
    report = compared(notes)
    assert (report.method, report.note) == ("incremental", None)
    assert drift_of(report) == {"1": "stale", "2": "stale"}
