"""What each frame looks like in a terminal: aligned, honest about what was not looked at, 100 columns wide."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import polars as pl
import pytest

from scrypath.cli import tables, views
from scrypath.cli.tables import Shown
from scrypath.frames import ACTIONS, CHECKS, FAILED_WORK, OUTCOME, SNAPSHOTS, STATUS
from scrypath.local.status import LOCAL_STATUS

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
LONG = "The connection to the search server at search.example was refused, again and again, all night long."


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("COLUMNS", raising=False)
    tables.console.cache_clear()
    yield
    tables.console.cache_clear()


def _lines(capsys: pytest.CaptureFixture[str]) -> list[str]:
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= tables.PIPED_WIDTH and line == line.rstrip() for line in lines)
    return lines


def test_failed_work_says_each_reason_once(capsys: pytest.CaptureFixture[str]) -> None:
    unit = {
        "schema": "City",
        "index": "cities",
        "source": "oban",
        "operation": "upsert",
        "state": "failed",
        "retryable": True,
        "reason_class": "transport",
        "reason": LONG,
        "attempt": 20,
        "max_attempts": 20,
        "failed_at": AT,
        "document_count": 1500,
        "healed": False,
    }
    frame = FAILED_WORK.rows(
        [
            unit | {"work_id": "oban:9"},
            unit | {"work_id": "oban:8"},
            unit | {"work_id": "oban:7", "healed": True, "superseded_by": "meili:40"},
        ]
    )
    views.failed(frame)
    assert _lines(capsys) == [
        "Work id  Schema  Operation  State   Documents  Attempt  Failed at (UTC)      Class",
        "oban:9   City    upsert     failed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:8   City    upsert     failed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:7   City    upsert     healed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:9, oban:8, oban:7: The connection to the search server at search.example was refused, again and",
        "again, all night long.",
        "Healed, because meili:40 wrote the same documents since: oban:7.",
    ]


def test_a_source_that_could_not_be_asked_is_not_called_empty(capsys: pytest.CaptureFixture[str]) -> None:
    frame = FAILED_WORK.rows(
        [{"schema": "City", "source": "oban", "state": "unknown", "reason": "oban was not looked at: no."}]
    )
    views.failed(frame)
    assert _lines(capsys) == ["City: oban was not looked at: no."]


def test_no_failed_work(capsys: pytest.CaptureFixture[str]) -> None:
    views.failed(FAILED_WORK.empty())
    assert _lines(capsys) == ["No failed or retrying work."]


def test_an_accepted_outcome_is_not_shown_as_done(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"schema": "City", "operation": "upsert", "sent_as": "meili:9", "document_count": 3}
    views.outcome(
        OUTCOME.rows(
            [
                row | {"work_id": "meili:1", "outcome": "accepted", "detail": "Sent as meili:9."},
                row
                | {"work_id": "meili:2", "outcome": "completed", "verified": True, "detail": "Read back."},
            ]
        )
    )
    assert _lines(capsys) == [
        "Work id  Operation  Outcome    Sent as  Documents  Verified",
        "meili:1  upsert     accepted   meili:9          3  not yet   Sent as meili:9.",
        "meili:2  upsert     completed  meili:9          3  yes       Read back.",
    ]
    assert tables.STYLES["accepted"] != tables.STYLES["completed"]


def test_checks_show_the_next_step(capsys: pytest.CaptureFixture[str]) -> None:
    views.checks(
        CHECKS.rows(
            [
                {"check": "server", "ok": True, "detail": "Meilisearch 1.50.0"},
                {"check": "queue", "ok": None, "detail": "Not looked at."},
                {"check": "store", "ok": False, "detail": "Locked.", "hint": "Close the other kernel."},
            ]
        )
    )
    assert _lines(capsys) == [
        "Check                 Seen                Next step",
        "server  ok            Meilisearch 1.50.0",
        "queue   not observed  Not looked at.",
        "store   not ok        Locked.             Close the other kernel.",
    ]


def test_a_snapshot_that_did_not_compare_documents_shows_no_counts(
    capsys: pytest.CaptureFixture[str],
) -> None:
    views.snapshots(
        SNAPSHOTS.rows(
            [
                {
                    "snapshot_id": "snap-1",
                    "schema": "City",
                    "taken_at": AT,
                    "documents_compared": False,
                    "failed": 1,
                }
            ]
        )
    )
    line = _lines(capsys)[1]
    assert line.split() == ["snap-1", "City", "2026-03-01", "12:30:05", "–", "–", "1", "–"]


def test_snapshots_of_a_large_table_are_shown_in_full(capsys: pytest.CaptureFixture[str]) -> None:
    snapshot = {
        "snapshot_id": "snap-20260301-123005-5bcc3fe123",
        "schema": "Country",
        "taken_at": AT,
        "documents_compared": True,
        "rows": 1_234_908,
        "documents": 1_234_900,
        "missing": 1_020,
        "orphan": 0,
        "stale": 55,
        "in_flight": 2,
        "unknown": 0,
        "failed": 3,
    }
    same = dict.fromkeys(("missing", "stale", "in_flight", "failed"), 0)
    views.snapshots(SNAPSHOTS.rows([snapshot, snapshot | same]))
    text = capsys.readouterr().out
    assert "…" not in text
    assert (
        text.count("snap-20260301-123005-5bcc3fe123  Country  2026-03-01 12:30:05  1,234,908  1,234,900") == 2
    )
    assert " ".join(text.split()).endswith("0 Drift: none")
    assert "1,020" in text
    assert all(len(line) <= tables.PIPED_WIDTH for line in text.splitlines())


def test_an_address_of_the_stack_can_be_copied_whole(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"postgresql://postgres@/postgres?host=/{'a-long-folder/' * 10}postgres"
    views.local(
        LOCAL_STATUS.rows(
            [
                {
                    "part": "database",
                    "state": "running",
                    "url": url,
                    "pid": 4,
                    "detail": "Embedded PostgreSQL.",
                },
                {"part": "worker", "state": "stopped", "detail": "Start it with: scrypath local up"},
            ]
        )
    )
    assert capsys.readouterr().out.splitlines() == [
        "Part      State    Process",
        "database  running        4  Embedded PostgreSQL.",
        "worker    stopped           Start it with: scrypath local up",
        f"database: {url}",
    ]


def _status() -> pl.DataFrame:
    seen = {
        "schema": "City",
        "index": "cities",
        "source": "meilisearch",
        "observed": True,
        "pending": 1200,
        "retrying": 0,
        "failed": 3,
        "last_succeeded_id": "meili:17",
        "last_succeeded_at": AT,
    }
    note = "The queue is looked at in oban mode only."
    return STATUS.rows([seen, {"schema": "City", "source": "oban", "observed": False, "note": note}])


def test_status_right_aligns_numbers_and_never_shows_unobserved_as_zero(
    capsys: pytest.CaptureFixture[str],
) -> None:
    views.status(_status())
    assert _lines(capsys) == [
        "Schema  Source       Pending  Retrying  Failed  Last success                   Oldest pending (UTC)",
        "City    meilisearch    1,200         0       3  meili:17, 2026-03-01 12:30:05  –",
        "City    oban               –         –       –  not observed                   –",
        "City, oban: The queue is looked at in oban mode only.",
    ]


def test_status_without_pending_work_fits_a_terminal_of_80_columns(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    views.status(_status().with_columns(pending=pl.when("observed").then(pl.lit(0))))
    assert _lines(capsys)[:2] == [
        "Schema  Source       Pending  Retrying  Failed  Last success",
        "City    meilisearch        0         0       3  meili:17, 2026-03-01 12:30:05",
    ]


@pytest.mark.parametrize("width", [80, 90, 100, 120])
def test_no_heading_and_no_number_is_cut(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    views.status(_status().with_columns(last_succeeded_id=pl.lit("meili:12345678")))
    text = capsys.readouterr().out
    assert "…" not in text
    assert all(len(line) <= width for line in text.splitlines())
    for whole in ("Schema", "Source", "Pending", "Retrying", "Failed", "meili:12345678", "1,200"):
        assert whole in text.split() or f"{whole}," in text.split()
    for heading in ("Last success", "Oldest", "pending", "(UTC)"):
        assert heading in text


def test_where_names_alone_are_too_wide_the_lines_are(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "20")
    row = {"a": "warehouse_products", "b": 1_234_567, "c": "Read it back."}
    tables.show([row], [Shown("Index", "a"), Shown("Rows", "b", right=True), Shown("Then", "c", wraps=True)])
    assert capsys.readouterr().out.splitlines() == [
        "Index                    Rows",
        "warehouse_products  1,234,567",
        "    Then: Read it",
        "    back.",
    ]


def test_the_same_recommendation_for_several_units_stands_on_one_line(
    capsys: pytest.CaptureFixture[str],
) -> None:
    retry = {"action": "retry", "schema": "City", "reason": "It failed: the server was away."}
    repair = {
        "action": "repair",
        "schema": "City",
        "target": "cities",
        "count": 34006,
        "reason": "They drift.",
    }
    views.actions(ACTIONS.rows([*(retry | {"target": f"oban:{n}", "count": 500} for n in (9, 8, 7)), repair]))
    assert _lines(capsys) == [
        "Recommended  Target                  Documents  Why",
        "retry        oban:9, oban:8, oban:7      1,500  It failed: the server was away.",
        "repair       cities                     34,006  They drift.",
    ]


def test_recommendations_of_unknown_size_are_not_summed_up_as_if_known(
    capsys: pytest.CaptureFixture[str],
) -> None:
    retry = {"action": "retry", "schema": "City", "reason": "It failed."}
    unknown = {"action": "reindex", "schema": "City", "target": "cities", "reason": "The settings drift."}
    none = {"action": "backfill", "schema": "City", "target": "cities", "count": 0, "reason": "It is empty."}
    first, second = retry | {"target": "oban:9", "count": 500}, retry | {"target": "oban:8"}
    views.actions(ACTIONS.rows([first, second, unknown, none]))
    counts = [line.split("  ")[-2].strip() for line in _lines(capsys)]
    assert counts == ["Documents", "500+", "–", "0"]
