from __future__ import annotations

from pathlib import Path

import pytest

from scrypath.config import Config
from scrypath.redaction import Secret


@pytest.fixture
def config(tmp_path: Path) -> Config:
    return Config(home=tmp_path / "home", meilisearch_key=Secret("masterKey-1234"), store_timeout=5)
