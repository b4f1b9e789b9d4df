"""Stored reports in a terminal."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from scrypath.cli.rendering.snapshots import show_snapshots
from scrypath.cli.rendering.text import PIPED_WIDTH
from scrypath.frames import SNAPSHOTS

Lines = Callable[[], list[str]]
AT = datetime(2026, 3, 1, 12, 30, 5, tzinfo=UTC)


def test_a_snapshot_that_did_not_compare_documents_shows_no_counts(
    lines: Lines,
) -> None:
    show_snapshots(
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
    line = lines()[1]
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
    show_snapshots(SNAPSHOTS.rows([snapshot, snapshot | same]))
    text = capsys.readouterr().out
    assert "…" not in text
    assert (
        text.count("snap-20260301-123005-5bcc3fe123  Country  2026-03-01 12:30:05  1,234,908  1,234,900") == 2
    )
    assert " ".join(text.split()).endswith("0 Drift: none")
    assert "1,020" in text
    assert all(len(line) <= PIPED_WIDTH for line in text.splitlines())


def test_an_incremental_comparison_says_what_it_read(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"snapshot_id": "snap-1", "schema": "City", "taken_at": AT, "documents_compared": True}
    versions = {"method": "incremental", "basis": "row_versions", "read_now": 1_000, "from_before": 999_000}
    trusted = versions | {"basis": "updated_at", "read_now": 3}
    show_snapshots(SNAPSHOTS.rows([row | versions, row | trusted, row | {"method": "full"}]))
    text = " ".join(capsys.readouterr().out.split())
    assert "1,000 by row versions, 999,000 from before" in text
    assert "3 by updated_at, 999,000 from before" in text
    assert text.endswith("none full")
