"""A plan touches exactly what it says, refuses changed evidence, and is recorded."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

import scrypath
from scrypath.config import Config
from scrypath.errors import InvalidOptions, StalePlan, TransportError
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.schema import registry
from scrypath.vocabulary import SyncMode
from tests.support.relay import Relay
from tests.support.reports import drift_of, recoveries
from tests.support.scripted_server import Answer, Asked

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


@pytest.fixture
def drifted(config: Config, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET stock = stock + 1 WHERE id IN (1, 2)")
    sql("DELETE FROM products WHERE id = 3")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (99, 'New', 1, 0, false)")


def task_uids(config: Config) -> list[int]:
    """Of this test's own indexes, newest first: the server may be another test's too."""
    index = registry.find("Product").index_name(config)
    return tasks.listing(config, index_uids=[index]).frame["uid"].to_list()


@pytest.mark.usefixtures("drifted")
def test_repair_touches_exactly_the_drifted_documents(config: Config) -> None:
    report = scrypath.reconcile_sync("Product", config=config)
    plan = scrypath.plan(report, "repair", delete_orphans=True)
    assert (plan.written, plan.deleted) == (("1", "2", "99"), ("3",))
    before = task_uids(config)
    outcome = scrypath.apply(plan, actor="ada")
    assert outcome.select("operation", "outcome", "document_count", "verified").rows() == [
        ("upsert", "completed", 3, True),
        ("delete", "completed", 1, True),
    ]
    assert len(task_uids(config)) == len(before) + 2
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    audit = recoveries(config)
    assert audit["plan_hash"].unique().to_list() == [plan.hash]
    assert audit["phase"].to_list() == ["after", "before"]
    assert audit["outcome"].to_list() == ["completed", None]

    again = scrypath.apply(plan)
    assert again["outcome"].to_list() == ["skipped"]
    assert recoveries(config).height == 2


@pytest.mark.usefixtures("drifted")
def test_orphans_are_deleted_only_when_the_plan_says_so(config: Config) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    assert plan.deleted == ()
    assert "1 document without a row left alone" in str(plan)
    scrypath.apply(plan)
    assert drift_of(scrypath.reconcile_sync("Product", config=config)) == {"3": "orphan"}


@pytest.mark.usefixtures("drifted")
def test_a_plan_whose_evidence_changed_is_refused_and_sends_nothing(config: Config, sql: Sql) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    sql("UPDATE products SET stock = 1000 WHERE id = 2")
    before = task_uids(config)
    with pytest.raises(StalePlan, match=r"Plan .* no longer holds for 1 of 3 documents: 2"):
        scrypath.apply(plan)
    assert task_uids(config) == before
    assert recoveries(config).is_empty()


@pytest.mark.usefixtures("drifted")
@pytest.mark.parametrize(
    ("statement", "changed"),
    [
        ("DELETE FROM products WHERE id = 1", "1"),
        ("UPDATE products SET hidden = true WHERE id = 99", "99"),
        ("INSERT INTO products (id, name, price, stock, hidden) VALUES (3, 'Back', 1, 0, false)", "3"),
        ("UPDATE products SET price = 'NaN' WHERE id = 2", "2"),
    ],
)
def test_a_row_that_went_came_or_broke_makes_a_plan_stale(
    config: Config, sql: Sql, statement: str, changed: str
) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config), delete_orphans=True)
    sql(statement)
    before = task_uids(config)
    with pytest.raises(StalePlan, match=rf"Plan .* no longer holds for 1 of 4 documents: {changed}\."):
        scrypath.apply(plan)
    assert task_uids(config) == before


@pytest.mark.usefixtures("drifted")
@pytest.mark.parametrize("document", [{"id": 1, "name": "Theirs"}, {"id": 99, "name": "Theirs"}])
def test_a_document_that_changed_in_between_makes_a_plan_stale(
    config: Config, document: dict[str, object]
) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    (sent,) = documents.write(config, plan.index, [document])
    tasks.wait(config, sent.uid).require_success()
    with pytest.raises(StalePlan, match=f"Plan .* no longer holds for 1 of 3 documents: {document['id']}"):
        scrypath.apply(plan)
    assert task_uids(config)[0] == sent.uid


@pytest.mark.usefixtures("drifted")
@pytest.mark.parametrize("how", ["swapped", "deleted", "recreated"])
def test_a_plan_holds_for_the_index_that_was_compared_only(config: Config, how: str) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    index = plan.index
    same = documents.get_many(config, index, [str(number) for number in range(1, 21)])
    if how == "swapped":  # with another index that holds the very same documents
        other = f"{index}__other"
        tasks.wait(config, indexes.create(config, other, "id")).require_success()
        (sent,) = documents.write(config, other, same)
        tasks.wait(config, sent.uid).require_success()
        tasks.wait(config, indexes.swap(config, [(index, other)])).require_success()
        tasks.wait(config, indexes.delete(config, other)).require_success()
    else:
        tasks.wait(config, indexes.delete(config, index)).require_success()
    if how == "recreated":
        tasks.wait(config, indexes.create(config, index, "id")).require_success()
    before = task_uids(config)
    with pytest.raises(StalePlan, match="was swapped, deleted or recreated since plan"):
        scrypath.apply(plan)
    assert task_uids(config) == before
    assert recoveries(config).is_empty()


@pytest.mark.usefixtures("drifted")
def test_a_plan_that_was_cut_short_is_finished_by_applying_it_again(
    relayed: Config, relay: Relay, config: Config, sql: Sql
) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config), delete_orphans=True)
    sent: list[Asked] = []

    def before(asked: Asked) -> Answer | None:
        if asked.method == "POST" and asked.path.endswith(("/documents", "/delete-batch")):
            sent.append(asked)
        return Answer(drop=True) if len(sent) > 1 else None

    relay.before = before
    small = replace(relayed, batch_size=1)
    with pytest.raises(TransportError):
        scrypath.apply(plan, config=small)
    assert recoveries(config).select("phase", "outcome").rows()[0] == ("after", "unknown")
    waiting = tasks.listing(config, index_uids=[plan.index], statuses=["enqueued", "processing"]).frame
    tasks.wait_all(config, waiting["uid"].to_list())
    before_again = len(task_uids(config))
    again = scrypath.apply(plan)
    assert again.select("operation", "outcome", "document_count", "verified").rows() == [
        ("upsert", "completed", 2, True),
        ("delete", "completed", 1, True),
    ]
    assert len(task_uids(config)) == before_again + 2
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    assert scrypath.apply(plan)["outcome"].to_list() == ["skipped"]


@pytest.mark.usefixtures("drifted")
def test_an_interrupted_apply_is_recorded(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))

    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("scrypath.operator.recover.repair.converge", interrupted)
    with pytest.raises(KeyboardInterrupt):
        scrypath.apply(plan)
    after, before = recoveries(config).to_dicts()
    assert (before["phase"], before["plan_hash"], before["document_count"]) == ("before", plan.hash, 3)
    assert (after["phase"], after["outcome"], after["detail"]) == ("after", "unknown", "It was interrupted.")


@pytest.mark.usefixtures("drifted")
def test_what_is_in_flight_or_unknown_is_never_planned(config: Config, sql: Sql) -> None:
    oban = replace(config, sync_mode=SyncMode.OBAN)
    sql("UPDATE products SET price = 'NaN' WHERE id = 5")
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    scrypath.delete_documents("Product", ["3"], mode="oban", config=oban)
    report = scrypath.reconcile_sync("Product", config=oban)
    assert drift_of(report) == {
        "1": "in_flight",
        "2": "stale",
        "3": "in_flight",
        "5": "unknown",
        "99": "missing",
    }
    plan = scrypath.plan(report, delete_orphans=True)
    assert (plan.written, plan.deleted, plan.left_alone) == (("2", "99"), (), 0)
    assert plan.counts.rows() == [("missing", 1), ("stale", 1)]


@pytest.mark.usefixtures("drifted")
def test_a_plan_is_for_the_index_of_its_configuration(config: Config) -> None:
    plan = scrypath.plan(scrypath.reconcile_sync("Product", config=config))
    with pytest.raises(InvalidOptions, match=f"is for the index {plan.index}, and this configuration names"):
        scrypath.apply(plan, config=replace(config, index_prefix="elsewhere"))


@pytest.mark.usefixtures("drifted")
def test_a_plan_from_a_snapshot_is_held_to_the_same_index(config: Config) -> None:
    fresh = scrypath.reconcile_sync("Product", config=config)
    stored = scrypath.reconcile_sync("Product", max_age=timedelta(hours=1), config=config)
    assert stored.from_snapshot is True
    assert scrypath.plan(stored).hash == scrypath.plan(fresh).hash


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


def test_max_age_never_answers_from_before_a_write(config: Config, products: list[str]) -> None:
    hour = timedelta(hours=1)

    def recent(config: Config = config) -> bool:
        return scrypath.reconcile_sync("Product", max_age=hour, config=config).from_snapshot

    assert not recent()
    assert recent()
    elsewhere = replace(config, home=config.home / "elsewhere")  # another machine's memory
    scrypath.delete_document("Product", 99, config=elsewhere)
    assert not recent(), "the server's tasks say so"
    assert recent()
    nowhere = replace(config, meilisearch_url="http://127.0.0.1:9")
    assert scrypath.reconcile_sync("Product", max_age=hour, config=nowhere).rows is None, "of another server"
    scrypath.delete_document("Product", 99, config=config)
    assert not recent(), "this memory says so"
