"""The examples of the docstrings that call the root API, on three products that are in step."""

from __future__ import annotations

import doctest
from collections.abc import Iterator
from dataclasses import fields

import pytest
import sqlalchemy as sa

import scrypath
from scrypath.config import Config
from scrypath.source.engine import engine
from tests import examples
from tests.shop import Product

pytestmark = pytest.mark.integration
REAL = [test for test in examples.found() if examples.needs_real_parts(test)]


@pytest.fixture
def configured(config: Config) -> Iterator[None]:
    """This process works with the configuration of the test, as a reader's own does with theirs."""
    given = {item.name: getattr(config, item.name) for item in fields(config)}
    scrypath.configure(**given)
    with engine(config).begin() as connection:
        connection.execute(sa.insert(Product), [{"id": n, "name": f"Product {n}"} for n in range(1, 4)])
    scrypath.backfill("Product")
    yield
    scrypath.configure(**dict.fromkeys(given))


@pytest.mark.parametrize("example", REAL, ids=lambda test: test.name)
def test_an_example_does_what_it_says(example: doctest.DocTest, configured: None) -> None:
    examples.run(example)


def test_examples_are_found() -> None:
    assert len(REAL) >= 3
