"""Jobs of ids: with the caller's transaction, twice, late, out of order, and the index still converges."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from scrypath.config import Config
from scrypath.errors import TaskFailed, TransportError
from scrypath.meilisearch import indexes, tasks
from scrypath.memory import ledger
from scrypath.memory.task_metadata import reference_of
from scrypath.queue.args import JobArgs
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine
from scrypath.sync import jobs
from scrypath.sync.delivery import Delivered
from scrypath.sync.jobs import perform
from scrypath.sync.sending import Sent
from scrypath.sync.verbs import delete_documents, sync_record, sync_records
from scrypath.vocabulary import Operation, WorkSource
from scrypath.work.failures import failures_of
from tests.integration.sync.conftest import Shop
from tests.support.shop import Product

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("through", ["session", "connection"])
def test_half_the_transactions_roll_back_and_exactly_half_the_jobs_reach_the_index(
    oban_shop: Shop, through: str
) -> None:
    kept = set(random.Random(3).sample(range(1, 101), 50))
    for number in range(1, 101):
        with Session(engine(oban_shop.config), expire_on_commit=False) as session:
            product = Product(id=number, name=f"Product {number}")
            session.add(product)
            session.flush()
            given = session if through == "session" else session.connection()
            sync_record("Product", product, session=given, config=oban_shop.config)
            if number in kept:
                session.commit()
            else:
                session.rollback()
    assert oban_shop.jobs().height == 50
    oban_shop.drain()
    assert {int(key) for key in oban_shop.documents()} == kept
    assert set(oban_shop.jobs()["state"]) == {"completed"}
    oban_shop.assert_in_step()


def test_a_job_carries_ids_and_never_the_key_or_a_document(oban_shop: Shop) -> None:
    sync_records("Product", oban_shop.stock(2, name="a name of its own"), config=oban_shop.config)
    with engine(oban_shop.config).connect() as connection:
        row = connection.execute(sa.text("SELECT args, meta::text FROM oban_jobs")).one()
    assert row.args == {
        "operation": "upsert",
        "schema": "Product",
        "index": oban_shop.schema("Product").index_name(oban_shop.config),
        "document_ids": ["1", "2"],
        "document_count": 2,
        "sync_mode": "oban",
    }
    key = oban_shop.config.meilisearch_key
    assert key is None or key.reveal() not in f"{row}"


def test_the_worker_writes_the_rows_as_they_are_when_it_runs(oban_shop: Shop) -> None:
    sync_records("Product", oban_shop.stock(3), config=oban_shop.config)
    oban_shop.change(sa.update(Product).where(Product.id == 1).values(name="Later"))
    oban_shop.change(sa.delete(Product).where(Product.id == 2))
    oban_shop.drain()
    found = oban_shop.documents()
    assert set(found) == {"1", "3"}
    assert found["1"]["name"] == "Later"
    oban_shop.assert_in_step()


def test_an_upsert_of_a_vanished_row_deletes_its_document(oban_shop: Shop) -> None:
    made = oban_shop.stock(2)
    sync_records("Product", made, mode="inline", config=oban_shop.config)
    oban_shop.change(sa.delete(Product).where(Product.id == 1))
    sync_record("Product", made[0], config=oban_shop.config)
    oban_shop.drain()
    assert set(oban_shop.documents()) == {"2"}


def test_a_deletion_whose_row_is_back_writes_it(oban_shop: Shop) -> None:
    oban_shop.stock(1)
    delete_documents("Product", [1], config=oban_shop.config)
    oban_shop.drain()
    oban_shop.assert_in_step()


def test_pending_jobs_for_the_same_documents_collapse(oban_shop: Shop) -> None:
    made = oban_shop.stock(2)
    first = sync_records("Product", made, config=oban_shop.config)
    second = sync_records("Product", made, config=oban_shop.config)
    other = sync_record("Product", made[0], config=oban_shop.config)
    deletion = delete_documents("Product", [1, 2], config=oban_shop.config)
    assert first.work_id == second.work_id
    assert len({first.work_id, other.work_id, deletion.work_id}) == 3
    oban_shop.drain()
    again = sync_records("Product", made, config=oban_shop.config)
    assert again.work_id != first.work_id
    oban_shop.drain()
    oban_shop.assert_in_step()


@pytest.mark.parametrize("seed", range(3))
def test_twice_late_and_out_of_order_the_index_converges(oban_shop: Shop, seed: int) -> None:
    rng = random.Random(seed)
    oban_shop.stock(20)
    performed: list[JobArgs] = []
    index = oban_shop.schema("Product").index_name(oban_shop.config)
    for _ in range(12):
        ids = rng.sample(range(1, 26), rng.randint(1, 6))
        action = rng.choice(["change", "delete", "insert"])
        if action == "change":
            oban_shop.change(sa.update(Product).where(Product.id.in_(ids)).values(stock=rng.randint(1, 999)))
        elif action == "delete":
            oban_shop.change(sa.delete(Product).where(Product.id.in_(ids)))
        else:
            with oban_shop.session() as session:
                for number in ids:
                    session.merge(Product(id=number, name=f"Again {number}"))
        operation = rng.choice([Operation.UPSERT, Operation.DELETE])
        performed.append(
            JobArgs(operation=operation, schema="Product", index=index, document_ids=tuple(map(str, ids)))
        )
        for late in rng.sample(performed, rng.randint(0, min(2, len(performed)))):
            perform(late, oban_shop.config)
    everything = JobArgs(
        operation=Operation.UPSERT,
        schema="Product",
        index=index,
        document_ids=tuple(str(number) for number in range(1, 26)),
    )
    for args in [everything, *rng.sample(performed * 2, len(performed) * 2)]:
        perform(args, oban_shop.config)
    oban_shop.assert_in_step()


def test_a_job_is_acknowledged_only_after_the_task_succeeded(oban_shop: Shop) -> None:
    sync_records("Product", oban_shop.stock(2), config=oban_shop.config)
    seen: list[tuple[str, str]] = []

    def watched(args: JobArgs, config: Config) -> None:
        perform(args, config)
        (task,) = oban_shop.tasks().to_dicts()
        (job,) = oban_shop.jobs().to_dicts()
        seen.append((task["status"], job["state"]))

    oban_shop.drain(watched)
    assert seen == [("succeeded", "executing")]
    assert oban_shop.jobs()["state"].to_list() == ["completed"]


def test_what_a_job_sent_is_in_the_ledger_as_caused_by_it(oban_shop: Shop) -> None:
    small = oban_shop.with_options(batch_size=2)
    sync_records("Product", small.stock(3), config=small.config)
    deletion = delete_documents("Product", [7], config=small.config)
    small.drain()
    sent = ledger.lookup(small.config, [reference_of(text) for text in small.tasks()["custom_metadata"]])
    caused = dict(zip(sent["cause"], sent["document_ids"].to_list(), strict=True))
    first, second = sorted(small.jobs()["job_id"])[:2]
    assert caused == {f"oban:{first}": ["1", "2"], f"oban:{second}": ["3"], deletion.work_id: ["7"]}


def test_what_the_server_refuses_for_good_is_cancelled_at_the_first_attempt_with_its_code(
    oban_shop: Shop,
) -> None:
    index = oban_shop.schema("Product").index_name(oban_shop.config)
    tasks.wait(oban_shop.config, indexes.create(oban_shop.config, index, "brand_id"))
    sync_records("Product", oban_shop.stock(1), config=oban_shop.config)
    oban_shop.drain()
    (job,) = oban_shop.jobs().to_dicts()
    assert (job["state"], job["attempt"], job["max_attempts"]) == ("cancelled", 1, 20)
    assert job["error_type"] == TaskFailed.__name__
    assert job["error_code"] == "index_primary_key_already_exists"
    assert "already has a primary key" in job["error"]
    assert oban_shop.tasks().height == 1
    ref = IndexRef.live(oban_shop.schema("Product"), oban_shop.config)
    (failed,) = failures_of(ref).of(WorkSource.OBAN).to_dicts()
    assert (failed["state"], failed["reason_class"], failed["retryable"]) == ("failed", "validation", False)


def test_a_deletion_on_an_index_that_is_missing_for_now_is_tried_again(oban_shop: Shop) -> None:
    once = oban_shop.with_options(oban_max_attempts=2)
    delete_documents("Product", [1], config=once.config)
    once.drain()
    (job,) = once.jobs().to_dicts()
    assert (job["state"], job["attempt"], job["error_code"]) == ("discarded", 2, "index_not_found")


def test_the_failure_that_another_attempt_may_get_past_decides(
    oban_shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    errors = [("invalid_document_id", "invalid_request"), ("internal", "internal")]

    def ended(config: Config, sent: Sequence[Sent]) -> Delivered:
        done = tasks.get(config, oban_shop.tasks()["uid"][0])
        return Delivered(
            ok=(),
            failed=tuple(
                (
                    sent[0],
                    replace(done, status="failed", error_code=code, error_type=kind, error_message=code),
                )
                for code, kind in errors
            ),
        )

    once = oban_shop.with_options(oban_max_attempts=1)
    monkeypatch.setattr(jobs, "delivered", ended)
    sync_records("Product", once.stock(1), config=once.config)
    once.drain()
    (job,) = once.jobs().to_dicts()
    assert (job["state"], job["error_code"]) == ("discarded", "internal")


def test_a_server_that_is_away_for_a_while_loses_nothing(oban_shop: Shop) -> None:
    sync_records("Product", oban_shop.stock(3), config=oban_shop.config)
    attempts: list[int] = []

    def away_at_first(args: JobArgs, config: Config) -> None:
        attempts.append(1)
        if len(attempts) < 3:
            raise TransportError("The server is away.")
        perform(args, config)

    oban_shop.drain(away_at_first)
    (job,) = oban_shop.jobs().to_dicts()
    assert (job["state"], job["attempt"], len(attempts)) == ("completed", 3, 3)
    oban_shop.assert_in_step()


@pytest.mark.parametrize(
    "args",
    [
        {},
        {"operation": "upsert"},
        {"operation": "explode", "schema": "Product", "document_ids": ["1"]},
        [1],
        "x",
    ],
    ids=str,
)
def test_a_job_with_malformed_args_is_put_aside_and_the_next_one_runs(oban_shop: Shop, args: Any) -> None:
    with engine(oban_shop.config).begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO oban_jobs (args, queue, worker, max_attempts)"
                " VALUES (CAST(:args AS jsonb), 'scrypath', 'scrypath.queue.SyncWorker', 5)"
            ),
            {"args": json.dumps(args)},
        )
    sync_records("Product", oban_shop.stock(1), config=oban_shop.config)
    oban_shop.drain()
    assert oban_shop.jobs()["state"].to_list() == ["cancelled", "completed"]
    assert oban_shop.jobs()["malformed"].is_null().to_list() == [False, True]
    oban_shop.assert_in_step()


def test_a_job_of_a_schema_that_this_process_does_not_know_is_kept(oban_shop: Shop) -> None:
    args = JobArgs(operation=Operation.UPSERT, schema="Elsewhere", index="elsewhere", document_ids=("1",))
    from scrypath.queue.enqueue import enqueue_now

    once = oban_shop.with_options(oban_max_attempts=1)
    enqueue_now(once.config, args)
    once.drain()
    (job,) = once.jobs().to_dicts()
    assert job["state"] == "discarded"
    assert "Elsewhere" in job["error"]


def test_jobs_of_an_elixir_deployment_are_performed_from_current_rows(oban_shop: Shop) -> None:
    index = oban_shop.schema("Product").index_name(oban_shop.config)
    oban_shop.stock(2)
    ancestor = {
        "operation": "upsert",
        "schema": "Elixir.Shop.Product",
        "index": index,
        "documents": [{"id": 1, "name": "of yesterday"}, {"id": 2}],
        "document_ids": ["1", "2"],
        "document_count": 2,
        "sync_mode": "oban",
    }
    with engine(oban_shop.config).begin() as connection:
        connection.execute(
            sa.text(
                "INSERT INTO oban_jobs (args, queue, worker, max_attempts)"
                " VALUES (CAST(:args AS jsonb), 'scrypath', 'Scrypath.Oban.UpsertWorker', 5)"
            ),
            {"args": json.dumps(ancestor)},
        )
    oban_shop.drain()
    oban_shop.assert_in_step()
