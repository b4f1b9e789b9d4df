"""A side that goes away, moves or is replaced while it is read is said so: never a wrong 'in step'."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import orjson
import polars as pl
import pytest

import scrypath
from scrypath.cli import main
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import documents, indexes, tasks
from scrypath.meilisearch.wire import connect
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.sync import sending
from tests.support.relay import Relay
from tests.support.reports import drift_of
from tests.support.scripted_server import Answer, Asked

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A request that finds nobody is repeated at once."""
    monkeypatch.setattr("scrypath.meilisearch.wire.RETRY_PAUSES", (0.01,))


@pytest.fixture
def paged(relayed: Config) -> Config:
    """Behind a relay, with documents read five at a time."""
    return replace(relayed, page_size=5)


def index_of(config: Config) -> str:
    return registry.find("Product").index_name(config)


def ended(config: Config, *uids: int) -> None:
    for task in tasks.wait_all(config, list(uids)):
        task.require_success()


def page_at(asked: Asked) -> int | None:
    """Where a page of an index begins; None for any other request."""
    if not asked.path.endswith("/documents/fetch") or b'"ids"' in asked.body:
        return None
    return int(orjson.loads(asked.body)["offset"])


def at_page(after: int, act: Callable[[], object]) -> Callable[[Asked], None]:
    """Act once, before the first page beyond a position is read."""
    done: list[bool] = []

    def before(asked: Asked) -> None:
        start = page_at(asked)
        if start is not None and start > after and not done:
            done.append(True)
            act()

    return before


def assert_nothing_is_known(report: scrypath.Reconcile, words: str, *, unknown: int | None) -> None:
    assert report.in_step is None
    assert (report.rows, report.indexed, report.matching) == (None, None, None)
    assert words in str(report.note)
    counts = dict(report.document_counts.iter_rows())
    assert counts.pop("unknown") == unknown
    assert set(counts.values()) == {None}
    signal = report.drift_signals.row(by_predicate=pl.col("signal") == "document_drift", named=True)
    assert (signal["observed"], signal["raised"]) == (False, None)
    assert words in signal["detail"]
    assert report.actions.filter(pl.col("action") != "retry").is_empty()
    with pytest.raises(InvalidOptions, match="did not compare documents"):
        scrypath.plan(report)
    stored = scrypath.snapshots("Product", config=report.config).row(0, named=True)
    assert (stored["documents_compared"], stored["missing"], stored["unknown"]) == (False, None, unknown)


def test_a_server_that_dies_half_way_is_reported_with_what_is_unknown(
    paged: Config, relay: Relay, products: list[str]
) -> None:
    down: list[bool] = []

    def before(asked: Asked) -> Answer | None:
        if (page_at(asked) or 0) > 5:
            down.append(True)
        return Answer(drop=True) if down else None

    relay.before = before
    report = scrypath.reconcile_sync("Product", config=paged)
    assert_nothing_is_known(report, "broke off", unknown=20)
    assert str(report.note).endswith("20 rows could not be compared.")
    assert report.status["observed"].to_list() == [False, False]
    assert report.rebuild.observed is False


def test_what_the_queue_says_is_shown_while_the_server_is_away(oban: Config, products: list[str]) -> None:
    scrypath.sync_records("Product", [{"id": 1}], mode="oban", config=oban)
    away = replace(oban, meilisearch_url="http://127.0.0.1:1")
    report = scrypath.reconcile_sync("Product", config=away)
    assert_nothing_is_known(report, "refused", unknown=20)
    assert report.status.select("source", "observed", "pending").rows() == [
        ("meilisearch", False, None),
        ("oban", True, 1),
    ]
    assert "refused" in report.failed_work["reason"][0]


@pytest.mark.parametrize("options", [{"sample": 5}, {"verify": "content"}, {"incremental": True}])
def test_however_documents_are_compared(
    config: Config, products: list[str], options: dict[str, object]
) -> None:
    away = replace(config, meilisearch_url="http://127.0.0.1:1")
    report = scrypath.reconcile_sync("Product", config=away, **options)  # type: ignore[arg-type]
    assert_nothing_is_known(report, "refused", unknown=20)


def test_a_server_that_dies_under_a_divided_comparison(
    paged: Config, relay: Relay, products: list[str]
) -> None:
    relay.before = lambda asked: Answer(drop=True) if (page_at(asked) or 0) > 5 else None
    with ThreadPoolExecutor(2) as executor:
        report = scrypath.reconcile_sync("Product", executor=executor, config=paged)
    assert_nothing_is_known(report, "broke off", unknown=20)


def test_a_database_that_is_not_there_does_not_hide_the_server(
    config: Config, products: list[str], failed_task: Callable[[list[str]], str]
) -> None:
    work_id = failed_task(["1"])
    away = replace(config, database_url="postgresql://nobody:hidden@127.0.0.1:1/shop")
    report = scrypath.reconcile_sync("Product", config=away)
    assert_nothing_is_known(report, "127.0.0.1:1", unknown=None)
    assert "hidden" not in f"{report}{report.note}{report._repr_html_()}"
    assert report.failed_work["work_id"].to_list() == [work_id]
    assert report.status["observed"].to_list() == [True, False]


