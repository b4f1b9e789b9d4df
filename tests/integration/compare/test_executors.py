"""A comparison divided over an executor says what the undivided one says, or why it cannot."""

from __future__ import annotations

import logging
import os
import signal
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

import scrypath
from scrypath.compare.executor import IN_FLIGHT
from scrypath.compare.executor_reader import rows_part
from scrypath.compare.read_job import read_job
from scrypath.config import Config
from scrypath.errors import DatabaseError, InvalidOptions, PartFailed, SchemaError
from scrypath.meilisearch.indexes import GONE
from scrypath.redaction import MASK, Secret
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine
from scrypath.source.selection import Part
from scrypath.vocabulary import Verification
from tests.support import crashing_projection, labels
from tests.support.executors import KINDS
from tests.support.reports import drift_of

pytestmark = [pytest.mark.integration, pytest.mark.xdist_group("executors")]
Sql = Callable[..., None]
SEPARATE = ["processes", "dask"]
on_separate_processes = pytest.mark.parametrize("executor", SEPARATE, indirect=True)
PASSWORD, KEY = "hunter2hunter2", "sesame-open-sesame"


@pytest.fixture(scope="module", autouse=True)
def _processes_know_who_started_them() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(crashing_projection.HOME, str(os.getpid()))
        yield


@pytest.fixture(scope="module", params=KINDS)
def executor(request: pytest.FixtureRequest) -> Iterator[Executor]:
    """An executor of each kind, its workers kept for all tests."""
    with KINDS[request.param]() as executor:
        yield executor


@pytest.fixture
def drifted(config: Config, products: list[str], sql: Sql) -> Config:
    """Twenty products, some of them not in step; parts of six."""
    sql("UPDATE products SET stock = stock + 1 WHERE id IN (1, 2, 20)")
    sql("DELETE FROM products WHERE id IN (3, 12)")
    sql("UPDATE products SET hidden = true WHERE id = 13")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (-5, 'First', 1, 0, false)")
    sql("INSERT INTO products (id, name, price, stock, hidden) VALUES (99, 'Last', 1, 0, false)")
    return replace(config, page_size=3)


@pytest.fixture
def crashing_projections(config: Config, sql: Sql) -> Config:
    """Rows of the schemas that are something else in another process."""
    crashing_projection.Base.metadata.create_all(engine(config))
    sql("INSERT INTO mortals SELECT n, 'Mortal ' || n FROM generate_series(1, 7) AS n")
    sql("INSERT INTO changelings SELECT n, 'Changeling ' || n FROM generate_series(1, 7) AS n")
    return config


def same(one: scrypath.Reconcile, other: scrypath.Reconcile) -> bool:
    return (
        (one.rows, one.indexed, one.matching, one.method)
        == (other.rows, other.indexed, other.matching, other.method)
        and one.documents.equals(other.documents)
        and one.document_counts.equals(other.document_counts)
    )


@pytest.mark.parametrize("verify", Verification)
def test_a_divided_comparison_finds_what_the_undivided_one_finds(
    drifted: Config, executor: Executor, verify: str
) -> None:
    undivided = scrypath.reconcile_sync("Product", verify=verify, incremental=False, config=drifted)
    divided = scrypath.reconcile_sync(
        "Product", verify=verify, executor=executor, incremental=False, config=drifted
    )
    assert same(divided, undivided)
    assert drift_of(divided) == {
        "1": "stale",
        "2": "stale",
        "20": "stale",
        "3": "orphan",
        "12": "orphan",
        "13": "orphan",
        "-5": "missing",
        "99": "missing",
    }


def test_workers_that_take_a_schema_each_find_what_this_process_finds(
    drifted: Config, executor: Executor
) -> None:
    here = scrypath.reconcile_sync("Product", "Brand", incremental=False, config=drifted)
    there = scrypath.reconcile_sync("Product", "Brand", executor=executor, incremental=False, config=drifted)
    assert [report.schema for report in there] == [report.schema for report in here] == ["Product", "Brand"]
    assert all(same(*pair) for pair in zip(here, there, strict=True))
    assert there.in_step is False


def test_a_table_with_ids_of_text_is_divided_by_them(config: Config, executor: Executor, sql: Sql) -> None:
    config = replace(config, page_size=1, schemas=("tests.support.table_schema:Shelf",))
    sql("CREATE TABLE shelves (code text PRIMARY KEY, said text)")
    sql("INSERT INTO shelves SELECT chr(65 + n) || chr(97 + n % 3), n::text FROM generate_series(0, 9) AS n")
    scrypath.backfill("tests.support.table_schema:Shelf", config=config)
    sql("INSERT INTO shelves VALUES ('it''s', 'refused'), ('z%', 'refused'), ('a', 'new'), ('Z', 'new')")
    report = scrypath.reconcile_sync("Shelf", executor=executor, incremental=False, config=config)
    assert drift_of(report) == {"Z": "missing", "a": "missing", "it's": "unknown", "z%": "unknown"}
    assert same(report, scrypath.reconcile_sync("Shelf", incremental=False, config=config))


