"""Status, failed work and outcomes in a terminal: honest about what could not be read."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import polars as pl
import pytest

from scrypath.cli.rendering.table import STYLES
from scrypath.cli.rendering.work import show_failed, show_outcome, show_reason_counts, show_status
from scrypath.frames import FAILED_WORK, OUTCOME, REASON_COUNTS, STATUS

Lines = Callable[[], list[str]]
AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)
LONG = "The connection to the search server at search.example was refused, again and again, all night long."


def test_what_is_healed_is_counted_apart_from_what_is_open(lines: Lines) -> None:
    rows = [
        {"reason_class": "transport", "open": 34006, "healed": 0},
        {"reason_class": "validation", "open": 3, "healed": 2},
    ]
    show_reason_counts(REASON_COUNTS.rows(rows))
    assert lines() == ["Open, by reason: transport 34,006, validation 3 (2 healed)."]


def test_failed_work_says_each_reason_once(lines: Lines) -> None:
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
    show_failed(frame)
    assert lines() == [
        "Work id  Schema  Operation  State   Documents  Attempt  Failed at (UTC)      Class",
        "oban:9   City    upsert     failed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:8   City    upsert     failed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:7   City    upsert     healed      1,500    20/20  2026-03-01 12:30:05  transport",
        "oban:9, oban:8, oban:7: The connection to the search server at search.example was refused, again and",
        "again, all night long.",
        "Healed, because meili:40 wrote the same documents since: oban:7.",
    ]


def test_a_source_that_could_not_be_asked_is_not_called_empty(lines: Lines) -> None:
    frame = FAILED_WORK.rows(
        [{"schema": "City", "source": "oban", "state": "unknown", "reason": "oban was not checked: no."}]
    )
    show_failed(frame)
    assert lines() == ["City: oban was not checked: no."]


def test_no_failed_work(lines: Lines) -> None:
    show_failed(FAILED_WORK.empty())
    assert lines() == ["No failed or retrying work."]


def test_an_accepted_outcome_is_not_shown_as_done(lines: Lines) -> None:
    row = {"schema": "City", "operation": "upsert", "sent_as": "meili:9", "document_count": 3}
    show_outcome(
        OUTCOME.rows(
            [
                row | {"work_id": "meili:1", "outcome": "accepted", "detail": "Sent as meili:9."},
                row
                | {"work_id": "meili:2", "outcome": "completed", "verified": True, "detail": "Read back."},
            ]
        )
    )
    assert lines() == [
        "Work id  Operation  Outcome    Sent as  Documents  Verified",
        "meili:1  upsert     accepted   meili:9          3  not yet   Sent as meili:9.",
        "meili:2  upsert     completed  meili:9          3  yes       Read back.",
    ]
    assert STYLES["accepted"] != STYLES["completed"]


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
    note = "The queue is read in oban mode only."
    return STATUS.rows([seen, {"schema": "City", "source": "oban", "observed": False, "note": note}])


def test_status_right_aligns_numbers_and_never_shows_unobserved_as_zero(
    lines: Lines,
) -> None:
    show_status(_status())
    assert lines() == [
        "Schema  Source       Pending  Retrying  Failed  Last success                   Oldest pending (UTC)",
        "City    meilisearch    1,200         0       3  meili:17, 2026-03-01 12:30:05  –",
        "City    oban               –         –       –  not observed                   –",
        "City, oban: The queue is read in oban mode only.",
    ]


def test_status_without_pending_work_fits_a_terminal_of_80_columns(
    lines: Lines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    show_status(_status().with_columns(pending=pl.when("observed").then(pl.lit(0))))
    assert lines()[:2] == [
        "Schema  Source       Pending  Retrying  Failed  Last success",
        "City    meilisearch        0         0       3  meili:17, 2026-03-01 12:30:05",
    ]
