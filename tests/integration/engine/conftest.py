"""An engine of its own for every test, served over HTTP."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrypath.local.engine.engine import Engine
from scrypath.local.engine.serving import serving
from tests.support.engine_client import Client


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    """A started engine with hooks."""
    with Engine(tmp_path / "engine", hooks=True) as engine:
        yield engine


@pytest.fixture
def client(engine: Engine) -> Iterator[Client]:
    """A client of the engine."""
    with serving(engine) as url:
        yield Client(url)