def test_rows_without_an_id_of_their_own_are_in_one_part(config: Config, sql: Sql) -> None:
    config = replace(config, page_size=1, schemas=("tests.support.labels:Label",))
    labels.Base.metadata.create_all(engine(config))
    sql("INSERT INTO labels (code, words) VALUES ('1', 'one'), ('A', 'letter'), ('B', 'letter')")
    scrypath.backfill(labels.Label, config=config)
    sql("INSERT INTO labels (code) VALUES (NULL), (NULL), (''), ('a b'), ('A'), ('A'), ('A'), ('A')")
    with ThreadPoolExecutor(2) as executor:
        report = scrypath.reconcile_sync(labels.Label, executor=executor, incremental=False, config=config)
    assert same(report, scrypath.reconcile_sync(labels.Label, incremental=False, config=config))
    assert report.rows == 11
    assert "3 rows have no id." in report.documents["detail"].to_list()


def test_rows_without_an_index_and_an_index_without_rows(
    config: Config, executor: Executor, products: list[str], sql: Sql
) -> None:
    config = replace(config, page_size=4)
    bare = replace(config, index_prefix=f"{config.index_prefix}none")
    report = scrypath.reconcile_sync("Product", executor=executor, incremental=False, config=bare)
    assert (report.rows, report.indexed, report.note) == (20, 0, GONE)
    assert set(drift_of(report).values()) == {"missing"}
    sql("DELETE FROM products")
    report = scrypath.reconcile_sync("Product", executor=executor, incremental=False, config=config)
    assert (report.rows, report.indexed) == (0, 20)
    assert set(drift_of(report).values()) == {"orphan"}


def test_where_less_cannot_tell_everything_is_read_on_the_executor(drifted: Config, sql: Sql) -> None:
    with ThreadPoolExecutor(2, thread_name_prefix="mine") as executor:
        scrypath.reconcile_sync("Product", config=drifted)
        sql("DELETE FROM products WHERE id = 5")
        report = scrypath.reconcile_sync("Product", executor=executor, config=drifted)
        assert report.note == "Everything was compared: Rows or documents were added or removed unnoticed."
        assert any(thread.name.startswith("mine") for thread in threading.enumerate())
    assert same(report, scrypath.reconcile_sync("Product", incremental=False, config=drifted))
    # A snapshot that is young enough needs no executor.
    again = scrypath.reconcile_sync("Product", max_age=timedelta(hours=1), executor=executor, config=drifted)
    assert again.from_snapshot


@pytest.mark.parametrize("options", [{"sample": 5}, {"documents": False}, {"sample": 5, "incremental": True}])
@pytest.mark.parametrize("schemas", [["Product"], ["Product", "Brand"], []])
def test_what_reads_little_is_not_divided(
    config: Config, options: dict[str, Any], schemas: list[str]
) -> None:
    with (
        ThreadPoolExecutor(1) as executor,
        pytest.raises(InvalidOptions, match="cannot be combined") as refused,
    ):
        scrypath.reconcile_sync(*schemas, executor=executor, config=config, **options)
    assert "executor" in refused.value.message


@pytest.mark.parametrize(
    "given", [4, "dask", ThreadPoolExecutor, object()], ids=["number", "text", "class", "object"]
)
def test_what_is_no_executor_is_named(config: Config, given: Any) -> None:
    with pytest.raises(InvalidOptions) as refused:
        scrypath.reconcile_sync("Product", executor=given, incremental=False, config=config)
    assert refused.value.message == f"executor cannot be {given!r}."
    assert "client.get_executor()" in refused.value.hint


def test_an_executor_that_was_shut_down_takes_no_part(drifted: Config) -> None:
    with ThreadPoolExecutor(1) as executor:
        pass
    with pytest.raises(PartFailed, match="cannot schedule new futures after shutdown") as failed:
        scrypath.reconcile_sync("Product", executor=executor, incremental=False, config=drifted)
    assert failed.value.message.startswith("On ThreadPoolExecutor, the rows of Product up to id 6 could not")


@on_separate_processes
def test_a_schema_of_a_notebook_is_read_on_threads_only(
    drifted: Config, executor: Executor, own_registry: dict[str, Any]
) -> None:
    class Base(DeclarativeBase):
        pass

    @scrypath.searchable(fields=["id", "name"])
    class Shown(Base):
        __tablename__ = "products"
        __module__ = "__main__"
        id = mapped_column(sa.Integer, primary_key=True)
        name = mapped_column(sa.Text)

    with pytest.raises(SchemaError, match=r"'__main__:.*Shown'") as failed:
        scrypath.reconcile_sync(Shown, executor=executor, incremental=False, config=drifted)
    assert "give a ThreadPoolExecutor" in failed.value.hint
    with ThreadPoolExecutor(2) as threads:
        assert scrypath.reconcile_sync(Shown, executor=threads, incremental=False, config=drifted).rows == 20


