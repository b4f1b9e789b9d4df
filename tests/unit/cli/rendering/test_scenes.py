"""How a story reads: numbered scenes, what was shown before what follows from it."""

from __future__ import annotations

import pytest

from scrypath.cli.rendering.scenes import show_scenes
from scrypath.frames import OUTCOME
from scrypath.local.demo import Scene


def test_a_scene_that_goes_on_has_no_number_of_its_own(capsys: pytest.CaptureFixture[str]) -> None:
    row = {"work_id": "oban:1", "operation": "upsert", "outcome": "accepted", "document_count": 3}
    show_scenes(
        [
            Scene("Loaded", lines=("Credit.",)),
            Scene(lines=("3 rows.",)),
            Scene(
                "Retried",
                "scrypath retry oban:1",
                shown=(("outcome", OUTCOME.rows([row])),),
                ending=("Done.",),
            ),
        ]
    )
    lines = capsys.readouterr().out.splitlines()
    assert [line.rstrip(" ─") for line in lines[:-3]] == [
        "",
        "1. Loaded",
        "Credit.",
        "3 rows.",
        "",
        "2. Retried",
        "$ scrypath retry oban:1",
        "",
        "Work id  Operation  Outcome   Sent as  Documents  Verified",
        "oban:1   upsert     accepted  –                3  not yet   –",
        "",
        "Done.",
    ]
    assert lines[-3] == ""
    assert lines[-2].endswith("scrypath --help")
    assert lines[-1] == "The same with buttons, in runbooks/00_first_response.ipynb: make lab"
