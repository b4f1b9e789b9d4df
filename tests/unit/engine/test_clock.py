from __future__ import annotations

import pytest

from scrypath.local.engine import clock


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_795_480_000_553_911_000, "2026-11-24T00:26:40.553911Z"),
        (1_795_480_000_000_000_001, "2026-11-24T00:26:40.000000001Z"),
    ],
)
def test_dates_are_written_and_read_back(nanoseconds: int, text: str) -> None:
    assert clock.rfc3339(nanoseconds) == text
    assert clock.parse_rfc3339(text) == nanoseconds


@pytest.mark.parametrize(
    ("nanoseconds", "text"),
    [
        (0, "PT0S"),
        (500_000_000, "PT0.500S"),
        (1_500, "PT0.000001500S"),
        (2_000, "PT0.000002S"),
        (3 * 86_400 * 10**9, "P3D"),
        (90_061 * 10**9 + 1, "P1DT3661.000000001S"),
        (-1, None),
    ],
)
def test_durations_have_three_six_or_nine_digits(nanoseconds: int, text: str | None) -> None:
    assert clock.duration(nanoseconds) == text


def test_offsets_are_brought_to_utc() -> None:
    assert clock.parse_rfc3339("2026-01-01T01:00:00+01:00") == clock.parse_rfc3339("2026-01-01T00:00:00Z")


@pytest.mark.parametrize("text", ["", "2026", "2026-13-01T00:00:00Z", "2026-01-01T00:00:00", "tomorrow"])
def test_what_is_no_date_time_is_none(text: str) -> None:
    assert clock.parse_rfc3339(text) is None


def test_a_bare_date_after_means_the_next_midnight() -> None:
    day = clock.parse_rfc3339("2026-01-01T00:00:00Z")
    assert clock.date_bound("2026-01-01", after=False) == day
    assert clock.date_bound("2026-01-01", after=True) == clock.parse_rfc3339("2026-01-02T00:00:00Z")


def test_bounds_beyond_what_a_database_can_hold_are_cut() -> None:
    assert clock.date_bound("9999-12-31", after=True) == clock.LIMIT
    assert clock.date_bound("0001-01-01", after=False) == -clock.LIMIT
