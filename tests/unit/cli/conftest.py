from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from scrypath.cli import main
from scrypath.cli.rendering import text

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Run]:
    """Run one command line: exit code, standard output, standard error."""
    monkeypatch.setenv("SCRYPATH_HOME", str(tmp_path_factory.mktemp("home")))
    monkeypatch.delenv("COLUMNS", raising=False)
    text.console.cache_clear()  # another test may have asked for another width

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    yield run
    text.console.cache_clear()
