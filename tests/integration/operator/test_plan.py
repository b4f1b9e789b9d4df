"""A plan touches exactly what it says, refuses changed evidence, and is recorded."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, StalePlan
from scrypath.meilisearch import tasks
from scrypath.schema import registry
from tests.integration.operator.conftest import drift_of

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


@pytest.fixture
def drifted(config: Config, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET stock = stock + 1 WHERE id IN (1, 2)")
    sql("DELETE FROM products WHERE id = 3")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (99, 'New', 1, 0, false)")


def last_task(config: Config) -> int:
    return int(tasks.listing(config, limit=1).frame["uid"][0])


@pytest.mark.usefixtures("drifted")
def test_repair_touches_exactly_the_drifted_documents(config: Config) -> None:
    report = scrypath.reconcile_sync("Product", config=config)
    plan = scrypath.plan(report, "repair", delete_orphans=True)
    assert (plan.written, plan.deleted) == (("1", "2", "99"), ("3",))
    before = last_task(config)
    outcome = scrypath.apply(plan, actor="ada")
    assert outcome.select("operation", "outcome", "document_count", "verified").rows() == [
        ("upsert", "completed", 3, True),
        ("delete", "completed", 1, True),
    ]
    mine = tasks.listing(config, index_uids=[registry.find("Product").index_name(config)]).frame
    assert mine["uid"].gt(before).sum() == 2
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    audit = scrypath.audit_log(config=config)
    assert audit["plan_hash"].unique().to_list() == [plan.hash]
    assert audit["phase"].to_list() == ["after", "before"]
    assert audit["outcome"].to_list() == ["completed", None]

    again = scrypath.apply(plan)
    assert again["outcome"].to_list() == ["skipped"]
    assert scrypath.audit_log(config=config).height == 2


@pytest.mark.usefixtures("drifted")
def test_orphans_are_deleted_only_when_the_plan_says_so(config: Config) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    assert plan.deleted == ()
    assert "1 documents without a row are left" in str(plan)
    scrypath.apply(plan)
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"3": "orphan"}


@pytest.mark.usefixtures("drifted")
def test_a_plan_whose_evidence_changed_is_refused_and_sends_nothing(config: Config, sql: Sql) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    sql("UPDATE products SET stock = 1000 WHERE id = 2")
    before = last_task(config)
    with pytest.raises(StalePlan, match=r"1 of 3 documents of plan .* are no longer as it saw them: 2"):
        scrypath.apply(plan)
    assert last_task(config) == before
    assert scrypath.audit_log(config=config).is_empty()


@pytest.mark.usefixtures("drifted")
def test_two_plans_of_one_state_are_the_same_plan(config: Config) -> None:
    one, two = (scrypath.plan(scrypath.reconcile_sync("Product", config=config)) for _ in range(2))
    assert one.hash == two.hash
    assert (
        scrypath.plan(scrypath.reconcile_sync("Product", config=config), delete_orphans=True).hash != one.hash
    )


def test_a_plan_needs_compared_documents_and_a_plannable_action(config: Config, products: list[str]) -> None:
    blind = scrypath.reconcile_sync("Product", documents=False, config=config)
    with pytest.raises(InvalidOptions, match="did not compare documents"):
        scrypath.plan(blind)
    report = scrypath.reconcile_sync("Product", config=config)
    with pytest.raises(InvalidOptions, match="retry_sync_work"):
        scrypath.plan(report, "retry")
    with pytest.raises(InvalidOptions, match="Did you mean 'repair'"):
        scrypath.plan(report, "repare")


@pytest.mark.usefixtures("drifted")
def test_every_report_is_remembered_and_two_can_be_compared(config: Config, sql: Sql) -> None:
    first = scrypath.reconcile_sync("Product", config=config)
    scrypath.apply(scrypath.plan(first))
    sql("UPDATE products SET stock = 0 WHERE id = 7")
    second = scrypath.reconcile_sync("Product", config=config)
    listed = scrypath.snapshots("Product", config=config)
    assert listed["snapshot_id"].to_list() == [second.snapshot_id, first.snapshot_id]
    assert listed.select("missing", "orphan", "stale").rows() == [(0, 1, 1), (1, 1, 2)]
    changes = scrypath.compare_snapshots(first.snapshot_id, second.snapshot_id, config=config)
    found = dict(changes.select("document_id", "change").iter_rows())
    assert found == {"1": "resolved", "2": "resolved", "99": "resolved", "3": "persisting", "7": "new"}


def test_max_age_answers_from_the_last_snapshot_and_says_so(
    config: Config, products: list[str], sql: Sql
) -> None:
    first = scrypath.reconcile_sync("Product", config=config)
    sql("UPDATE products SET stock = 0 WHERE id = 7")
    second = scrypath.reconcile_sync("Product", max_age=timedelta(hours=1), config=config)
    assert (second.from_snapshot, second.snapshot_id) == (True, first.snapshot_id)
    assert second.headline().startswith(f"Product: as of {first.taken_at:%Y-%m-%d %H:%M:%S} UTC, 20 of 20")
    assert scrypath.snapshots(config=config).height == 1
    fresh = scrypath.reconcile_sync("Product", max_age=timedelta(0), config=config)
    assert fresh.from_snapshot is False
