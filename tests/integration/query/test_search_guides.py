"""The pages on searching, done as they say, on real parts; their two web applications answer requests."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import fields
from typing import Any

import httpx
import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine
from tests.support.guide_blocks import converse, do

pytestmark = pytest.mark.integration
PRODUCTS = [
    {"id": 1, "name": "Tea cup", "price": 9, "colour": "blue", "brand": "Acme"},
    {"id": 2, "name": "Egg cup", "price": 12, "colour": "red", "brand": "Bolt"},
    {"id": 3, "name": "Tall cup", "price": 20, "colour": "blue", "brand": "Acme"},
    {"id": 4, "name": "Cup of gold", "price": 900, "colour": "blue", "brand": "Bolt"},
    {"id": 5, "name": "Spade", "price": 30, "colour": None, "brand": "Acme"},
]
SHELVES = [*[{"lvl0": "Kitchen", "lvl1": "Kitchen > Cups"}] * 4, {"lvl0": "Garden", "lvl1": "Garden > Tools"}]


@pytest.fixture
def names(config: Config, empty_database: str, own_registry: object) -> Iterator[dict[str, Any]]:
    """What the code of a page sees: this process is configured for an empty database and no index."""
    given = {item.name: getattr(config, item.name) for item in fields(config)}
    scrypath.configure(**given | {"database_url": empty_database, "schemas": ()})
    yield {"__name__": "shop.search", "engine": engine(scrypath.configure()), "Session": Session}
    scrypath.configure(**dict.fromkeys(given))


@pytest.fixture
def shop(names: dict[str, Any]) -> dict[str, Any]:
    """The products of the first page, in step."""
    do("faceted-search", 0, names)
    names["Base"].metadata.create_all(names["engine"])
    with Session(names["engine"]) as session, session.begin():
        session.add_all(
            names["Product"](**row, shelf=shelf) for row, shelf in zip(PRODUCTS, SHELVES, strict=True)
        )
    scrypath.backfill("Product")
    return names


def test_faceted_search(shop: dict[str, Any]) -> None:
    converse("faceted-search", shop)


def test_several_schemas_at_once(shop: dict[str, Any]) -> None:
    do("multi-index-search", 0, shop)
    shop["Base"].metadata.create_all(shop["engine"])
    with shop["engine"].begin() as connection:
        connection.execute(sa.insert(shop["Brand"]), [{"id": 1, "name": "Acme"}, {"id": 2, "name": "Bolt"}])
    scrypath.backfill("Brand")
    converse("multi-index-search", shop)


def test_tenants(names: dict[str, Any]) -> None:
    do("multitenancy", 0, names)
    names["Base"].metadata.create_all(names["engine"])
    rows = [(1, "Printer on fire", "open", 1), (2, "Printer cold", "closed", 1), (3, "No printer", "open", 2)]
    with names["engine"].begin() as connection:
        columns = ("id", "text", "state", "account_id")
        connection.execute(sa.insert(names["Ticket"]), [dict(zip(columns, row, strict=True)) for row in rows])
    scrypath.backfill("Ticket")
    converse("multitenancy", names)


def test_a_fastapi_endpoint_answers_and_says_what_is_wrong(shop: dict[str, Any]) -> None:
    do("web-endpoints", 0, shop)

    async def get(query: str) -> httpx.Response:
        transport = httpx.ASGITransport(app=shop["app"])
        async with httpx.AsyncClient(transport=transport, base_url="http://shop") as client:
            return await client.get(f"/products?{query}")

    found = asyncio.run(get("q=cup&facet[colour]=blue&size=2")).json()
    assert found["total"] == 3
    assert [product["name"] for product in found["products"]] == ["Tea cup", "Tall cup"]
    assert {"facet": "colour", "value": "red", "count": 1} in found["facets"]
    following = asyncio.run(get(found["next"])).json()
    assert [product["name"] for product in following["products"]] == ["Cup of gold"]
    assert following["next"] is None
    wrong = asyncio.run(get("filter[price][lt]=cheap&page=0"))
    assert wrong.status_code == 422
    assert set(wrong.json()["detail"]) == {"filter[price][lt]", "page"}
    attack = asyncio.run(get('facet[colour]=" OR price > 0 OR colour = "'))
    assert attack.json()["total"] == 0


def test_a_flask_view_shows_rows_links_and_errors(shop: dict[str, Any]) -> None:
    do("web-endpoints", 1, shop)
    client = shop["site"].test_client()
    with shop["engine"].begin() as connection:
        connection.execute(sa.text("DELETE FROM products WHERE id = 3"))
    shown = client.get("/?q=cup&facet[colour]=blue").text
    assert "3 products" in shown
    assert "<li>Tea cup</li>" in shown
    assert "Tall cup (no longer sold)" in shown
    assert 'href="?q=cup&amp;facet%5Bcolour%5D=blue&amp;facet%5Bcolour%5D=red">red 1</a>' in shown
    wrong = client.get("/?q=<script>&page=x")
    assert wrong.status_code == 400
    assert "Give a whole number" in wrong.text
    assert "<script>" not in wrong.text


def test_why_a_document_is_not_found(shop: dict[str, Any]) -> None:
    converse("why-not-found", shop)
