"""``scrypath reindex`` and ``scrypath rollback`` ask first, say what they did, and refuse with an error."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from scrypath.cli import main
from scrypath.config import Config
from scrypath.meilisearch import indexes
from scrypath.schema.index_ref import IndexRef

pytestmark = pytest.mark.integration
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command with this test's configuration; it may not ask."""
    monkeypatch.setattr("scrypath.cli.commands.reindex.load_config", lambda: config)

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        shown = capsys.readouterr()
        return code, shown.out, shown.err

    return run


def test_a_rebuild_and_the_way_back(config: Config, products: list[str], run: Run) -> None:
    code, out, err = run("reindex", "Product", "--yes")
    assert (code, err) == (0, "")
    live = IndexRef.find("Product", config).uid
    assert out.startswith(f"Product: {live} now has 20 documents.")
    assert "A write during the swap was missing for" in out
    code, out, _ = run("rollback", "Product", "--yes", "--json")
    assert code == 0
    assert json.loads(out)["cutover"] == "completed"


def test_it_stops_before_the_swap_without_asking(config: Config, products: list[str], run: Run) -> None:
    live = IndexRef.find("Product", config).uid
    before = indexes.get(config, live)
    code, out, _ = run("reindex", "Product", "--no-cutover")
    assert code == 0
    assert f"20 documents ready in {live}__reindex" in out
    assert indexes.get(config, live) == before
    code, out, err = run("reindex", "Product", "--yes")
    assert (code, out) == (1, "")
    assert "is there already" in err


def test_without_a_yes_nothing_is_done(
    config: Config, products: list[str], run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []

    def no(question: str) -> bool:
        asked.append(question)
        return False

    monkeypatch.setattr("typer.confirm", no)
    before = indexes.listing(config)
    assert run("reindex", "Product")[0] == 1
    assert asked == ["Replace the live index of Product?"]
    assert indexes.listing(config) == before
