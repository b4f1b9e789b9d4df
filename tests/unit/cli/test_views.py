"""What each frame looks like in a terminal: aligned, honest about what was not looked at, 100 columns wide."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scrypath.cli import tables, views
from scrypath.frames import CHECKS, FAILED_WORK, OUTCOME, SNAPSHOTS
from scrypath.local.status import LOCAL_STATUS

AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
LONG = "The connection to the search server at search.example was refused, again and again, all night long."


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
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
    assert " ".join(text.split()).endswith("0 none")
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
