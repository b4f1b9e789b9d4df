"""The pages that tell how to do something, done as they say, on real parts."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import polars as pl
import pytest
from sqlalchemy.orm import Session

import scrypath
from scrypath.cli import main
from scrypath.config import Config, resolve
from scrypath.source.engine import engine
from tests.support.guide_blocks import block, do

pytestmark = pytest.mark.integration


@pytest.fixture
def shop(
    config: Config,
    empty_database: str,
    own_registry: object,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[dict[str, Any]]:
    """Names of the module ``shop.search`` that the first page writes, in a project configured as it says."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scrypath.toml").write_text(block("own-project", "toml"), "utf-8")
    given = {
        "DATABASE_URL": empty_database,
        "MEILISEARCH_URL": config.meilisearch_url,
        "INDEX_PREFIX": config.index_prefix,
        "HOME": str(config.home),
    }
    for name, value in given.items():
        monkeypatch.setenv(f"SCRYPATH_{name}", str(value))
    if config.meilisearch_key:
        monkeypatch.setenv("SCRYPATH_MEILISEARCH_KEY", config.meilisearch_key.reveal())
    for name in ("shop", "shop.search"):
        monkeypatch.setitem(sys.modules, name, ModuleType(name))
    names = vars(sys.modules["shop.search"])
    do("own-project", 0, names)
    names["Base"].metadata.create_all(engine(resolve()))
    with Session(engine(resolve())) as session, session.begin():
        session.add_all(names["Product"](id=n, name=f"Cup {n}", price=n) for n in range(1, 4))
    yield names
    scrypath.configure(sync_mode=None)
    engine(resolve()).dispose()


def test_a_project_is_set_up_filled_and_written_to(
    shop: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    for command in block("own-project", "console", 2).splitlines():
        program, *arguments = command.removeprefix("$ ").split()
        assert program == "scrypath"
        code = main(arguments)
        told = capsys.readouterr()
        # The index is not there before it is filled: the first command says so.
        assert code == (2 if arguments == ["preflight"] else 0), told
    do("own-project", 1, shop)
    with Session(engine(resolve())) as session:
        shop["rename"](session, 2, "Mug")
    report = scrypath.reconcile_sync("Product")
    assert report.in_step
    found = scrypath.search("Product", "Mug").hits
    assert found["id"].to_list() == [2]
    do("own-project", 2, shop)


def test_jobs_are_committed_with_the_row_and_performed(shop: dict[str, Any]) -> None:
    scrypath.backfill("Product")
    do("queue-and-worker", 0, shop)
    do("queue-and-worker", 1, shop)
    with Session(engine(resolve())) as session:
        work_id = shop["rename"](session, 3, "Bowl")
    work = scrypath.sync_work("Product").filter(pl.col("work_id") == work_id)
    assert work["state"].to_list() == ["queued"]
    assert main(["worker", "--drain"]) == 0
    assert scrypath.search("Product", "Bowl").hits["id"].to_list() == [3]
