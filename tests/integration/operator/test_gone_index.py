"""An index that is gone is called gone in every output, and that is found: exit code 2."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import polars as pl
import pytest

import scrypath
from scrypath.cli import main
from scrypath.config import Config
from scrypath.meilisearch import indexes, tasks
from scrypath.meilisearch.indexes import GONE
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef

pytestmark = pytest.mark.integration
Shell = Callable[..., tuple[int, str]]


@pytest.fixture
def gone(config: Config, products: list[str]) -> str:
    """The name of the products' index, which was compared and then deleted by somebody."""
    scrypath.reconcile_sync("Product", config=config)
    index = IndexRef.live(registry.find("Product"), config).uid
    tasks.wait(config, indexes.delete(config, index)).require_success()
    return index


@pytest.fixture
def shell(config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Shell:
    """Run a command line with the services of this test: exit code and output, its lines joined."""
    key = config.meilisearch_key
    given = {
        "DATABASE_URL": config.database_url,
        "MEILISEARCH_URL": config.meilisearch_url,
        "MEILISEARCH_KEY": key.reveal() if key else "",
        "INDEX_PREFIX": config.index_prefix,
        "HOME": str(config.home),
        "SCHEMAS": ",".join(config.schemas),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SCRYPATH_{name}", value or "")

    def run(*arguments: str) -> tuple[int, str]:
        code = main(arguments)
        return code, " ".join(capsys.readouterr().out.split())

    return run


def signal(report: Any, name: str) -> dict[str, Any]:
    found: dict[str, Any] = report.drift_signals.row(by_predicate=pl.col("signal") == name, named=True)
    return found


@pytest.mark.parametrize(
    "options",
    [{}, {"incremental": False}, {"documents": False}, {"sample": 5}, {"max_age": timedelta(hours=1)}],
)
def test_a_report_says_so_everywhere(config: Config, gone: str, options: dict[str, Any]) -> None:
    report = scrypath.reconcile_sync("Product", config=config, **options)
    assert (report.index_exists, report.in_step, report.from_snapshot) == (False, False, False)
    assert f"the index {gone} is gone" in report.headline()
    for shown in (str(report), report._repr_html_()):
        assert "is gone" in shown
    assert report.note is not None
    assert report.note.startswith(GONE)
    assert signal(report, "contract_drift")["detail"] == GONE
    assert signal(report, "contract_drift")["raised"] is True
    if options.get("documents", True):
        assert signal(report, "document_drift")["raised"] is True
        assert signal(report, "document_drift")["detail"].startswith(GONE)
    assert report.actions.select("action", "reason").rows() == [("backfill", GONE)]


def test_without_any_row_it_is_not_in_step_either(config: Config, sql: Callable[..., None]) -> None:
    sql("DELETE FROM products")
    report = scrypath.reconcile_sync("Product", config=config)
    assert (report.rows, report.in_step) == (0, False)
    fleet = scrypath.reconcile_sync("Product", "Brand", config=config)
    assert fleet.in_step is False
    assert "the index of 2 schemas is gone" in fleet.headline()
    assert fleet.schemas["index_exists"].to_list() == [False, False]


def test_status_says_so(config: Config, gone: str) -> None:
    seen = scrypath.sync_status("Product", config=config).row(0, named=True)
    assert (seen["observed"], seen["index_exists"], seen["note"]) == (True, False, GONE)


@pytest.mark.parametrize(
    "command",
    [
        ("reconcile",),
        ("reconcile", "--no-documents"),
        ("reconcile", "--sample", "5"),
        ("status",),
        ("preflight",),
    ],
    ids=" ".join,
)
def test_a_command_finds_it(shell: Shell, gone: str, command: tuple[str, ...]) -> None:
    code, out = shell(command[0], "Product", *command[1:])
    assert (code, "is gone" in out) == (2, True), out
    code, out = shell(command[0], "Product", *command[1:], "--json")
    assert (code, "is gone" in out) == (2, True), out
    json.loads(out)
