"""A key that sees only some indexes, or may only read: what it cannot see is not observed, and never 0."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

import scrypath
from scrypath.compare.in_flight import ended_up_to, in_flight
from scrypath.config import Config
from scrypath.errors import Unauthorised
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.serving import serving
from scrypath.meilisearch import tasks
from scrypath.meilisearch.wire import connect
from scrypath.redaction import Secret
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef

pytestmark = pytest.mark.integration
MASTER = "a-master-key-of-sixteen"
SEEING = ["search", "documents.get", "tasks.get", "indexes.get", "stats.get", "settings.get", "version"]
Keyed = Callable[..., Config]


@pytest.fixture
def owner(config: Config, tmp_path: Path, sql: Callable[..., None]) -> Iterator[Config]:
    """The configuration of who may do everything, on a server with keys, where products are in step."""
    with Engine(tmp_path / "engine", master_key=MASTER) as engine, serving(engine) as url:
        owner = replace(config, meilisearch_url=url, meilisearch_key=Secret(MASTER))
        sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (1, 'A', 1, 0, false)")
        scrypath.backfill("Product", config=owner)
        yield owner


@pytest.fixture
def keyed(owner: Config) -> Keyed:
    """The same configuration with another key."""

    def make(actions: list[str], *indexes: str) -> Config:
        asked = {"actions": actions, "indexes": list(indexes), "expiresAt": None}
        made = connect(owner).request("POST", "/keys", json=asked).mapping()
        return replace(owner, meilisearch_key=Secret(str(made["key"])), home=owner.home / "keyed")

    return make


def uid(config: Config) -> str:
    return IndexRef.live(registry.find("Product"), config).uid


def key_check(config: Config) -> tuple[bool, str]:
    found: tuple[bool, str] = {
        name: (ok, detail) for name, ok, detail, _ in scrypath.preflight("Product", config=config).rows()
    }[f"key: {uid(config)}"]
    return found


def test_an_index_that_the_key_does_not_reach_is_not_observed(keyed: Keyed) -> None:
    blind = keyed(["*"], "others*")
    seen = scrypath.sync_status("Product", config=blind).row(0, named=True)
    assert (seen["observed"], seen["pending"], seen["failed"]) == (False, None, None)
    assert "does not reach index" in seen["note"]
    failed = scrypath.failed_sync_work("Product", config=blind)
    assert failed["work_id"].to_list() == [None]
    assert failed["error_code"].to_list() == ["unauthorised"]
    report = scrypath.reconcile_sync("Product", config=blind)
    assert (report.in_step, report.rows, report.index_exists) == (None, None, None)
    assert not report.drift_signals.filter(report.drift_signals["signal"] != "version_unsupported")[
        "observed"
    ].any()
    ref = IndexRef.live(registry.find("Product"), blind)
    with pytest.raises(Unauthorised):
        ended_up_to(blind, ref.uid)
    with pytest.raises(Unauthorised):
        in_flight(ref, since=-1)
    assert key_check(blind) == (False, "The key does not reach the index.")


def test_tasks_of_several_indexes_are_none_where_one_is_not_reached(keyed: Keyed, owner: Config) -> None:
    some = keyed(["*"], uid(owner))
    assert tasks.listing(some, index_uids=[uid(owner)]).frame.height
    with pytest.raises(Unauthorised, match="others"):
        tasks.listing(some, index_uids=[uid(owner), "others"])


def test_a_key_that_may_only_read_sees_everything_and_preflight_says_what_it_lacks(
    keyed: Keyed, owner: Config
) -> None:
    before = tasks.listing(owner).total
    reader = keyed(SEEING, "*")
    report = scrypath.reconcile_sync("Product", config=reader)
    assert (report.in_step, report.index_exists) == (True, True)
    assert scrypath.sync_status("Product", config=reader)["failed"][0] == 0
    assert key_check(reader) == (
        False,
        "The key may only read: it lacks documents.add, documents.delete, indexes.create, indexes.swap, "
        "settings.update.",
    )
    assert key_check(keyed(["tasks.get", "search"], "*"))[1].startswith(
        "The key may not do everything: it lacks indexes.get, stats.get, documents.get, settings.get, version,"
    )
    assert key_check(keyed(["*"], uid(owner)))[1].endswith("__rollback, which a rebuild needs.")
    assert key_check(owner) == (True, "The key may read and write the index.")
    assert tasks.listing(owner).total == before  # to try changed nothing


def test_no_failed_work_is_seen_where_tasks_may_not_be_read(keyed: Keyed) -> None:
    shut = keyed([action for action in SEEING if action != "tasks.get"], "*")
    seen = scrypath.sync_status("Product", config=shut).row(0, named=True)
    assert (seen["observed"], seen["failed"]) == (False, None)
    assert scrypath.reconcile_sync("Product", config=shut).in_step is None
