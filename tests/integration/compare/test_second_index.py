"""Another index of a schema is compared, written and verified as the live one is, and neither shows in the other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

import scrypath
from scrypath.compare.current_state import current_states, in_step
from scrypath.compare.full import compare
from scrypath.compare.in_flight import ended_up_to, in_flight
from scrypath.config import Config
from scrypath.errors import TaskFailed
from scrypath.meilisearch import documents
from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import delivered
from scrypath.vocabulary import SyncMode, Verification

pytestmark = pytest.mark.integration


@pytest.fixture
def second(config: Config, products: list[str]) -> IndexRef:
    """An index beside the live one that holds the first five products."""
    ref = IndexRef.find("Product", config)
    second = ref.at(f"{ref.uid}__reindex")
    delivered(config, converge(second, products[:5], mode=SyncMode.MANUAL).sent).require_success()
    return second


def test_a_second_index_is_compared_by_its_own_documents(
    config: Config, products: list[str], second: IndexRef, sql: Callable[..., None]
) -> None:
    found = compare(second)
    assert (found.rows, found.documents, found.in_step) == (20, 5, 5)
    assert set(found.drift["document_id"]) == set(products[5:])
    assert set(found.drift["drift"]) == {"missing"}

    sql("UPDATE products SET name = 'Changed' WHERE id = 2")
    sql("DELETE FROM products WHERE id = 3")
    drifted = dict(compare(second).drift.select("document_id", "drift").iter_rows())
    assert (drifted["2"], drifted["3"]) == ("stale", "orphan")

    # The live index has drifted by these two rows only: nothing that was done to the other one shows here.
    live = scrypath.reconcile_sync("Product", config=config)
    assert dict(live.documents.select("document_id", "drift").iter_rows()) == {"2": "stale", "3": "orphan"}


def test_a_second_index_is_brought_in_step_deletes_included(
    config: Config, products: list[str], second: IndexRef, sql: Callable[..., None]
) -> None:
    sql("DELETE FROM products WHERE id = 3")
    sent = converge(second, products, mode=SyncMode.MANUAL).sent
    delivered(config, sent).require_success()
    assert current_states(second, products, verify=Verification.FINGERPRINT).select(in_step().all()).item()
    assert documents.get_many(config, second.uid, ["3"], fields=["id"]) == []
    live = IndexRef.find("Product", config)
    assert len(documents.get_many(config, live.uid, ["3"], fields=["id"])) == 1


def test_what_is_written_to_a_second_index_is_in_flight_there_only(
    config: Config, products: list[str], second: IndexRef
) -> None:
    live = IndexRef.find("Product", config)
    before = {ref.uid: ended_up_to(config, ref.uid) for ref in (live, second)}
    delivered(config, converge(second, ["7"], mode=SyncMode.MANUAL).sent).require_success()
    assert list(in_flight(second, since=before[second.uid]).by_document) == ["7"]
    assert in_flight(live, since=before[live.uid]).by_document == {}


def test_every_task_that_failed_is_named(config: Config, second: IndexRef) -> None:
    import pyarrow as pa

    from scrypath.schema.documents import Documents

    sent = []
    for bad in ("no id", "not, either"):
        lines = pa.array([f'{{"id":"{bad}"}}\n'])
        sent += sending.upsert(second, Documents([bad], lines, [""]), mode=SyncMode.MANUAL)
    sent += converge(second, ["1"], mode=SyncMode.MANUAL).sent
    settled = delivered(config, sent)
    assert [item.ids for item, _ in settled.ok] == [("1",)]
    with pytest.raises(TaskFailed) as failed:
        settled.require_success()
    assert failed.value.message.startswith("2 of 3 tasks failed. ")
    assert '`"no id"`' in failed.value.message
    assert '`"not, either"`' in failed.value.message
    assert failed.value.error_code == "invalid_document_id"
