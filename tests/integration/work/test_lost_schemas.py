"""One configured schema that cannot be imported does not keep the others from being seen, and is seen itself."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

import scrypath
from scrypath.cli import main
from scrypath.config import Config

pytestmark = pytest.mark.integration

BROKEN = "broken_shop.search:City"


@pytest.fixture
def lame(config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A configuration with a schema more, in a module that cannot be imported."""
    (tmp_path / "broken_shop").mkdir()
    (tmp_path / "broken_shop" / "search.py").write_text("raise RuntimeError('no such setting')")
    monkeypatch.syspath_prepend(tmp_path)
    return replace(config, schemas=("tests.support.shop:Product", BROKEN))


def test_status_failed_work_and_preflight_tell_of_the_others(lame: Config) -> None:
    status = scrypath.sync_status(config=lame)
    seen = {(row["schema"], row["source"]): row for row in status.to_dicts()}
    assert seen["Product", "meilisearch"]["observed"]
    for source in ("meilisearch", "oban"):
        lost = seen[BROKEN, source]
        assert (lost["observed"], lost["pending"], lost["failed"]) == (False, None, None)
        assert "RuntimeError: no such setting" in lost["note"]
    (unread,) = scrypath.failed_sync_work(config=lame).to_dicts()
    assert (unread["schema"], unread["work_id"], unread["state"]) == (BROKEN, None, "unknown")
    assert "no such setting" in unread["reason"]
    checks = {row["check"]: row for row in scrypath.preflight(config=lame).to_dicts()}
    assert checks[f"schema: {BROKEN}"]["ok"] is False
    assert checks["database: products"]["ok"]


def test_the_command_says_that_it_could_not_tell(
    lame: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    given = {
        "DATABASE_URL": lame.database_url.reveal() if lame.database_url else "",
        "MEILISEARCH_URL": lame.meilisearch_url,
        "MEILISEARCH_KEY": lame.meilisearch_key.reveal() if lame.meilisearch_key else "",
        "INDEX_PREFIX": lame.index_prefix,
        "HOME": str(lame.home),
        "SCHEMAS": ",".join(lame.schemas),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SCRYPATH_{name}", str(value))
    assert main(["status", "--json"]) == 1
    rows = json.loads(capsys.readouterr().out)
    assert {row["schema"] for row in rows} >= {"Product", BROKEN}
