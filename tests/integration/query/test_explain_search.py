"""Why a document is not found: every reason there is, told from every other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.errors import IndexNotFound, InvalidOptions, ProjectionError
from scrypath.meilisearch import documents
from scrypath.search_frames import SEARCH_EXPLANATION
from scrypath.source.engine import engine
from tests.support.shop import Product

pytestmark = pytest.mark.integration
FINE = {"row": True, "query": True, "document": True, "current": True}


def answers(why: scrypath.SearchExplanation) -> dict[str, bool | None]:
    assert why.frame.schema == SEARCH_EXPLANATION.polars
    return dict(why.frame.select("question", "answer").iter_rows())


@pytest.fixture
def products(config: Config) -> Config:
    with engine(config).begin() as connection:
        rows = [{"id": n, "name": f"Lamp {n}", "price": 10 * n, "brand_id": n % 2} for n in range(1, 7)]
        connection.execute(sa.insert(Product), rows)
    scrypath.backfill("Product", config=config)
    return config


def sql(config: Config, statement: str) -> None:
    with engine(config).begin() as connection:
        connection.execute(sa.text(statement))


def test_a_document_that_is_found_has_its_rank(products: Config) -> None:
    why = scrypath.explain_search("Product", 4, "lamp", sort=["price:desc"], size=2, config=products)
    assert answers(why) == FINE | {"text": True, "rank": True}
    assert (why.found, why.rank) == (True, 3)
    assert why.headline == "Product 4 is hit 3 for 'lamp'."
    assert "number 1 of page 2" in repr(why)
    ids = scrypath.search("Product", "lamp", sort=["price:desc"], config=products).ids
    assert ids[why.rank - 1] == "4"


def test_a_row_that_is_gone_hidden_or_not_there_yet(products: Config) -> None:
    sql(products, "DELETE FROM products WHERE id = 1")
    sql(products, "UPDATE products SET hidden = true WHERE id = 2")
    sql(products, "INSERT INTO products (id, name, price, stock, hidden) VALUES (7, 'Lamp 7', 1, 0, false)")
    sql(products, "UPDATE products SET name = 'Lamp three' WHERE id = 3")
    gone = scrypath.explain_search("Product", 1, "lamp", config=products)
    assert answers(gone) == {"row": False, "document": True, "text": True, "rank": True}
    assert "something is wrong with it" in gone.headline
    hidden = scrypath.explain_search("Product", 2, "lamp", config=products)
    assert answers(hidden) == {"row": True, "query": False, "document": True, "text": True, "rank": True}
    missing = scrypath.explain_search("Product", 7, "lamp", config=products)
    assert answers(missing) == {"row": True, "query": True, "current": False, "document": False}
    assert missing.found is False
    assert f"The index {products.index_prefix}_products has no document 7" in repr(missing)
    stale = scrypath.explain_search("Product", 3, "lamp", config=products)
    assert answers(stale) == FINE | {"current": False, "text": True, "rank": True}
    nothing = scrypath.explain_search("Product", 99, "lamp", config=products)
    assert answers(nothing) == {"row": False, "document": False}
    assert nothing.headline.startswith("Product 99 is not found for 'lamp': The table products has no row 99")


def test_a_condition_that_leaves_it_out_is_named(products: Config) -> None:
    why = scrypath.explain_search(
        "Product",
        4,
        "lamp",
        filter={"price": {"lt": 40}, "or_": [{"brand_id": 0}, {"brand_id": 1}]},
        facet_filter={"brand_id": 1},
        config=products,
    )
    told = why.frame.select("question", "about", "answer").rows()[4:]
    assert told == [
        ("filter", "price", False),
        ("filter", "or_", True),
        ("facet_filter", "brand_id", False),
        ("text", None, True),
        ("rank", None, False),
    ]
    assert 'The condition "price" < 40' in why.headline
    assert why.rank is None


def test_a_text_that_it_does_not_match(products: Config) -> None:
    why = scrypath.explain_search("Product", 4, "lump lamp", filter={"price": {"lt": 40}}, config=products)
    assert answers(why)["text"] in (True, False)
    why = scrypath.explain_search("Product", 4, "zzz lamp", config=products)
    assert answers(why) == FINE | {"text": False}
    assert "not in it: zzz" in why.headline


def test_a_threshold_that_it_does_not_reach(products: Config) -> None:
    high = {"ranking_score_threshold": 0.999}
    why = scrypath.explain_search("Product", 4, "lam", per_query=high, config=products)
    assert answers(why)["rank"] is False
    assert "below 0.999" in repr(why)


def test_a_tenant_that_is_another(
    filled: Config, tenant_article: scrypath.SearchSchema, rows: list[Any]
) -> None:
    bolt: Mapping[str, Any] = next(row for row in rows if row["tenant"] == "bolt")
    why = scrypath.explain_search(tenant_article, bolt["id"], filter={"tenant": "acme"}, config=filled)
    assert answers(why)["tenant"] is False
    assert why.found is False
    with pytest.raises(InvalidOptions, match="needs a filter by its tenant"):
        scrypath.explain_search(tenant_article, bolt["id"], config=filled)


def test_what_cannot_be_read_is_not_known(products: Config) -> None:
    dark = replace(products, database_url="postgresql://nobody@127.0.0.1:9/none")
    why = scrypath.explain_search("Product", 4, "lamp", config=dark)
    assert answers(why) == {"row": None, "document": True, "text": True, "rank": True}
    assert why.rank == 4
    with pytest.raises(IndexNotFound):
        scrypath.explain_search("Product", 4, config=replace(products, index_prefix="nowhere"))
    with pytest.raises(ProjectionError, match="document id"):
        scrypath.explain_search("Product", "a b", config=products)


def test_a_request_is_explained_as_it_is(products: Config) -> None:
    request = scrypath.SearchRequest("Product", "lamp", filter={"price": {"gt": 50}})
    assert scrypath.explain_search(request, 6, config=products).rank == 1
    with pytest.raises(InvalidOptions, match="says all of the search"):
        scrypath.explain_search(request, 6, "lamp", config=products)


def test_beyond_the_hits_that_the_server_shows(products: Config) -> None:
    many = [
        {"id": n, "name": f"Lamp {n}", "price": 1.0, "stock": 0, "brand_id": 5} for n in range(1_000, 2_200)
    ]
    sent = documents.write(products, f"{products.index_prefix}_products", many)
    from scrypath.meilisearch import tasks

    tasks.wait_all(products, [it.uid for it in sent])
    why = scrypath.explain_search("Product", 2_100, "lamp", sort=["price:desc"], config=products)
    assert answers(why)["rank"] in (False, None)
    assert why.rank is None
    assert "first 1,000" in repr(why)
