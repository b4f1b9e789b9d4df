"""Several schemas are checked side by side, and an error of one never hides another."""

from __future__ import annotations

import json
import signal
import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import DeclarativeBase, mapped_column

import scrypath
from scrypath.cli import main
from scrypath.config import Config
from scrypath.errors import ConfigError, SchemaError
from scrypath.frames import FLEET, FLEET_FAILURES
from scrypath.operator.report import side_by_side
from scrypath.schema import registry
from tests.support.reports import drift_of
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration
Sql = Callable[..., None]
Run = Callable[..., tuple[int, str, str]]
NOWHERE = "tests.support.shop:Nothing"


@pytest.fixture(autouse=True)
def _shop_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Product and Brand are all the schemas that there are."""
    known = {name: registry.find(model) for name, model in (("Brand", Brand), ("Product", Product))}
    monkeypatch.setattr(registry, "_schemas", known)


@pytest.fixture
def drifted(config: Config, products: list[str], sql: Sql) -> Config:
    """Twenty products, two of them stale; brands in step."""
    sql("UPDATE products SET stock = 100 WHERE id IN (1, 2)")
    sql("INSERT INTO brands (id, name) VALUES (1, 'One'), (2, 'Two')")
    scrypath.backfill("Brand", config=config)
    return config


@pytest.fixture
def faulty() -> type[Any]:
    """A schema over the products whose own code fails."""

    class Base(DeclarativeBase):
        pass

    def broken(statement: Any) -> Any:
        raise LookupError("no such page at postgresql://shop:hunter2@db/shop")

    @scrypath.searchable(fields=["id", "name"], index_prefix="faulty", query=broken)
    class Faulty(Base):
        __tablename__ = "products"
        id = mapped_column(sa.Integer, primary_key=True)
        name = mapped_column(sa.Text)

    return Faulty


def test_no_schema_named_means_all(drifted: Config) -> None:
    fleet = scrypath.reconcile_sync(config=drifted)
    assert [report.schema for report in fleet] == ["Brand", "Product"]
    assert (len(fleet), fleet.errors, fleet.in_step) == (2, {}, False)
    assert fleet.schemas.select("schema", "in_step", "rows", "documents", "stale").rows() == [
        ("Brand", True, 2, 2, 0),
        ("Product", False, 20, 20, 2),
    ]
    assert fleet.failures.is_empty()
    assert drift_of(fleet.report(Product)) == {"1": "stale", "2": "stale"}
    assert scrypath.snapshots(config=drifted)["schema"].sort().to_list() == ["Brand", "Product"]


def test_the_frames_of_a_fleet_are_those_of_its_reports(drifted: Config) -> None:
    fleet = scrypath.reconcile_sync(Product, "Brand", config=drifted)
    for name in ("status", "failed_work", "contract_drift", "actions"):
        frame = getattr(fleet, name)
        assert frame.schema == getattr(fleet.reports[0], name).schema
        assert frame.height == sum(getattr(report, name).height for report in fleet)
    assert fleet.actions.select("schema", "action").rows() == [("Product", "repair")]
    assert fleet.status["schema"].to_list() == ["Product", "Product", "Brand", "Brand"]
    assert FLEET.check(fleet.schemas)["schema"].to_list() == ["Product", "Brand"]
    FLEET_FAILURES.check(fleet.failures)


def test_one_schema_named_is_a_report_and_one_that_is_registered_a_fleet(drifted: Config) -> None:
    assert isinstance(scrypath.reconcile_sync(Brand, config=drifted), scrypath.Reconcile)
    registry.remove("Product")
    fleet = scrypath.reconcile_sync(config=replace(drifted, schemas=()))
    assert [report.schema for report in fleet] == ["Brand"]
    assert fleet.in_step is True
    assert str(fleet).startswith("1 of 1 schema in step.")


def test_what_one_schemas_own_code_raises_is_kept_and_hides_no_other(
    drifted: Config, faulty: type[Any]
) -> None:
    fleet = scrypath.reconcile_sync(Brand, faulty, Product, config=drifted)
    assert [report.schema for report in fleet] == ["Brand", "Product"]
    assert fleet.in_step is False
    error = fleet.errors["Faulty"]
    assert isinstance(error, SchemaError)
    assert "Faulty: query cannot be applied: LookupError: no such page" in str(error)
    with pytest.raises(SchemaError) as raised:
        fleet.report(faulty)
    assert raised.value is error
    (failure,) = fleet.failures.to_dicts()
    assert (failure["schema"], failure["error"]) == ("Faulty", "schema")
    assert (
        fleet.schemas.filter(schema="Faulty").select("in_step", "rows", "stale", "failed").row(0)
        == (None,) * 4
    )
    shown = f"{fleet}{fleet._repr_html_()}{failure['message']}{error}"
    assert "no such page" in shown
    assert "hunter2" not in shown


def test_a_server_that_is_not_there_is_said_of_each_schema(config: Config) -> None:
    fleet = scrypath.reconcile_sync(config=replace(config, meilisearch_url="http://127.0.0.1:1"))
    assert [report.in_step for report in fleet] == [None, None]
    assert fleet.in_step is None
    assert fleet.headline() == "0 of 2 schemas in step; of 2 it is not known."


def test_what_is_not_configured_fails_each_schema(config: Config) -> None:
    fleet = scrypath.reconcile_sync(config=replace(config, database_url=None))
    assert list(fleet) == []
    assert {type(error) for error in fleet.errors.values()} == {ConfigError}
    assert fleet.failures["error"].to_list() == ["config", "config"]


def test_a_configured_schema_that_cannot_be_imported_hides_no_other(drifted: Config) -> None:
    fleet = scrypath.reconcile_sync(config=replace(drifted, schemas=(NOWHERE, "no.such.module:Thing")))
    assert [report.schema for report in fleet] == ["Brand", "Product"]
    assert list(fleet.errors) == [NOWHERE, "no.such.module:Thing"]
    assert all(isinstance(error, SchemaError) for error in fleet.errors.values())
    assert fleet.headline() == "1 of 4 schemas in step; 1 not in step; 2 could not be checked."


def test_a_schema_that_is_named_and_not_known_is_refused_before_anything_is_read(config: Config) -> None:
    with pytest.raises(SchemaError, match="No schema is named 'Prodcut'") as refused:
        scrypath.reconcile_sync("Brand", "Prodcut", config=config)
    assert refused.value.hint == "Did you mean 'Product'?"
    assert scrypath.snapshots(config=config).is_empty()


def test_no_schema_at_all_names_the_next_step(config: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_schemas", {})
    with pytest.raises(SchemaError, match="No schema is known") as refused:
        scrypath.reconcile_sync(config=replace(config, schemas=()))
    assert "SCRYPATH_SCHEMAS" in refused.value.hint


def test_a_report_that_was_not_made_is_asked_for_in_vain(drifted: Config) -> None:
    fleet = scrypath.reconcile_sync(Brand, Brand, config=drifted)
    assert [report.schema for report in fleet] == ["Brand"]
    with pytest.raises(SchemaError, match="Product is not among the schemas that were checked"):
        fleet.report("Product")


def test_only_so_many_schemas_are_read_at_once(drifted: Config, monkeypatch: pytest.MonkeyPatch) -> None:
    at_once, reading, lock = [0], set(), threading.Lock()
    look = side_by_side.look

    def counted(ref: Any, *given: Any, **options: Any) -> scrypath.Reconcile:
        with lock:
            reading.add(ref.schema.name)
            at_once.append(len(reading))
        try:
            return look(ref, *given, **options)
        finally:
            reading.discard(ref.schema.name)

    monkeypatch.setattr(side_by_side, "look", counted)
    monkeypatch.setattr(side_by_side, "AT_ONCE", 1)
    assert len(scrypath.reconcile_sync(config=drifted)) == 2
    assert max(at_once) == 1


def test_an_interruption_stops_the_reading_of_every_schema(config: Config, products: list[str]) -> None:
    began = threading.Event()

    class Base(DeclarativeBase):
        pass

    @scrypath.searchable(fields=["id", "name"], index_prefix=f"{config.index_prefix}slow")
    class Slow(Base):
        __tablename__ = "products"
        id = mapped_column(sa.Integer, primary_key=True)
        name = mapped_column(sa.Text)

        def search_document(self) -> dict[str, Any]:
            began.wait()
            return {"id": self.id, "name": self.name}

    def interrupted(number: int, frame: Any) -> None:
        began.set()
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, interrupted)
    try:
        threading.Timer(0.5, signal.raise_signal, [signal.SIGINT]).start()
        with pytest.raises(KeyboardInterrupt):
            scrypath.reconcile_sync(Slow, Slow, config=replace(config, page_size=1))
    finally:
        signal.signal(signal.SIGINT, before)
    assert scrypath.snapshots(config=config).is_empty()


@pytest.fixture
def run(drifted: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """A command line over the same database and server."""
    for name in ("database_url", "meilisearch_url", "index_prefix", "home"):
        monkeypatch.setenv(f"SCRYPATH_{name.upper()}", str(getattr(drifted, name)))
    if drifted.meilisearch_key is not None:
        monkeypatch.setenv("SCRYPATH_MEILISEARCH_KEY", drifted.meilisearch_key.reveal())

    def run(*arguments: str) -> tuple[int, str, str]:
        code = main(arguments)
        return code, *capsys.readouterr()

    return run


def test_the_command_compares_all_and_ends_with_2_for_drift(run: Run) -> None:
    code, out, err = run("reconcile")
    assert (code, err) == (2, "")
    assert [line.split() for line in out.splitlines()[:4]] == [
        ["1", "of", "2", "schemas", "in", "step;", "1", "not", "in", "step."],
        ["Schema", "In", "step", "Rows", "Documents", "Failed", "Drift"],
        ["Brand", "yes", "2", "2", "0", "none"],
        ["Product", "no", "20", "20", "0", "2", "stale"],
    ]
    assert "Brand → index" in out
    assert "Product → index" in out
    assert run("reconcile", "--exit-zero")[0] == 0
    assert run("reconcile", "Brand")[0] == 0


def test_the_command_ends_with_1_where_one_of_all_could_not_be_checked(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SCRYPATH_SCHEMAS", NOWHERE)
    code, out, err = run("reconcile", "--json", "--exit-zero")
    assert code == 1
    told = json.loads(out)
    assert [report["schema"] for report in told["reports"]] == ["Brand", "Product"]
    (failure,) = told["errors"]
    assert (failure["schema"], failure["error"]) == (NOWHERE, "schema")
    assert json.loads(err)["message"].startswith(f"{NOWHERE}: ")
    code, out, err = run("reconcile")
    assert code == 1
    assert "1 could not be checked" in out
    assert err.startswith(f"Error (schema): {NOWHERE}: ")