@on_separate_processes
def test_a_schema_that_is_another_one_at_the_workers(
    crashing_projections: Config, executor: Executor
) -> None:
    with pytest.raises(SchemaError, match="Changeling is declared differently where the executor") as failed:
        scrypath.reconcile_sync(
            crashing_projection.Changeling, executor=executor, incremental=False, config=crashing_projections
        )
    assert "the same version there" in failed.value.hint
    assert "It was raised while reading the rows of Changeling." in "".join(failed.value.__notes__)


@pytest.mark.parametrize("kind", SEPARATE)
def test_a_worker_that_dies_is_a_part_that_failed(crashing_projections: Config, kind: str) -> None:
    assert (
        scrypath.reconcile_sync(
            crashing_projection.Mortal, incremental=False, config=crashing_projections
        ).rows
        == 7
    )
    with KINDS[kind]() as executor, pytest.raises(PartFailed) as failed:
        scrypath.reconcile_sync(
            crashing_projection.Mortal, executor=executor, incremental=False, config=crashing_projections
        )
    assert failed.value.message.startswith(
        f"On {type(executor).__name__}, the rows of Mortal could not be read"
    )
    assert "workers and their logs" in failed.value.hint
    assert scrypath.snapshots(crashing_projection.Mortal, config=crashing_projections).height == 1


@on_separate_processes
def test_in_a_fleet_the_other_schemas_are_compared_all_the_same(
    crashing_projections: Config, drifted: Config, executor: Executor
) -> None:
    fleet = scrypath.reconcile_sync(
        crashing_projection.Changeling,
        "Product",
        "Brand",
        executor=executor,
        incremental=False,
        config=drifted,
    )
    assert [report.schema for report in fleet] == ["Product", "Brand"]
    assert isinstance(fleet.errors["Changeling"], SchemaError)


@on_separate_processes
def test_no_secret_is_shown_where_a_part_fails(
    drifted: Config,
    executor: Executor,
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    refused = replace(
        drifted,
        database_url=f"postgresql://shop:{PASSWORD}@127.0.0.1:1/shop",
        meilisearch_key=Secret(KEY),
        store=drifted.home / "other.duckdb",
    )
    told = read_job(IndexRef.find("Product", refused), Verification.FINGERPRINT, executor)
    future = executor.submit(rows_part, told, Part())
    with pytest.raises(DatabaseError) as failed:
        future.result()
    shown = [repr(told), "".join(traceback.format_exception(failed.value)), caplog.text, *capfd.readouterr()]
    client = getattr(executor, "_client", None)
    if client is not None:
        shown += [str(client.cluster.get_logs()), str(client.run_on_scheduler(_known_to_the_scheduler))]
        assert "rows_part" in shown[-1]
    assert MASK in shown[0]
    for text in shown:
        assert PASSWORD not in text
        assert KEY not in text


def _known_to_the_scheduler(dask_scheduler: Any) -> list[str]:
    tasks = dask_scheduler.tasks.values()
    return [f"{task!r} {task.run_spec!r} {task.exception_text} {task.traceback_text}" for task in tasks]


class Never(Executor):
    """Takes everything, begins nothing, and has the operator press Ctrl-C."""

    def __init__(self, patience: int) -> None:
        self.patience = patience
        self.futures: list[Future[Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.futures.append(Future())
        if len(self.futures) == self.patience:
            threading.Timer(0.1, signal.raise_signal, [signal.SIGINT]).start()
        return self.futures[-1]


@pytest.mark.parametrize("schemas", [["Product"], ["tests.support.shop:Product", "Brand"]])
def test_an_interruption_cancels_what_has_not_begun(drifted: Config, schemas: list[str]) -> None:
    executor = Never(patience=2)
    with pytest.raises(KeyboardInterrupt):
        scrypath.reconcile_sync(*schemas, executor=executor, config=replace(drifted, schemas=()))
    assert all(future.cancelled() for future in executor.futures)
    assert scrypath.snapshots(config=drifted).is_empty()


def test_no_more_parts_are_handed_over_than_fit_the_memory(drifted: Config) -> None:
    executor = Never(patience=IN_FLIGHT)
    with pytest.raises(KeyboardInterrupt):
        scrypath.reconcile_sync(
            "Product", executor=executor, config=replace(drifted, page_size=1, schemas=())
        )
    assert len(executor.futures) == IN_FLIGHT
