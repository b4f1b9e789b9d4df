"""What is searchable, in all three modes alike: a record that the schema's query does not show is removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from scrypath.errors import ConfigError, InvalidOptions
from scrypath.schema import search_schema
from scrypath.source.engine import engine
from scrypath.sync.verbs import delete_documents, sync_record, sync_records
from scrypath.vocabulary import SyncMode, SyncStatus
from tests.integration.sync.conftest import Shop
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration

DIRECT = [SyncMode.INLINE, SyncMode.MANUAL]


def as_mapping(record: Product) -> dict[str, Any]:
    names = ("id", "name", "price", "stock", "brand_id")
    return {name: getattr(record, name) for name in names}


def as_record(record: Product) -> Product:
    return record


@pytest.mark.parametrize("given", [as_mapping, as_record])
@pytest.mark.parametrize("mode", SyncMode)
def test_a_hidden_row_is_removed_in_every_mode(
    shop: Shop, mode: SyncMode, given: Callable[[Product], Any]
) -> None:
    made = shop.stock(3)
    sync_records("Product", made, config=shop.config)
    shop.change(sa.update(Product).where(Product.id == 2).values(hidden=True))
    result = sync_records("Product", [given(record) for record in made], mode=mode, config=shop.config)
    assert sorted(result.document_ids) == ["1", "2", "3"]
    if mode is SyncMode.OBAN:
        assert (result.removed_ids, result.removed_count) == ((), 0)
        shop.drain()
    else:
        assert (result.removed_ids, result.removed_count) == (("2",), 1)
    assert sorted(shop.documents()) == ["1", "3"]
    shop.assert_in_step()


@pytest.mark.parametrize("mode", SyncMode)
def test_the_pattern_of_the_guide_with_a_hidden_row(shop: Shop, mode: SyncMode) -> None:
    sync_records("Product", shop.stock(1), config=shop.config)
    shop.change(sa.update(Product).values(hidden=True))
    with Session(engine(shop.config)) as session:
        product = session.get_one(Product, 1)
        product.name = "Renamed"
        session.commit()
        sync_record(Product, product, mode=mode, config=shop.config)
    if mode is SyncMode.OBAN:
        shop.drain()
    assert shop.documents() == {}


@pytest.mark.parametrize("mode", DIRECT)
def test_what_is_not_committed_yet_is_seen_by_its_own_session(shop: Shop, mode: SyncMode) -> None:
    shop.stock(2)
    with Session(engine(shop.config)) as session:
        new = Product(id=7, name="New", price=1, stock=0)
        shown, hidden = session.get_one(Product, 1), session.get_one(Product, 2)
        session.add(new)
        hidden.hidden = True
        session.flush()
        result = sync_records("Product", [new, shown, hidden], mode=mode, config=shop.config)
        assert (result.removed_ids, result.fenced) == (("2",), False)
        assert sorted(shop.documents()) == ["1", "7"]
        session.rollback()
    assert sorted(shop.documents()) == ["1", "7"], "after a rollback the index is wrong until it is compared"


def test_a_session_that_is_asked_is_left_as_it_was(shop: Shop) -> None:
    made = shop.stock(1)
    with Session(engine(shop.config), expire_on_commit=False) as session:
        session.add(made[0])
        session.commit()
        sync_record("Product", made[0], config=shop.config)
        assert not session.in_transaction()
    shop.assert_in_step()


@pytest.mark.parametrize("mode", DIRECT)
def test_what_has_no_row_is_removed(shop: Shop, mode: SyncMode) -> None:
    made = shop.stock(2)
    sync_records("Product", made, config=shop.config)
    shop.change(sa.delete(Product).where(Product.id == 1))
    transient = Product(id=5, name="Never added", price=1, stock=1)
    result = sync_records("Product", [*made, transient], mode=mode, config=shop.config)
    assert sorted(result.removed_ids) == ["1", "5"]
    assert sorted(shop.documents()) == ["2"]
    with Session(engine(shop.config)) as session:
        gone = session.get_one(Product, 2)
        session.delete(gone)
        session.flush()
        assert sync_record("Product", gone, mode=mode, config=shop.config).removed_ids == ("2",)
    assert shop.documents() == {}


@pytest.mark.parametrize("mode", DIRECT)
def test_a_record_whose_changes_are_not_flushed_is_refused(shop: Shop, mode: SyncMode) -> None:
    shop.stock(3)
    with Session(engine(shop.config)) as session:
        changed, deleted = session.get_one(Product, 1), session.get_one(Product, 2)
        other = session.get_one(Product, 3)
        pending = Product(id=9, name="Pending", price=1, stock=0)
        with session.no_autoflush:
            changed.hidden = True
            session.delete(deleted)
            session.add(pending)
            for record, name in ((changed, "1"), (deleted, "2"), (pending, "9")):
                with pytest.raises(
                    InvalidOptions, match=f"Product: record '{name}' has changes that"
                ) as refused:
                    sync_records("Product", [other, record], mode=mode, config=shop.config)
                assert "session.flush()" in str(refused.value.hint)
    assert shop.documents() == {}


def test_without_a_query_nobody_is_asked(shop: Shop) -> None:
    alone = replace(shop.config, database_url=None)
    result = sync_record("Brand", {"id": 4, "name": "Of nowhere"}, config=alone)
    assert (result.status, result.removed_ids) == (SyncStatus.COMPLETED, ())
    assert list(shop.documents(Brand)) == ["4"]
    with pytest.raises(ConfigError):
        sync_record("Product", {"id": 4, "name": "Of nowhere"}, config=alone)


def test_a_deletion_says_what_it_removed(shop: Shop) -> None:
    made = shop.stock(2)
    sync_records("Product", made, config=shop.config)
    result = delete_documents("Product", ["1", "007"], config=shop.config)
    assert result.removed_ids == ("1", "007")
    assert sorted(shop.documents()) == ["2"]


def test_a_class_of_a_table_takes_no_mapping_of_another(shop: Shop, own_registry: object) -> None:
    from tests.support.kennel import Base, Cat, Dog, Kennel

    tables: list[Any] = [Base.metadata.tables[name] for name in ("kennels", "animals", "cats", "animal_tags")]
    Base.metadata.create_all(engine(shop.config), tables=tables)
    dogs = search_schema(Dog, fields=["id", "name"])
    with Session(engine(shop.config)) as session:
        session.add_all([Kennel(id=1, name="k", is_open=True), Dog(id=1, name="Rex"), Cat(id=2, name="Tom")])
        session.commit()
        rex, tom = session.get_one(Dog, 1), session.get_one(Cat, 2)
        assert sync_records(dogs, [rex, tom], config=shop.config).removed_ids == ("2",)
    result = sync_records(dogs, [{"id": 1, "name": "Rex"}, {"id": 2, "name": "Tom"}], config=shop.config)
    assert (result.document_ids, result.removed_ids) == (("1", "2"), ("2",))
    assert list(shop.documents(Dog)) == ["1"]
