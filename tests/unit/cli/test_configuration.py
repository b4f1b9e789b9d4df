"""The configuration and the schemas that a command works with."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

Run = Callable[..., tuple[int, str, str]]


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