def test_a_table_that_goes_away_half_way(paged: Config, relay: Relay, products: list[str], sql: Sql) -> None:
    sql("UPDATE products SET stock = 100 WHERE id = 1")
    relay.before = at_page(5, lambda: sql("ALTER TABLE products RENAME TO gone"))
    assert_nothing_is_known(scrypath.reconcile_sync("Product", config=paged), "products", unknown=None)


def test_an_index_that_is_deleted_half_way(
    paged: Config, relay: Relay, config: Config, products: list[str]
) -> None:
    index = index_of(config)
    relay.before = at_page(5, lambda: ended(config, indexes.delete(config, index)))
    assert_nothing_is_known(scrypath.reconcile_sync("Product", config=paged), "while it was read", unknown=20)


def test_an_index_that_is_recreated_half_way(
    paged: Config, relay: Relay, config: Config, products: list[str]
) -> None:
    index = index_of(config)

    def recreate() -> None:
        ended(config, indexes.delete(config, index))
        scrypath.backfill("Product", config=config)

    relay.before = at_page(5, recreate)
    report = scrypath.reconcile_sync("Product", config=paged)
    assert_nothing_is_known(report, "while it was read", unknown=20)


@pytest.mark.parametrize("times", [1, 2])
def test_an_index_that_is_swapped_half_way(
    paged: Config, relay: Relay, config: Config, products: list[str], times: int
) -> None:
    # Swapped twice, it is the same index again; yet some pages may have been the other's.
    index, other = index_of(config), f"{index_of(config)}__other"
    whole = documents.get_many(config, index, products)
    sending.ensure_index(IndexRef.find("Product", config).at(other))
    ended(config, *(sent.uid for sent in documents.write(config, other, whole)))

    def swap() -> None:
        for _ in range(times):
            ended(config, indexes.swap(config, [(index, other)]))

    relay.before = at_page(5, swap)
    report = scrypath.reconcile_sync("Product", config=paged)
    ended(config, indexes.delete(config, other))
    assert_nothing_is_known(report, "while it was read", unknown=20)


@pytest.mark.parametrize("verify", ["fingerprint", "content"])
def test_an_index_that_gets_another_primary_key_half_way(
    paged: Config, relay: Relay, config: Config, products: list[str], verify: str
) -> None:
    index = index_of(config)

    def other_key() -> None:
        ended(config, documents.delete_all(config, index).uid)
        reply = connect(config).request("PATCH", f"/indexes/{index}", json={"primaryKey": "sku"})
        ended(config, reply.task_uid())
        theirs = [{"sku": number, "name": "Theirs"} for number in range(30)]
        ended(config, *(sent.uid for sent in documents.write(config, index, theirs)))

    relay.before = at_page(5, other_key)
    report = scrypath.reconcile_sync("Product", verify=verify, config=paged)
    assert_nothing_is_known(report, "documents without the field 'id'", unknown=20)
    assert "names its documents by 'sku'" in str(scrypath.reconcile_sync("Product", config=config).note)


def test_documents_that_move_to_another_page_are_not_missed(
    paged: Config, relay: Relay, config: Config, products: list[str], sql: Sql
) -> None:
    sql("DELETE FROM products WHERE id IN (1, 2, 13)")  # 13 is an orphan that the deletions push forward

    def delete() -> None:
        scrypath.delete_documents("Product", [1, 2], config=config)

    relay.before = at_page(5, delete)
    report = scrypath.reconcile_sync("Product", config=paged)
    assert drift_of(report) == {"13": "orphan"}
    assert (report.rows, report.matching) == (17, 17)


def test_an_index_that_never_stands_still_is_not_called_in_step(
    paged: Config, relay: Relay, config: Config, products: list[str], sql: Sql
) -> None:
    sql("UPDATE products SET stock = 100 WHERE id = 20")
    left = [str(number) for number in range(1, 10)]

    def before(asked: Asked) -> None:
        if page_at(asked) and left:
            scrypath.delete_document("Product", left.pop(0), config=config)

    relay.before = before
    report = scrypath.reconcile_sync("Product", config=paged)
    assert report.in_step is not True
    assert report.rows is not None or "may have been missed" in str(report.note)
    assert drift_of(report)["20"] == "stale"  # what was found is shown all the same


def test_a_document_that_comes_on_two_pages_is_counted_once(
    paged: Config, relay: Relay, products: list[str]
) -> None:
    pages: list[list[dict[str, object]]] = []

    def change(asked: Asked, body: bytes) -> bytes:
        if page_at(asked) is None:
            return body
        answer = orjson.loads(body)
        pages.append(answer["results"])
        if len(pages) > 1:  # as if the first document had been written again meanwhile, and had moved
            answer["results"].insert(1, pages[0][0])
        return orjson.dumps(answer)

    relay.change = change
    report = scrypath.reconcile_sync("Product", config=paged)
    assert report.in_step is True
    assert (report.rows, report.indexed, report.matching) == (20, 20, 20)


def test_the_command_could_not_tell(
    config: Config, products: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    away = replace(config, meilisearch_url="http://127.0.0.1:1")
    monkeypatch.setattr("scrypath.cli.commands.reconcile.load_config", lambda: away)
    assert main(["reconcile", "Product", "--json"]) == 1
    (told,) = orjson.loads(capsys.readouterr().out)["reports"]
    assert (told["rows"], told["matching"]) == (None, None)
    assert {"drift": "unknown", "count": 20} in told["document_counts"]
    assert main(["reconcile", "Product"]) == 1
    assert "were not compared" in capsys.readouterr().out
