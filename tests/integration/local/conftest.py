from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scrypath.config import configure
from scrypath.local import stack

SERVICES = ("DATABASE_URL", "MEILISEARCH_URL", "MEILISEARCH_KEY", "MEILISEARCH_KEY_FILE", "HOME")


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home of its own, in a process that is configured with no services; nothing stays behind."""
    for name in SERVICES:
        monkeypatch.delenv(f"SCRYPATH_{name}", raising=False)
    monkeypatch.chdir(tmp_path)
    folder = tmp_path / "home"
    yield folder
    configure(
        database_url=None, meilisearch_url=None, meilisearch_key=None, home=None, sync_mode=None, schemas=None
    )
    stack.down(home=folder, purge=True)
