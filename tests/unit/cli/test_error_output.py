"""Errors as sentences and as JSON, without secrets."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


def test_a_usage_error_is_one_json_object_when_asked(run: Run) -> None:
    code, out, err = run("retry", "--json")
    assert (code, out) == (1, "")
    error = json.loads(err)
    assert sorted(error) == ["error", "hint", "message"]
    assert error["error"] == "usage"
    assert error["hint"] == "See: scrypath retry --help"


def test_a_fault_of_our_own_is_code_1_and_keeps_secrets(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise RuntimeError("postgresql://shop:hunter2@db/shop")

    monkeypatch.setattr("scrypath.cli.commands.status.load_config", broken)
    code, out, err = run("status")
    assert (code, out) == (1, "")
    assert "hunter2" not in err
    assert "Traceback" in err
    code, out, err = run("status", "--json")
    assert json.loads(err)["message"] == "RuntimeError: postgresql://shop:********@db/shop"


def test_a_part_that_is_not_installed_is_named_with_what_brings_it(tmp_path: Path) -> None:
    without = (
        "import sys; sys.modules['filelock'] = None\n"
        "from scrypath.cli.run import run; sys.exit(run(['local', 'up']))"
    )
    home = tmp_path / "home"
    ended = subprocess.run(
        [sys.executable, "-c", without],
        env=os.environ | {"SCRYPATH_HOME": str(home)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (ended.returncode, ended.stdout) == (1, "")
    assert ended.stderr == (
        "Error (config): This command needs filelock, which is not installed.\n"
        "Hint: pip install 'scrypath[local]'\n"
    )
    assert not (home / "postgres").exists()
