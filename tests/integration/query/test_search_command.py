"""``scrypath search`` and ``scrypath explain-search`` from the command line, with their exit codes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import orjson
import pytest
import sqlalchemy as sa

import scrypath
from scrypath.cli import main
from scrypath.config import Config
from scrypath.source.engine import engine
from tests.support.shop import Product

pytestmark = pytest.mark.integration
type Run = Callable[..., tuple[int, Any]]


@pytest.fixture
def run(config: Config, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run a command on six products: its exit code, and what it printed, read where it is JSON."""
    given = {
        "DATABASE_URL": config.database_url,
        "MEILISEARCH_URL": config.meilisearch_url,
        "INDEX_PREFIX": config.index_prefix,
        "HOME": str(config.home),
        "SCHEMAS": ",".join(config.schemas),
    }
    for name, value in given.items():
        assert value is not None
        monkeypatch.setenv(f"SCRYPATH_{name}", value)
    if config.meilisearch_key:
        monkeypatch.setenv("SCRYPATH_MEILISEARCH_KEY", config.meilisearch_key.reveal())
    with engine(config).begin() as connection:
        rows = [{"id": n, "name": f"Lamp {n}", "price": 10 * n, "brand_id": n % 2} for n in range(1, 7)]
        connection.execute(sa.insert(Product), rows)
    scrypath.backfill("Product", config=config)

    def command(*arguments: str) -> tuple[int, Any]:
        capsys.readouterr()
        code = main(arguments)
        printed = capsys.readouterr()
        text = printed.out or printed.err
        return code, orjson.loads(text) if "--json" in arguments else text

    return command


def test_a_search_as_json_holds_all_of_it(run: Run) -> None:
    code, found = run(
        *(
            "search",
            "Product",
            "lamp",
            "--filter",
            "price>10",
            "--filter",
            "price<=50",
            "--facet",
            "brand_id=1",
        ),
        *("--facets", "brand_id", "--sort", "price:desc", "--size", "1", "--json"),
    )
    assert code == 0
    assert (found["total"], found["pages"], found["capped"]) == (2, 2, False)
    assert [hit["name"] for hit in found["hits"]] == ["Lamp 5"]
    assert found["facets"] == [
        {"facet": "brand_id", "value": "0", "count": 2},
        {"facet": "brand_id", "value": "1", "count": 2},
    ]


def test_a_search_for_people(run: Run) -> None:
    code, text = run("search", "Product", "lamp", "--facets", "brand_id")
    assert code == 0
    assert text.startswith("Product for 'lamp': 6 of 6 hits, page 1 of 1")
    assert "Lamp 6" in text
    assert "brand_id" in text
    assert all(len(line) <= 100 for line in text.splitlines())
    assert run("search", "Product", "zzz")[0] == 0


def test_check_finds_hits_that_are_wrong(run: Run, config: Config) -> None:
    assert run("search", "Product", "lamp", "--check")[0] == 0
    with engine(config).begin() as connection:
        connection.execute(sa.text("DELETE FROM products WHERE id = 1"))
        connection.execute(sa.text("UPDATE products SET stock = 9 WHERE id = 2"))
    code, found = run("search", "Product", "lamp", "--check", "--json")
    assert (code, found["missing_ids"], found["stale_ids"]) == (2, ["1"], ["2"])
    assert run("search", "Product", "lamp", "--check", "--exit-zero")[0] == 0


def test_why_a_document_is_not_found(run: Run) -> None:
    code, why = run("explain-search", "Product", "4", "lamp", "--filter", "price<40", "--json")
    assert (code, why["found"], why["rank"]) == (2, False, None)
    assert [row["question"] for row in why["questions"] if row["answer"] is False] == ["filter", "rank"]
    code, text = run("explain-search", "Product", "4", "lamp", "--sort", "price:asc")
    assert code == 0
    assert text.startswith("Product 4 is hit 4 for 'lamp'.")


REFUSED = [
    (("search", "Product", "--filter", "price"), "is not a condition"),
    (("search", "Product", "--filter", "prise>1"), "Did you mean 'price'?"),
    (("search", "Product", "--facet", "brand_id>1"), "is a comparison"),
    (("search", "Product", "--facets", "name"), "does not declare 'name' for facets"),
    (("search", "Product", "--size", "1001"), "size goes from 1 to 1000"),
    (("search", "Prodct"), "Did you mean 'Product'?"),
]


@pytest.mark.parametrize(("arguments", "said"), REFUSED)
def test_what_cannot_be_meant_is_refused(arguments: tuple[str, ...], said: str, run: Run) -> None:
    code, error = run(*arguments, "--json")
    assert code == 1
    assert said in f"{error['message']} {error['hint']}"
