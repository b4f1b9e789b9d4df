"""What a document or a server says reaches no terminal as it is, in text and in JSON."""

from __future__ import annotations

import os
from collections.abc import Callable
from unittest.mock import patch

import pytest
import sqlalchemy as sa

from scrypath import cli
from scrypath.config import Config
from scrypath.control_characters import escaped
from scrypath.meilisearch import documents
from scrypath.meilisearch.waiting import wait
from scrypath.source.engine import engine

pytestmark = pytest.mark.integration
STEERING = "\x1b]0;owned\x07\x9b2J\u202e"


@pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
def test_neither_failed_work_nor_a_report_steers_a_terminal(
    config: Config, failed_task: Callable[..., str], capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    failed_task(["1"])
    index = f"{config.index_prefix}_products"
    (sent,) = documents.write(config, index, [{"id": STEERING}], primary_key="id")
    assert wait(config, sent.uid).status == "failed"
    with engine(config).begin() as connection:
        connection.execute(sa.text("INSERT INTO brands (id, name) VALUES (1, :name)"), {"name": STEERING})
    variables = {
        "SCRYPATH_DATABASE_URL": config.need_database_url().reveal(),
        "SCRYPATH_MEILISEARCH_URL": config.need_meilisearch_url().reveal(),
        "SCRYPATH_MEILISEARCH_KEY": config.meilisearch_key.reveal() if config.meilisearch_key else "",
        "SCRYPATH_INDEX_PREFIX": config.index_prefix,
        "SCRYPATH_SCHEMAS": ",".join(config.schemas),
        "SCRYPATH_HOME": str(config.home),
    }
    with patch.dict(os.environ, variables):
        for command in ("failed", "reconcile", "status"):
            cli.main([command, "--json"] if as_json else [command])
            written = "".join(capsys.readouterr())
            assert escaped(written) == written
            if command == "failed":
                assert "owned" in "".join(written.split())  # it is there to be read
