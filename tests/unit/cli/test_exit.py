"""Exit codes of commands that read, and of those that write."""

from __future__ import annotations

import pytest

from scrypath.cli.exit import Exit, outcome_verdict, verdict
from scrypath.frames import OUTCOME


@pytest.mark.parametrize(
    ("found", "complete", "exit_zero", "code"),
    [
        (False, True, False, Exit.FINE),
        (True, True, False, Exit.FOUND),
        (True, True, True, Exit.FINE),
        (False, False, True, Exit.UNKNOWN),
        (True, False, False, Exit.UNKNOWN),
    ],
)
def test_what_could_not_be_read_counts_more_than_what_was_found(
    found: bool, complete: bool, exit_zero: bool, code: Exit
) -> None:
    assert verdict(found=found, complete=complete, exit_zero=exit_zero) is code


@pytest.mark.parametrize(
    ("rows", "code"),
    [
        ([{"outcome": "completed", "verified": True}], Exit.FINE),
        ([{"outcome": "accepted", "verified": None}], Exit.FINE),
        ([{"outcome": "completed", "verified": True}, {"outcome": "failed", "verified": False}], Exit.FOUND),
        ([{"outcome": "completed", "verified": False}], Exit.FOUND),
        ([{"outcome": "failed"}, {"outcome": "unknown"}], Exit.UNKNOWN),
    ],
)
def test_an_effect_that_is_not_known_is_neither_fine_nor_failed(
    rows: list[dict[str, object]], code: Exit
) -> None:
    assert outcome_verdict(OUTCOME.rows(rows), exit_zero=False) is code
