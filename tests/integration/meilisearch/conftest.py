from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING
from uuid import uuid4

import pytest

from scrypath.config import Config
from scrypath.meilisearch import indexes, tasks

if TYPE_CHECKING:
    from scrypath.local.stack import Stack


@pytest.fixture
def config(stack: Stack) -> Config:
    """A configuration that needs no database."""
    return Config(
        meilisearch_url=stack.meilisearch_url,
        meilisearch_key=stack.meilisearch_key,
        task_timeout=60.0,
        page_size=100,
    )


@pytest.fixture
def new_name(config: Config) -> Iterator[Callable[[], str]]:
    """Gives names for indexes of this test's own, which are deleted after it."""
    given: list[str] = []

    def name() -> str:
        given.append(f"t{uuid4().hex[:12]}")
        return given[-1]

    yield name
    tasks.wait_all(
        config, [indexes.delete(config, one) for one in given if indexes.get(config, one) is not None]
    )


@pytest.fixture
def index(new_name: Callable[[], str]) -> str:
    """The name of an index that does not exist yet."""
    return new_name()
