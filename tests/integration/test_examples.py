"""The examples of the docstrings that call the root API.

Three products and a brand are in step; the server refused the last write of the brand.
"""

from __future__ import annotations

import doctest
from collections.abc import Callable, Iterator
from dataclasses import fields

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine
from tests.support import docstring_examples as examples
from tests.support.shop import Brand, Product

pytestmark = pytest.mark.integration
REAL = [test for test in examples.found() if examples.needs_real_parts(test)]
PRODUCTS = [
    {"id": 1, "name": "Lamp", "price": 40, "brand_id": 1},
    {"id": 2, "name": "Desk", "price": 300, "brand_id": 1},
    {"id": 3, "name": "Chair", "price": 120, "brand_id": None},
]


@pytest.fixture
def configured(config: Config, failed_task: Callable[..., str]) -> Iterator[None]:
    """This process works with the configuration of the test, as a reader's own does with theirs."""
    given = {item.name: getattr(config, item.name) for item in fields(config)}
    scrypath.configure(**given)
    with engine(config).begin() as connection:
        connection.execute(sa.insert(Brand), {"id": 1, "name": "Acme"})
        connection.execute(sa.insert(Product), PRODUCTS)
    scrypath.backfill("Brand")
    scrypath.backfill("Product")
    failed_task(["1"], "Brand")
    yield
    scrypath.configure(**dict.fromkeys(given))


@pytest.mark.parametrize("example", REAL, ids=lambda test: test.name)
def test_an_example_does_what_it_says(example: doctest.DocTest, configured: None) -> None:
    examples.run(example)


def test_examples_are_found() -> None:
    assert len(REAL) > 20
