from __future__ import annotations

import stat
import threading
from pathlib import Path

import pytest

from scrypath.errors import StackError
from scrypath.local import state
from scrypath.local.process import Process
from scrypath.local.state import Kept, Part


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    parts = {
        Part.DATABASE: Kept("postgresql", "postgresql://x", Process(12, "boot:9")),
        Part.MEILISEARCH: Kept("external", "http://x"),
    }
    state.write(tmp_path, parts)
    assert state.read(tmp_path) == parts


def test_only_the_owner_can_read_it(tmp_path: Path) -> None:
    state.write(tmp_path, {})
    assert stat.S_IMODE((tmp_path / "stack.json").stat().st_mode) == 0o600


@pytest.mark.parametrize("text", ["", "{", "[]", '{"parts": {"database": {"kind": 1, "nonsense": 2}}}'])
def test_a_damaged_file_is_a_stack_that_was_never_started(tmp_path: Path, text: str) -> None:
    (tmp_path / "stack.json").write_text(text)
    assert state.read(tmp_path) == {}


def test_a_folder_without_a_stack_remembers_nothing(tmp_path: Path) -> None:
    assert state.read(tmp_path / "nowhere") == {}


def test_the_lock_makes_its_folder_and_lets_one_in_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "new"
    monkeypatch.setattr(state, "LOCK_PATIENCE", 0.05)
    refused: list[str] = []

    def second() -> None:
        try:
            with state.locked(home):
                pass
        except StackError as error:
            refused.append(str(error))

    with state.locked(home):
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert "Another process has been working on the stack" in refused[0]
    second()
    assert len(refused) == 1
