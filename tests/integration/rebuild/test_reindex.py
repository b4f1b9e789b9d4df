"""A rebuild swaps the index once nothing differs, loses no write, and can be resumed wherever it stopped."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

import polars as pl
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import scrypath
from scrypath.compare.full import compare
from scrypath.config import Config
from scrypath.errors import GateFailed, InvalidOptions
from scrypath.meilisearch import documents, indexes, settings, tasks
from scrypath.queue import worker
from scrypath.rebuild import reindex as rebuilding
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine
from scrypath.sync.jobs import perform
from scrypath.vocabulary import Cutover, SyncMode
from tests.support.shop import Product

pytestmark = pytest.mark.integration
Sql = Callable[..., None]
STEPS = ["settings", "backfill", "catch_up", "gate", "swap", "last_catch_up", "verify", "keep"]


def names_in(config: Config, index: str) -> dict[str, str]:
    ids = [str(number) for number in range(1, 200)]
    return {str(item["id"]): item["name"] for item in documents.get_many(config, index, ids)}


def test_an_index_whose_settings_drifted_is_replaced_and_kept(
    config: Config, products: list[str], sql: Sql
) -> None:
    live = IndexRef.find("Product", config)
    task = settings.patch(config, live.uid, {"sortableAttributes": [], "stopWords": ["by hand"]})
    tasks.wait(config, task).require_success()
    sql("UPDATE products SET name = 'Changed behind the back' WHERE id = 4")
    sql("DELETE FROM products WHERE id = 5")
    before = indexes.get(config, live.uid)
    done = scrypath.reindex("Product", config=config)
    assert done.steps["step"].to_list() == STEPS
    assert done.cutover is Cutover.COMPLETED
    assert done.gate["passed"].all()
    assert (done.document_count, done.rollback_index) == (19, f"{live.uid}__rollback")
    assert done.missing_at_most.total_seconds() > 0

    after = indexes.get(config, live.uid)
    assert before is not None
    assert after is not None
    assert after.created_at != before.created_at
    assert scrypath.index_contract_drift("Product", config=config).is_empty()
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    assert names_in(config, live.uid)["4"] == "Changed behind the back"
    assert names_in(config, f"{live.uid}__rollback")["4"] == "Product 4"
    assert indexes.get(config, f"{live.uid}__reindex") is None
    audit = scrypath.audit_log(config=config).filter(pl.col("action") == "reindex")
    assert audit.sort("at").select("phase", "outcome").rows() == [("before", None), ("after", "completed")]


def test_without_a_live_index_the_new_one_takes_its_name(config: Config, sql: Sql) -> None:
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (1, 'Lamp', 1, 1, false)")
    done = scrypath.reindex("Product", config=config)
    assert (done.cutover, done.rollback_index) == (Cutover.COMPLETED, None)
    assert "keep" not in done.steps["step"].to_list()
    assert scrypath.reconcile_sync("Product", config=config).in_step is True


def test_it_stops_before_the_swap_when_asked_and_goes_on(
    config: Config, products: list[str], sql: Sql
) -> None:
    live = IndexRef.find("Product", config)
    before = indexes.get(config, live.uid)
    ready = scrypath.reindex("Product", cutover=False, config=config)
    assert ready.cutover is Cutover.PENDING
    assert indexes.get(config, live.uid) == before
    with pytest.raises(InvalidOptions, match="__reindex is there already"):
        scrypath.reindex("Product", config=config)
    sql("UPDATE products SET name = 'Later' WHERE id = 7")
    sql("DELETE FROM products WHERE id = 8")
    done = scrypath.reindex("Product", resume=True, config=config)
    assert done.cutover is Cutover.COMPLETED
    assert "backfill" not in done.steps["step"].to_list()
    found = names_in(config, live.uid)
    assert found["7"] == "Later"
    assert "8" not in found


def test_nothing_to_resume_is_said(config: Config, products: list[str]) -> None:
    with pytest.raises(InvalidOptions, match="No rebuild of Product can be resumed"):
        scrypath.reindex("Product", resume=True, config=config)
    with pytest.raises(InvalidOptions, match="exclude each other"):
        scrypath.reindex("Product", resume=True, restart=True, config=config)
    with pytest.raises(InvalidOptions, match="max_size_change is -1"):
        scrypath.reindex("Product", max_size_change=-1, config=config)
    with pytest.raises(InvalidOptions, match="No index is kept for a rollback of Product"):
        scrypath.rollback("Product", config=config)


class Stopped(BaseException):
    """As if the process had been killed."""


@pytest.mark.parametrize("step", STEPS)
def test_after_a_crash_in_any_step_it_goes_on(
    config: Config, products: list[str], monkeypatch: pytest.MonkeyPatch, step: str, sql: Sql
) -> None:
    from scrypath.rebuild.steps import Steps

    real = Steps.step

    @contextmanager
    def dying(self: Steps, name: str) -> Iterator[Any]:
        with real(self, name) as current:
            yield current
        if name == step:
            raise Stopped

    monkeypatch.setattr(Steps, "step", dying)
    with pytest.raises(Stopped):
        scrypath.reindex("Product", config=config)
    monkeypatch.setattr(Steps, "step", real)
    sql("UPDATE products SET name = 'Meanwhile' WHERE id = 3")
    live = IndexRef.find("Product", config)
    if indexes.get(config, f"{live.uid}__reindex") is not None:
        scrypath.reindex("Product", resume=True, config=config)
    else:  # the last step had been done
        assert step == "keep"
        scrypath.apply(scrypath.plan(scrypath.reconcile_sync("Product", config=config)))
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    assert names_in(config, live.uid)["3"] == "Meanwhile"
    assert indexes.get(config, f"{live.uid}__rollback") is not None
    assert indexes.get(config, f"{live.uid}__reindex") is None


def test_a_target_that_cannot_be_as_its_rows_leaves_the_live_index_as_it_was(
    config: Config, products: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another writer changes the target all along: the gate names its documents."""
    live = IndexRef.find("Product", config)
    before, held = indexes.get(config, live.uid), names_in(config, live.uid)
    from scrypath.rebuild import catch_up as catching

    def meddled(ref: IndexRef) -> Any:
        if ref.uid.endswith("__reindex"):
            meddling = documents.write_payload(
                config, ref.uid, b'{"id": 6, "name": "Not the row"}\n', primary_key="id", reference="meddler"
            )
            tasks.wait(config, meddling.uid).require_success()
        return compare(ref)

    monkeypatch.setattr(catching, "compare", meddled)
    with pytest.raises(GateFailed, match="1 document differs from the row just written: 6") as failed:
        scrypath.reindex("Product", config=config)
    assert failed.value.gate is not None
    assert failed.value.gate.row(0, named=True)["document_ids"] == ["6"]
    assert (indexes.get(config, live.uid), names_in(config, live.uid)) == (before, held)
    monkeypatch.undo()
    assert scrypath.reindex("Product", restart=True, config=config).steps["step"][0] == "discard"


