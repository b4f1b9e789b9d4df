"""What PostgreSQL says about the versions of rows, and what a mark knows of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from scrypath.config import Config
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import row_versions
from scrypath.source.engine import engine
from tests.support.notes import Base

pytestmark = pytest.mark.integration
Sql = Callable[..., None]


@pytest.fixture
def notes(config: Config, sql: Sql) -> IndexRef:
    """Ten notes."""
    config = replace(config, schemas=("tests.support.notes:Note",))
    Base.metadata.create_all(engine(config))
    sql("INSERT INTO notes SELECT n, 'Note ' || n, false, now() FROM generate_series(1, 10) AS n")
    return IndexRef.live(registry.find("Note"), config)


def test_a_token_changes_with_every_write_and_with_nothing_else(notes: IndexRef, sql: Sql) -> None:
    before = row_versions.tokens(notes, ["1", "2", "3", "77"])
    assert sorted(before) == ["1", "2", "3"]
    sql("UPDATE notes SET body = body WHERE id = 2")
    after = row_versions.tokens(notes, ["1", "2", "3"])
    assert {key for key in before if before[key] != after[key]} == {"2"}


def test_a_row_that_the_query_does_not_show_has_no_token(notes: IndexRef, sql: Sql) -> None:
    sql("UPDATE notes SET withdrawn = true WHERE id = 2")
    assert sorted(row_versions.tokens(notes, ["1", "2"])) == ["1"]


def test_more_ids_than_one_statement_takes_have_their_tokens(
    notes: IndexRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(row_versions, "IDS_AT_ONCE", 3)
    assert len(row_versions.tokens(notes, [str(n) for n in range(1, 21)])) == 10
