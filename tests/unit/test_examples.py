"""The examples of the docstrings that need nothing but Python."""

from __future__ import annotations

import doctest

import pytest

import scrypath
from tests.support import docstring_examples as examples

PURE = [test for test in examples.found() if not examples.needs_real_parts(test)]


@pytest.mark.parametrize("example", PURE, ids=lambda test: test.name)
def test_an_example_does_what_it_says(example: doctest.DocTest, own_registry: object) -> None:
    examples.run(example)


def test_examples_are_found() -> None:
    assert len(PURE) > 60


def test_every_public_function_has_an_example() -> None:
    shown = {test.name for test in examples.found()}
    public = {name: getattr(scrypath, name) for name in scrypath.__all__}
    functions = {name: it for name, it in public.items() if callable(it) and not isinstance(it, type)}
    missing = [name for name, it in functions.items() if f"{it.__module__}.{it.__qualname__}" not in shown]
    assert missing == []
