from __future__ import annotations

from collections.abc import Iterator

import pytest

from scrypath.config import Config
from tests.support.scripted_server import Script, serving


@pytest.fixture
def server() -> Iterator[Script]:
    with serving() as script:
        yield script


@pytest.fixture
def config(server: Script) -> Config:
    return Config(meilisearch_url=server.url)
