"""The examples of the docstrings that need nothing but Python."""

from __future__ import annotations

import doctest

import pytest

from tests import examples

PURE = [test for test in examples.found() if not examples.needs_real_parts(test)]


@pytest.mark.parametrize("example", PURE, ids=lambda test: test.name)
def test_an_example_does_what_it_says(example: doctest.DocTest, own_registry: object) -> None:
    examples.run(example)


def test_examples_are_found() -> None:
    assert len(PURE) > 60