def test_a_change_of_size_beyond_the_limit_is_refused(config: Config, products: list[str], sql: Sql) -> None:
    sql("DELETE FROM products WHERE id > 10")
    with pytest.raises(
        GateFailed, match=r"20 documents before, 10 after. A change of 50.0%; the limit is 10.0%"
    ):
        scrypath.reindex("Product", max_size_change=0.1, config=config)
    assert scrypath.reindex("Product", resume=True, max_size_change=0.5, config=config).document_count == 10


def test_a_rollback_brings_the_old_index_up_to_date(config: Config, products: list[str], sql: Sql) -> None:
    scrypath.reindex("Product", config=config)
    sql("UPDATE products SET name = 'Since' WHERE id = 9")
    with Session(engine(config)) as session:
        scrypath.sync_record("Product", session.get(Product, 9), config=config)
    live = IndexRef.find("Product", config)
    assert names_in(config, f"{live.uid}__rollback")["9"] == "Product 9"
    done = scrypath.rollback("Product", config=config)
    assert done.cutover is Cutover.COMPLETED
    assert names_in(config, live.uid)["9"] == "Since"
    assert scrypath.reconcile_sync("Product", config=config).in_step is True
    again = scrypath.rollback("Product", config=config)
    assert again.cutover is Cutover.COMPLETED


@pytest.mark.parametrize("mode", ["inline", "manual", "oban"])
def test_a_writer_that_runs_all_along_loses_nothing(oban: Config, products: list[str], mode: str) -> None:
    """What landed during the rebuild is in the new index once it returns, whichever way it was written."""
    config = replace(oban, sync_mode=SyncMode(mode))
    stop, errors = threading.Event(), []
    random = Random(mode)

    def write() -> None:
        with engine(config).connect() as connection:
            number = 0
            while not stop.is_set():
                number += 1
                key = random.randrange(1, 41)
                with connection.begin():
                    if random.random() < 0.2:
                        connection.execute(sa.delete(Product).where(Product.id == key))
                        deleted = True
                    else:
                        deleted = False
                        connection.execute(
                            sa.text(
                                "INSERT INTO products (id, name, price, stock, hidden) "
                                "VALUES (:id, :name, 1, :stock, false) "
                                "ON CONFLICT (id) DO UPDATE SET name = :name, stock = :stock"
                            ),
                            {"id": key, "name": f"Written {number}", "stock": number},
                        )
                    if mode == "oban" and deleted:
                        scrypath.delete_document("Product", key, session=connection, config=config)
                    elif mode == "oban":
                        scrypath.sync_record("Product", {"id": key}, session=connection, config=config)
                try:
                    if mode != "oban" and deleted:
                        scrypath.delete_document("Product", key, config=config)
                    elif mode != "oban":
                        record = {"id": key, "name": f"Written {number}", "stock": number}
                        record |= {"price": 1, "brand_id": None}
                        scrypath.sync_record("Product", record, config=config)
                except Exception as error:
                    errors.append(error)
                    raise

    working = threading.Thread(
        target=partial(worker.run, config, lambda args: perform(args, config), stop=stop, poll=0.05)
    )
    writing = threading.Thread(target=write)
    for thread in (working, writing) if mode == "oban" else (writing,):
        thread.start()
    try:
        done = scrypath.reindex("Product", config=config)
    finally:
        stop.set()
        writing.join()
        if mode == "oban":
            working.join()
    assert errors == []
    assert done.cutover is Cutover.COMPLETED
    if mode == "oban":
        worker.run(config, lambda args: perform(args, config), drain=True)
    tasks.wait_all(config, tasks.listing(config, limit=100).frame["uid"].to_list())
    report = scrypath.reconcile_sync("Product", config=config)
    assert report.documents.rows() == []
    assert rebuilding.target_of(done.index) == done.target_index
