from __future__ import annotations

from collections.abc import Callable

import pytest

from scrypath.cli import main

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> Run:
    """Run one command line: exit code, standard output, standard error."""
    monkeypatch.setenv("SCRYPATH_HOME", str(tmp_path_factory.mktemp("home")))

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        out, err = capsys.readouterr()
        return code, out, err

    return run
