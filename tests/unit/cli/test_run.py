"""Command lines: what they take, and the exit codes they end with."""

from __future__ import annotations

from collections.abc import Callable

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


def test_ctrl_c_is_code_130(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted() -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scrypath.cli.commands.status.load_config", interrupted)
    assert run("status")[0] == 130


def test_the_version(run: Run) -> None:
    from importlib.metadata import version

    assert run("--version") == (0, f"scrypath {version('scrypath')}\n", "")
