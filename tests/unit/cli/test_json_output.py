"""Results as JSON: plain values, times in UTC, no secrets, no dtype of polars."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from scrypath.cli import json_output
from scrypath.config import Config
from scrypath.frame_schema import FrameSchema
from scrypath.frames import PUBLIC, WORK
from scrypath.redaction import Secret
from scrypath.vocabulary import SyncStatus


@dataclass(frozen=True, slots=True)
class Answer:
    status: SyncStatus
    took: timedelta
    where: Path
    ids: tuple[str, ...]
    config: Config


def test_a_dataclass_is_an_object_without_the_configuration() -> None:
    config = Config(meilisearch_key=Secret("masterKey"))
    made = json_output.text(
        Answer(SyncStatus.COMPLETED, timedelta(milliseconds=1500), Path("a/b"), ("1",), config)
    )
    assert json.loads(made) == {"status": "completed", "took": 1.5, "where": "a/b", "ids": ["1"]}


def test_a_secret_stays_one() -> None:
    assert json.loads(json_output.text({"key": Secret("masterKey")})) == {"key": "********"}


def test_times_are_utc_and_durations_seconds() -> None:
    at = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    frame = WORK.rows([{"work_id": "meili:1", "enqueued_at": at, "duration": timedelta(seconds=2)}])
    (row,) = json.loads(json_output.text(frame))
    assert row["enqueued_at"] == "2026-03-01T12:00:00Z"
    assert row["duration"] == 2.0
    assert row["document_ids"] is None


@pytest.mark.parametrize("schema", PUBLIC, ids=lambda schema: schema.name)
def test_every_public_frame_has_a_form(schema: FrameSchema) -> None:
    assert json.loads(json_output.text(schema.empty())) == []
    (row,) = json.loads(json_output.text(schema.rows([{}])))
    assert list(row) == list(schema.polars)


def test_what_has_no_form_is_refused() -> None:
    for value in (object(), 1j):
        with pytest.raises(TypeError) as raised:
            json_output.text({"what": [value]})
        assert str(raised.value.__cause__) == f"{type(value).__name__} has no form in JSON"
