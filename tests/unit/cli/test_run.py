"""Exit codes, and errors as sentences and as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]
COMMANDS = [
    ("preflight",),
    ("status",),
    ("failed",),
    ("snapshots",),
    ("snapshots", "list"),
    ("snapshots", "compare"),
    ("snapshots", "publish"),
    ("snapshots", "prune"),
    ("reconcile",),
    ("retry",),
    ("backfill",),
    ("worker",),
    ("rehearse",),
    ("local", "up"),
    ("local", "down"),
    ("local", "status"),
    ("local", "demo"),
]


def test_without_a_command_it_says_what_there_is(run: Run) -> None:
    code, out, err = run()
    assert (code, err) == (0, "")
    for name in (
        "status",
        "failed",
        "retry",
        "reconcile",
        "backfill",
        "snapshots",
        "worker",
        "local",
        "rehearse",
    ):
        assert f"\n  {name} " in out
    assert "2 the comparison finished and found drift" in out


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_every_command_explains_itself_and_takes_no_key(run: Run, command: tuple[str, ...]) -> None:
    code, out, err = run(*command, "--help")
    assert (code, err) == (0, "")
    assert "key" not in out.lower().replace("keyset", "")
    assert "password" not in out.lower()
    if command != ("local", "demo"):
        assert "--json" in out


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("stauts",), "No such command 'stauts'"),
        (("status", "--jsno"), "No such option: --jsno"),
        (("retry",), "Missing argument"),
        (("failed", "--limit", "0"), "--limit"),
        (("failed", "--limit", "many"), "--limit"),
        (("local", "sideways"), "No such command 'sideways'"),
        (("snapshots", "comapre", "a", "b"), "No such command 'comapre'. Did you mean 'compare'?"),
        (("snapshots", "compare", "a"), "Missing argument"),
        (("snapshots", "prune", "--keep", "0"), "--keep"),
        (("snapshots", "prune", "--days", "99999999"), "--days"),
    ],
)
def test_a_command_line_that_cannot_be_read_is_not_taken_for_drift(
    run: Run, arguments: tuple[str, ...], message: str
) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (1, "")
    assert err.startswith("Error (usage): ")
    assert message in err
    assert "--help" in err


def test_a_usage_error_is_one_json_object_when_asked(run: Run) -> None:
    code, out, err = run("retry", "--json")
    assert (code, out) == (1, "")
    error = json.loads(err)
    assert sorted(error) == ["error", "hint", "message"]
    assert error["error"] == "usage"
    assert error["hint"] == "See: scrypath retry --help"


@pytest.mark.parametrize(
    ("variable", "value", "message", "hint"),
    [
        (
            "SCRYPATH_MEILISEARCH_URL",
            "localhost",
            "meilisearch_url is 'localhost', which is not a URL.",
            "http://",
        ),
        ("SCRYPATH_BATCH_SIZE", "lots", "batch_size cannot be 'lots'", "type int"),
        ("SCRYPATH_SYNC_MODE", "obn", "sync_mode cannot be 'obn'", "SyncMode"),
        ("SCRYPATH_MEILISEARCH_KEY_FILE", "/nowhere/key", "which cannot be read", "readable file"),
        (
            "SCRYPATH_SCHEMAS",
            "shop.nowhere:City",
            "'shop.nowhere:City' cannot be imported",
            "package.module:Model",
        ),
    ],
)
def test_bad_configuration_is_a_named_error(
    run: Run, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, message: str, hint: str
) -> None:
    monkeypatch.setenv(variable, value)
    code, out, err = run("status")
    assert (code, out) == (1, "")
    assert message in err
    assert hint in err.split("Hint: ")[1]


NEEDS_SERVICES = [
    ("preflight",),
    ("status",),
    ("failed",),
    ("snapshots",),
    ("snapshots", "compare", "snap-a", "snap-b"),
    ("snapshots", "publish", "team"),
    ("snapshots", "prune", "--keep", "1", "--yes"),
    ("reconcile",),
    ("retry", "meili:17"),
    ("backfill",),
    ("worker", "--drain"),
]


@pytest.mark.parametrize("schemas", ["", "tests.support.shop:Product"])
@pytest.mark.parametrize("command", NEEDS_SERVICES, ids=" ".join)
def test_nothing_configured_names_the_next_step(
    run: Run, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...], schemas: str
) -> None:
    monkeypatch.setenv("SCRYPATH_SCHEMAS", schemas)
    message = "No database and no search server are configured, and no local stack is up here."
    code, out, err = run(*command)
    assert (code, out) == (1, "")
    assert err.startswith(f"Error (config): {message}\nHint: ")
    assert "scrypath local up" in err
    assert "SCRYPATH_DATABASE_URL" in err
    code, out, err = run(*command, "--json")
    assert (code, out) == (1, "")
    error = json.loads(err)
    assert (error["error"], error["message"]) == ("config", message)
    assert "scrypath local up" in error["hint"]


def test_looking_leaves_nothing_behind_where_nothing_is_configured(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCRYPATH_HOME", str(tmp_path / "home"))
    for command in ("status", "snapshots", "failed"):
        assert run(command)[0] == 1
    assert list(tmp_path.iterdir()) == []


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


def test_ctrl_c_is_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scrypath.cli.commands.status.load_config", interrupted)
    assert run("status")[0] == 130


def test_the_version(run: Run) -> None:
    from importlib.metadata import version

    assert run("--version") == (0, f"scrypath {version('scrypath')}\n", "")


def test_rehearse_without_a_name_lists_the_incidents(run: Run) -> None:
    code, out, _ = run("rehearse")
    assert code == 0
    assert {"failed-validation", "queue-outage", "stale-documents", "orphans"} <= set(out.split())
    code, out, _ = run("rehearse", "--json")
    assert "queue-outage" in json.loads(out)


def test_an_unknown_incident_is_a_named_error(run: Run) -> None:
    code, _, err = run("rehearse", "queue-outrage")
    assert code == 1
    assert "Did you mean 'queue-outage'?" in err


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
