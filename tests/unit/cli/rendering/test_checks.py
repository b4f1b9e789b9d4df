"""The checks of ``scrypath preflight`` in a terminal."""

from __future__ import annotations

from collections.abc import Callable

from scrypath.cli.rendering.checks import show_checks
from scrypath.frames import CHECKS

Lines = Callable[[], list[str]]


def test_checks_show_the_next_step(lines: Lines) -> None:
    show_checks(
        CHECKS.rows(
            [
                {"check": "server", "ok": True, "detail": "Meilisearch 1.50.0"},
                {"check": "queue", "ok": None, "detail": "Not checked."},
                {"check": "store", "ok": False, "detail": "Locked.", "hint": "Close the other kernel."},
            ]
        )
    )
    assert lines() == [
        "Check                 Seen                Next step",
        "server  ok            Meilisearch 1.50.0",
        "queue   not observed  Not checked.",
        "store   not ok        Locked.             Close the other kernel.",
    ]
