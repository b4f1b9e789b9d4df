from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from scrypath.config import Config
from scrypath.queue.connection import conninfo


@pytest.fixture
def engine(config: Config) -> Iterator[Engine]:
    """The caller's own engine on the test's database."""
    engine = create_engine(conninfo(config).replace("postgresql:", "postgresql+psycopg:", 1))
    yield engine
    engine.dispose()
