from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scrypath.cli.rendering import text


@pytest.fixture(autouse=True)
def _piped(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.delenv("COLUMNS", raising=False)
    text.console.cache_clear()
    yield
    text.console.cache_clear()


@pytest.fixture
def lines(capsys: pytest.CaptureFixture[str]) -> Callable[[], list[str]]:
    """The lines printed so far, none wider than a pipe and none with blanks at its end."""

    def lines() -> list[str]:
        printed = capsys.readouterr().out.splitlines()
        assert all(len(line) <= text.PIPED_WIDTH and line == line.rstrip() for line in printed)
        return printed

    return lines
