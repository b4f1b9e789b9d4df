"""A newer row that somebody commits, and posts, between our reading and our post is never overwritten by ours."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from dataclasses import replace
from decimal import Decimal

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from scrypath.config import Config
from scrypath.errors import InvalidOptions, ReplicaSource
from scrypath.operator.recover.apply import apply
from scrypath.operator.recover.plan import plan
from scrypath.operator.recover.retry import retry_sync_work
from scrypath.operator.report.api import reconcile_sync
from scrypath.queue import jobs
from scrypath.rebuild.backfill import backfill
from scrypath.schema import registry
from scrypath.schema.documents import project_records
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine
from scrypath.sync import sending
from scrypath.sync.fence import ROUNDS, Fence
from scrypath.sync.related import sync_related
from scrypath.sync.verbs import delete_documents, sync_record, sync_records
from scrypath.vocabulary import SyncMode, SyncStatus
from tests.integration.sync.conftest import Shop
from tests.support.relay import Relay, relaying
from tests.support.scripted_server import Asked
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration
RACES = int(os.environ.get("SCRYPATH_TEST_ROUNDS", "2"))  # 100 in the long run


@pytest.fixture
def relay(config: Config) -> Iterator[Relay]:
    assert config.meilisearch_url is not None
    with relaying(config.meilisearch_url) as relay:
        yield relay


@pytest.fixture
def relayed(shop: Shop, relay: Relay) -> Config:
    """The configuration of whoever is delayed."""
    return replace(shop.config, meilisearch_url=relay.url)


class Race:
    """One row, somebody who is delayed while writing it, and somebody who is not."""

    def __init__(self, shop: Shop, relay: Relay, delayed: Config, failed: Callable[..., str]) -> None:
        self.shop, self.relay, self.delayed, self.failed = shop, relay, delayed, failed
        self.version = 0
        self.index = shop.schema(Product).index_name(shop.config)

    def on_each_write(self, act: Callable[[], object], *, times: int = 1) -> None:
        """Do something while a write is on its way, the first so many times."""
        done: list[bool] = []

        def before(asked: Asked) -> None:
            if asked.path.endswith(("/documents", "/delete-batch")) and asked.body and len(done) < times:
                done.append(True)
                act()

        self.relay.before = before

    def newer(self, *, post: bool = True) -> None:
        """Somebody else commits a newer row, then posts its document."""
        self.version += 1
        with self.shop.session() as session:
            row = session.merge(Product(id=1, name=f"version {self.version}", price=Decimal(1), brand_id=1))
            row.hidden = False
        if post:
            ref = IndexRef.live(registry.find(Product), self.shop.config)
            sending.upsert(ref, project_records(ref.schema, [row]), mode=SyncMode.MANUAL)

    def record(self) -> Product:
        with self.shop.session() as session:
            return session.scalars(sa.select(Product)).one()

    def run(self, write: Callable[[Race], object]) -> bool:
        """Whether the index ends as the row after a write that was overtaken."""
        self.relay.before = lambda _: None
        self.newer()
        write(self)
        ((_, document),) = self.shop.documents().items()
        return bool(document["name"] == f"version {self.version}")


@pytest.fixture
def race(shop: Shop, relay: Relay, relayed: Config, failed_task: Callable[..., str]) -> Race:
    made = Race(shop, relay, relayed, failed_task)
    with shop.session() as session:
        session.add(Brand(id=1, name="Acme"))
    made.newer()
    return made


def by_backfill(race: Race) -> None:
    race.on_each_write(race.newer)
    assert backfill("Product", config=race.delayed).status is SyncStatus.COMPLETED


def by_repair(race: Race) -> None:
    race.shop.settle(race.index)  # what is still being written is in flight, and no drift
    race.newer(post=False)
    planned = plan(reconcile_sync("Product", config=race.shop.config), "repair")
    race.on_each_write(race.newer)
    apply(planned, config=race.delayed)


def by_retry(race: Race) -> None:
    work = race.failed(["1"])
    race.on_each_write(race.newer)
    retry_sync_work(work, force=True, config=race.delayed)


def by_job(race: Race) -> None:
    sync_records("Product", [1], mode="oban", config=race.delayed)
    race.on_each_write(race.newer)
    Shop(race.delayed).drain()


def by_relation(race: Race) -> None:
    race.on_each_write(race.newer)
    assert sync_related("Brand", [1], fan_out="products", config=race.delayed).fenced


def by_detached_record(race: Race) -> None:
    record = race.record()
    race.on_each_write(race.newer)
    assert sync_record("Product", record, config=race.delayed).fenced


def by_record_of_a_session(race: Race) -> None:
    with Session(engine(race.delayed)) as session:
        record = session.scalars(sa.select(Product)).one()
        race.newer()  # before the call already: the record is old
        race.on_each_write(race.newer)
        assert sync_record("Product", record, mode="manual", config=race.delayed).fenced


def by_mapping(race: Race) -> None:
    record = race.record()
    fields = {name: getattr(record, name) for name in ("id", "name", "price", "stock", "brand_id")}
    race.on_each_write(race.newer)
    assert sync_record("Product", fields, config=race.delayed).fenced


def by_deletion(race: Race) -> None:
    race.shop.change(sa.delete(Product))
    race.on_each_write(race.newer)
    assert delete_documents("Product", [1], config=race.delayed).fenced


WRITES = [
    by_backfill,
    by_repair,
    by_retry,
    by_job,
    by_relation,
    by_detached_record,
    by_record_of_a_session,
    by_mapping,
    by_deletion,
]


@pytest.mark.parametrize("write", WRITES)
def test_a_write_that_is_overtaken_loses_without_the_fence_and_never_with_it(
    race: Race, write: Callable[[Race], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(RACES):
        with monkeypatch.context() as without:
            without.setattr(Fence, "overtaken", lambda *_: ())
            if write is not by_deletion:  # which leaves no document at all
                assert not race.run(write), "the race was not made"
        assert race.run(write)
    race.shop.assert_in_step()


@pytest.mark.parametrize("write", [by_backfill, by_job, by_detached_record])
def test_the_fingerprint_is_the_token_where_a_version_is_not_enough(
    race: Race, write: Callable[[Race], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scrypath.source.row_tokens.suffices", lambda _: False)
    assert race.run(write)
    race.shop.assert_in_step()


def test_a_row_that_leaves_while_it_is_written_is_deleted(race: Race) -> None:
    for change in (sa.delete(Product), sa.update(Product).values(hidden=True)):
        race.newer()
        race.on_each_write(lambda change=change: race.shop.change(change))
        backfill("Product", config=race.delayed)
        assert race.shop.documents() == {}


def test_a_row_that_never_rests_is_in_flight_and_its_job_is_followed_by_another(race: Race) -> None:
    race.on_each_write(race.newer, times=10 * ROUNDS)
    result = backfill("Product", config=race.delayed)
    assert (result.status, result.in_flight, len(result.work_ids)) == (SyncStatus.ACCEPTED, ("1",), ROUNDS)

    race.shop.settle(race.index)
    race.newer(post=False)
    planned = plan(reconcile_sync("Product", config=race.shop.config), "repair")
    race.on_each_write(race.newer, times=10 * ROUNDS)
    outcome = apply(planned, config=race.delayed)
    assert outcome.row(-1, named=True)["outcome"] == "unknown"
    assert "the rows of 1 document changed during each of 5 writes: 1" in outcome["detail"][-1]

    race.on_each_write(race.newer, times=10 * ROUNDS)
    assert not sync_related("Brand", [1], fan_out="products", config=race.delayed).fenced

    sync_records("Product", [1], mode="oban", config=race.delayed)
    race.on_each_write(race.newer, times=ROUNDS)
    Shop(race.delayed).drain()
    done = jobs.listing(race.shop.config).frame
    assert (done["state"].to_list(), done["document_ids"].to_list()) == (["completed"] * 2, [["1"]] * 2)
    race.shop.assert_in_step()


def test_what_is_not_committed_yet_is_posted_as_given_and_says_so(race: Race) -> None:
    with Session(engine(race.delayed)) as session, session.begin():
        record = session.scalars(sa.select(Product)).one()
        record.name = "soon"
        with pytest.raises(InvalidOptions, match="changes that its session has not flushed"):
            sync_record("Product", record, config=race.delayed)
        session.flush()
        assert not sync_record("Product", record, config=race.delayed).fenced
        assert race.shop.documents()["1"]["name"] == "soon"
        session.expunge(record)  # nobody knows any more whose transaction it is of
        assert not sync_record("Product", record, config=race.delayed).fenced
    race.shop.assert_in_step()
    with engine(race.delayed).begin() as connection, Session(connection) as session:
        session.execute(sa.update(Product).values(name="soon too"))
        session.commit()  # of the session: the connection's own transaction goes on
        record = session.scalars(sa.select(Product)).one()
        assert not sync_record("Product", record, config=race.delayed).fenced
    race.shop.assert_in_step()
    with engine(race.delayed).begin() as connection:
        connection.execute(sa.delete(Product))
        assert not delete_documents("Product", [1], config=race.delayed).fenced
    race.shop.assert_in_step()


def test_without_a_database_that_can_be_asked_records_are_posted_as_given(race: Race) -> None:
    brand = {"id": 7, "name": "Boreal"}
    for url in (None, "postgresql://127.0.0.1:9/nowhere"):
        config = replace(race.shop.config, database_url=url)
        result = sync_record("Brand", brand, config=config)
        assert (result.status, result.fenced) == (SyncStatus.COMPLETED, False)
        assert race.shop.documents(Brand)["7"]["name"] == "Boreal"
        assert not delete_documents("Brand", [7], config=config).fenced
        assert race.shop.documents(Brand) == {}


def test_a_replica_is_no_source_for_writes(race: Race) -> None:
    # The server believes to be a replica: a function of that name is found before the system's own.
    race.shop.change(sa.text("CREATE FUNCTION pg_is_in_recovery() RETURNS boolean LANGUAGE sql RETURN true"))
    race.shop.change(
        sa.text(
            "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, pg_catalog', "
            "current_database()); END $$"
        )
    )
    before = race.shop.documents()
    race.newer(post=False)
    for write in (by_backfill, by_relation):
        with pytest.raises(ReplicaSource, match="is a replica"):
            write(race)
    assert not sync_record("Product", {**before["1"], "name": "given"}, config=race.delayed).fenced


def test_a_view_is_fenced_by_content_and_a_query_over_other_tables_by_versions(race: Race) -> None:
    from scrypath.source.row_tokens import row_storage, suffices
    from scrypath.sync.fence import fenced
    from tests.support.schemas import build

    product = registry.find(Product)
    assert suffices(product)
    joined = replace(product, query=lambda s: s.join(Brand, Brand.id == Product.brand_id).distinct())
    hidden = replace(product, query=lambda s: s.where(sa.exists().where(Brand.id == Product.brand_id)))
    assert (suffices(joined), suffices(hidden)) == (True, True)
    race.shop.change(sa.text("CREATE VIEW shown AS SELECT * FROM products"))
    view = sa.Table(
        "shown", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True), sa.Column("name", sa.Text)
    )
    for schema, by_version in (
        (product, True),
        (joined, True),
        (build(view, {"fields": ["id", "name"]}), False),
    ):
        ref = IndexRef.live(schema, race.shop.config)
        with fenced(ref) as fence:
            assert fence.by_version is by_version
            assert row_storage(ref, fence.over).heap is (schema.table is not view)
            tokens = {
                item: mark for reading in fence.read(["1", "2"]) for item, mark in reading.tokens.items()
            }
            assert fence.overtaken(["1", "2"], tokens) == ()
            race.newer(post=False)
            assert fence.overtaken(["1", "2"], tokens) == ("1",)
            race.shop.change(sa.delete(Product))
            assert fence.overtaken(["1", "2"], tokens) == ("1",)
            race.newer(post=False)
