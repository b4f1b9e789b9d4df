"""The examples in the package's docstrings, as doctest finds them."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from collections.abc import Iterator

import scrypath

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
REAL = "import scrypath\n"  # an example that begins so calls the root API, on real parts


def found() -> Iterator[doctest.DocTest]:
    """Every docstring of the package that holds an example."""
    finder = doctest.DocTestFinder(exclude_empty=True)
    for module in pkgutil.walk_packages(scrypath.__path__, "scrypath."):
        if not module.name.endswith("__main__"):
            tests = finder.find(importlib.import_module(module.name), module.name)
            yield from (test for test in tests if test.examples)


def needs_real_parts(test: doctest.DocTest) -> bool:
    """Whether it calls the root API."""
    return test.examples[0].source == REAL


def run(test: doctest.DocTest) -> None:
    """Run an example, and fail with what it printed instead."""
    told: list[str] = []
    test.globs.pop("annotations", None)  # a reader's own script does not postpone its annotations
    failed = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=told.append).failed
    assert not failed, "".join(told)
