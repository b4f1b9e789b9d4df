"""What a returned success means in each of the three modes, and what a failure leaves behind."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa

from scrypath.compare.explain import explain
from scrypath.errors import (
    ConfigError,
    DatabaseError,
    InvalidOptions,
    ProjectionError,
    SchemaError,
    TaskFailed,
    TaskTimeout,
    TransportError,
    Unauthorised,
)
from scrypath.meilisearch import documents, tasks
from scrypath.memory import ledger
from scrypath.memory.task_metadata import reference_of
from scrypath.redaction import Secret
from scrypath.sync.related import sync_related
from scrypath.sync.verbs import delete_document, delete_documents, delete_record, sync_record, sync_records
from scrypath.vocabulary import Operation, SyncMode, SyncStatus
from tests.integration.sync.conftest import Shop
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration


def uid(work_id: str | None) -> int:
    assert work_id is not None
    source, _, number = work_id.partition(":")
    assert source == "meili"
    return int(number)


def test_inline_success_is_a_finished_task(shop: Shop) -> None:
    result = sync_records("Product", shop.stock(3), config=shop.config)
    assert (result.mode, result.status) == (SyncMode.INLINE, SyncStatus.COMPLETED)
    assert (result.document_ids, result.document_count) == (("1", "2", "3"), 3)
    assert result.index == f"{shop.config.index_prefix}_products"
    assert tasks.get(shop.config, uid(result.work_id)).succeeded
    shop.assert_in_step()


def test_manual_success_is_a_task_in_hand(shop: Shop) -> None:
    result = sync_record(Product, shop.stock(1)[0], mode="manual", config=shop.config)
    assert (result.mode, result.status) == (SyncMode.MANUAL, SyncStatus.ACCEPTED)
    assert tasks.wait(shop.config, uid(result.work_id)).succeeded
    shop.assert_in_step()


def test_oban_success_is_a_durable_job_and_nothing_more(shop: Shop) -> None:
    result = sync_records("Product", shop.stock(2), mode="oban", config=shop.config)
    assert (result.mode, result.status) == (SyncMode.OBAN, SyncStatus.ACCEPTED)
    (job,) = shop.jobs().to_dicts()
    assert result.work_id == f"oban:{job['job_id']}"
    assert (job["state"], job["document_ids"]) == ("available", ["1", "2"])
    assert shop.documents() == {}
    shop.drain()
    assert shop.jobs()["state"].to_list() == ["completed"]
    shop.assert_in_step()


@pytest.mark.parametrize("mode", SyncMode)
def test_nothing_to_do_is_a_noop(shop: Shop, mode: SyncMode) -> None:
    for result in (
        sync_records("Product", [], mode=mode, config=shop.config),
        delete_documents("Product", [], mode=mode, config=shop.config),
    ):
        assert (result.status, result.work_ids, result.document_count) == (SyncStatus.NOOP, (), 0)
    assert shop.jobs().is_empty()
    assert shop.documents() == {}


@pytest.mark.parametrize("mode", SyncMode)
def test_deleting_takes_records_ids_and_texts(shop: Shop, mode: SyncMode) -> None:
    made = shop.stock(4)
    sync_records("Product", made, config=shop.config)
    shop.change(sa.delete(Product).where(Product.id < 4))
    delete_record("Product", made[0], mode=mode, config=shop.config)
    delete_document("Product", 2, mode=mode, config=shop.config)
    delete_documents("Product", ["3"], mode=mode, config=shop.config)
    if mode is SyncMode.OBAN:
        shop.drain()
    assert set(shop.documents()) == {"4"}
    shop.assert_in_step()


def test_a_failed_task_raises_inline_and_applies_nothing(shop: Shop) -> None:
    sync_records("Product", shop.stock(1), config=shop.config)
    # Another primary key than the index has: the server accepts the task, then fails it.
    index = shop.schema("Product").index_name(shop.config)
    broken = replace(shop.schema("Product"), document_id="stock")
    shop.stock(1, start=9, stock=5)
    with pytest.raises(TaskFailed) as caught:
        sync_records(
            broken, [{"id": 9, "name": "x", "price": 1, "stock": 5, "brand_id": None}], config=shop.config
        )
    assert index in caught.value.message
    assert caught.value.error_code == "index_primary_key_already_exists"
    assert caught.value.task_uid is not None
    assert set(shop.documents()) == {"1"}


def test_a_wait_that_ends_first_says_that_the_task_may_still_finish(shop: Shop) -> None:
    made = shop.stock(2)
    sync_record("Product", made[0], config=shop.config)
    # A server works through its tasks in order: this one keeps it busy for much longer than the next takes to send.
    ahead = b"\n".join(b'{"id":%d,"name":"brand %d of many"}' % (number, number) for number in range(100_000))
    before = documents.write_payload(
        shop.config, shop.schema(Brand).index_name(shop.config), ahead, primary_key="id"
    )
    with pytest.raises(TaskTimeout, match="may still finish") as caught:
        sync_record("Product", made[1], config=replace(shop.config, task_timeout=0))
    assert caught.value.task_uid is not None
    assert caught.value.task_uid > before.uid
    assert tasks.wait(shop.config, caught.value.task_uid).succeeded
    shop.assert_in_step()


def test_nothing_is_sent_when_one_record_cannot_be_projected(shop: Shop) -> None:
    shop.stock(5, start=0)
    records = [{"id": number, "name": "x", "price": 1, "stock": 1, "brand_id": None} for number in range(5)]
    del records[3]["stock"]
    with pytest.raises(ProjectionError, match="Product: record 3 has no field 'stock'"):
        sync_records("Product", records, config=shop.config)
    assert shop.documents() == {}


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda c: sync_records("Prodct", [], config=c), SchemaError, "Did you mean 'Product'?"),
        (
            lambda c: sync_records("Product", [], mode="later", config=c),
            InvalidOptions,
            "mode cannot be 'later'",
        ),
        (lambda c: sync_records("Product", [], session=object(), config=c), InvalidOptions, "mode inline"),
        (lambda c: delete_document("Product", 1.5, config=c), ProjectionError, "1.5 cannot be a document id"),
        (lambda c: delete_document("Product", "a b", config=c), ProjectionError, "'a b' has characters"),
        (lambda c: sync_related("Product", [], fan_out="x", config=c), InvalidOptions, "no fan-out 'x'"),
        (lambda c: sync_related("Brand", [], fan_out="product", config=c), InvalidOptions, "'products'"),
        (
            lambda c: sync_related("Brand", [1], fan_out="products", session=object(), config=c),
            InvalidOptions,
            "session is given in mode inline",
        ),
        (
            lambda c: sync_related(
                "Brand", [1], fan_out="products", mode="manual", session=object(), config=c
            ),
            InvalidOptions,
            "session is given in mode manual",
        ),
    ],
)
def test_bad_input_is_named(shop: Shop, call: object, error: type[Exception], words: str) -> None:
    with pytest.raises(error) as caught:
        call(shop.config)  # type: ignore[operator]
    assert words in str(caught.value)


def test_services_that_cannot_be_reached_are_named_without_their_secrets(shop: Shop) -> None:
    (made,) = shop.stock(1)
    nowhere = replace(shop.config, meilisearch_url="http://127.0.0.1:9", connect_timeout=0.5)
    with pytest.raises(TransportError, match=r"127\.0\.0\.1:9"):
        sync_record("Product", made, config=nowhere)
    if shop.config.meilisearch_key is not None:  # a server without a key refuses none
        wrong_key = replace(shop.config, meilisearch_key=Secret("not-the-key-of-this-server"))
        with pytest.raises(Unauthorised) as caught:
            sync_record("Product", made, config=wrong_key)
        assert "not-the-key" not in str(caught.value)
    no_database = replace(shop.config, database_url="postgresql://shop:hunter2@127.0.0.1:9/shop")
    with pytest.raises(DatabaseError) as refused:
        sync_record("Product", made, mode="oban", config=no_database)
    assert "hunter2" not in str(refused.value)
    with pytest.raises(ConfigError, match="meilisearch_url is not configured"):
        sync_record("Product", made, config=replace(shop.config, meilisearch_url=None))


def test_every_request_is_in_the_ledger_before_it_is_sent(shop: Shop) -> None:
    made = shop.stock(3)
    written = sync_records("Product", made, config=shop.config)
    deleted = delete_document("Product", 3, mode="manual", config=shop.config)
    sent = shop.tasks()
    references = [reference_of(text) for text in sent["custom_metadata"]]
    assert [text.removeprefix(of) for text, of in zip(sent["custom_metadata"], references, strict=True)] == [
        ".1.2.3",
        ".3",
    ]
    assert sent["uid"].to_list() == [uid(written.work_id), uid(deleted.work_id)]
    known = ledger.lookup(shop.config, references).sort("sent_at")
    assert known["reference"].to_list() == references
    assert known["document_ids"].to_list() == [["1", "2", "3"], ["3"]]
    assert known["operation"].to_list() == [Operation.UPSERT, Operation.DELETE]
    assert known["mode"].to_list() == [SyncMode.INLINE, SyncMode.MANUAL]
    nowhere = replace(shop.config, meilisearch_url="http://127.0.0.1:9", connect_timeout=0.2)
    with pytest.raises(TransportError):
        delete_document("Product", 3, config=nowhere)


def test_the_fingerprint_is_hidden_from_searchers(shop: Shop) -> None:
    from scrypath.meilisearch.wire import connect

    sync_records("Product", shop.stock(1), config=shop.config)
    (document,) = shop.documents().values()
    index = shop.schema("Product").index_name(shop.config)
    search = connect(shop.config).request("POST", f"/indexes/{index}/search", json={"q": ""}, idempotent=True)
    assert [sorted(hit) for hit in search.json()["hits"]] == [["brand_id", "id", "name", "price", "stock"]]
    guess = {"q": document["_scrypath"]}
    assert not connect(shop.config).request("POST", f"/indexes/{index}/search", json=guess).json()["hits"]


def test_batches_respect_a_count_and_a_size(shop: Shop) -> None:
    made = shop.stock(25)
    by_count = sync_records("Product", made, config=replace(shop.config, batch_size=10))
    assert len(by_count.work_ids) == 3
    assert by_count.document_ids == tuple(str(product.id) for product in made)
    assert shop.tasks()["document_count"].to_list() == [10, 10, 5]
    small = replace(shop.config, payload_limit=1_000)
    by_size = sync_records("Product", made, config=small)
    assert len(by_size.work_ids) > 1
    assert sum(shop.tasks()["document_count"].to_list()[3:]) == 25
    shop.assert_in_step()
    with pytest.raises(InvalidOptions, match="Document '99' has 3"):
        sync_records("Product", shop.stock(1, start=99, name="x" * 3_000), config=small)


def test_a_job_deletes_the_document_of_a_row_that_its_schema_no_longer_shows(oban_shop: Shop) -> None:
    sync_records("Product", oban_shop.stock(3), config=oban_shop.config, mode="inline")
    oban_shop.change(sa.update(Product).where(Product.id == 2).values(hidden=True))
    sync_records("Product", [2], config=oban_shop.config)
    oban_shop.drain()
    assert set(oban_shop.documents()) == {"1", "3"}


@pytest.mark.parametrize("mode", SyncMode)
def test_related_documents_are_written_again_each_once(shop: Shop, mode: SyncMode) -> None:
    shop.stock(6)
    with shop.session() as session:
        brands = [Brand(id=number, name=f"Brand {number}") for number in (1, 2)]
        session.add_all(brands)
        session.execute(sa.update(Product).where(Product.id <= 4).values(brand_id=1, stock=77))
    result = sync_related("Brand", brands * 2, fan_out="products", mode=mode, config=shop.config)
    if mode is SyncMode.OBAN:
        assert (result.status, shop.jobs()["operation"].to_list()) == (SyncStatus.ACCEPTED, ["fan_out"])
        shop.drain()
    else:
        assert result.document_ids == ("1", "2", "3", "4")
    assert {key: document["stock"] for key, document in shop.documents().items()} == dict.fromkeys("1234", 77)
    assert shop.tasks()["document_count"].to_list() == [4]


@pytest.mark.parametrize("one", ["12", b"12", 12, None])
def test_one_where_several_are_asked_for_is_refused_and_nothing_is_sent(shop: Shop, one: Any) -> None:
    sync_records("Product", shop.stock(2), config=shop.config)
    for call in (
        partial(delete_documents, "Product", one),
        partial(explain, "Product", one),
        partial(sync_related, "Brand", one, fan_out="products"),
    ):
        with pytest.raises(InvalidOptions, match=r"must be a list, not .*Write \w+=\["):
            call(config=shop.config)
    shop.assert_in_step()
