"""The parts of the local stack in a terminal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from scrypath.cli.rendering.stack import show_stack
from scrypath.local.status import LOCAL_STATUS

Lines = Callable[[], list[str]]


def test_an_address_of_the_stack_can_be_copied_whole(capsys: pytest.CaptureFixture[str]) -> None:
    url = f"postgresql://postgres@/postgres?host=/{'a-long-folder/' * 10}postgres"
    show_stack(
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
