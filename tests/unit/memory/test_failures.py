from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from scrypath.config import Config
from scrypath.errors import FrameMismatch
from scrypath.frames import FAILED_WORK, FAILURE_HISTORY
from scrypath.memory import failures

FAILED_AT = datetime(2026, 5, 1, tzinfo=UTC)


def failed(*rows: dict[str, object]) -> pl.DataFrame:
    base = {
        "schema": "City",
        "index": "shop_city",
        "source": "meilisearch",
        "operation": "upsert",
        "state": "failed",
        "retryable": True,
        "reason_class": "validation",
        "reason": "Document has no id.",
        "failed_at": FAILED_AT,
        "document_ids": ["1"],
        "document_count": 1,
        "healed": False,
    }
    return FAILED_WORK.rows([base | row for row in rows])


def test_an_empty_archive_has_the_schema(config: Config) -> None:
    FAILURE_HISTORY.check(failures.history(config))


def test_what_was_seen_stays_when_it_is_gone_from_the_server(config: Config) -> None:
    assert failures.archive(config, failed({"work_id": "meili:1"}, {"work_id": "oban:2"})) == 2
    assert failures.archive(config, failed({"work_id": "meili:3"})) == 1
    history = failures.history(config)
    FAILURE_HISTORY.check(history)
    assert sorted(history["work_id"]) == ["meili:1", "meili:3", "oban:2"]
    assert history["times_seen"].to_list() == [1, 1, 1]


def test_seen_again_is_brought_up_to_date_and_counted(config: Config) -> None:
    failures.archive(config, failed({"work_id": "meili:1"}))
    first = failures.history(config)
    assert (
        failures.archive(config, failed({"work_id": "meili:1", "healed": True, "superseded_by": "meili:9"}))
        == 0
    )
    again = failures.history(config)
    assert again.select("times_seen", "healed", "superseded_by").rows() == [(2, True, "meili:9")]
    assert again.item(0, "first_seen") == first.item(0, "first_seen")
    assert again.item(0, "last_seen") > first.item(0, "last_seen")


def test_ids_that_become_known_later_are_kept(config: Config) -> None:
    failures.archive(config, failed({"work_id": "meili:1", "document_ids": None}, {"work_id": "meili:2"}))
    failures.archive(config, failed({"work_id": "meili:1"}, {"work_id": "meili:2"}))
    history = failures.history(config).sort("work_id")
    assert history.select("work_id", "document_ids", "times_seen").rows() == [
        ("meili:1", ["1"], 2),
        ("meili:2", ["1"], 2),
    ]


def test_a_job_that_fails_again_later_is_another_failure(config: Config) -> None:
    failures.archive(config, failed({"work_id": "oban:1"}))
    later = FAILED_AT + timedelta(minutes=1)
    assert failures.archive(config, failed({"work_id": "oban:1", "failed_at": later, "attempt": 2})) == 1
    assert failures.history(config)["failed_at"].to_list() == [later, FAILED_AT]


def test_without_a_time_of_failure_the_work_id_alone_decides(config: Config) -> None:
    unknown = failed({"work_id": "oban:1", "failed_at": None, "state": "unknown"})
    assert [failures.archive(config, unknown) for _ in range(3)] == [1, 0, 0]
    assert failures.history(config)["times_seen"].to_list() == [3]


def test_the_same_row_twice_in_one_frame_is_one(config: Config) -> None:
    assert failures.archive(config, failed({"work_id": "meili:1"}, {"work_id": "meili:1", "attempt": 5})) == 1
    assert failures.history(config)["attempt"].to_list() == [5]


def test_history_of_one_schema_newest_first(config: Config) -> None:
    rows = [
        {
            "work_id": f"meili:{n}",
            "schema": "City" if n % 2 else "Country",
            "failed_at": FAILED_AT + timedelta(n),
        }
        for n in range(6)
    ]
    failures.archive(config, failed(*rows))
    assert failures.history(config, "City")["work_id"].to_list() == ["meili:5", "meili:3", "meili:1"]


def test_no_rows_open_nothing(config: Config) -> None:
    assert failures.archive(config, FAILED_WORK.empty()) == 0
    assert not config.store_path.exists()


def test_the_reason_holds_no_secret(config: Config) -> None:
    failures.archive(
        config, failed({"work_id": "meili:1", "reason": "postgres://shop:hunter2@db refused masterKey-1234"})
    )
    assert failures.history(config).item(0, "reason") == "postgres://shop:********@db refused ********"
    assert b"hunter2" not in config.store_path.read_bytes()


def test_a_frame_that_does_not_fit_is_refused(config: Config) -> None:
    with pytest.raises(FrameMismatch, match="FAILED_WORK"):
        failures.archive(config, pl.DataFrame({"work_id": ["meili:1"], "state": ["exploded"]}))


def test_a_hundred_thousand_rows_are_archived_within_seconds(config: Config) -> None:
    many = (
        failed({"work_id": "meili:0"})
        .select(pl.exclude("work_id", "reason"))
        .join(
            pl.DataFrame({"n": range(100_000)}).select(
                pl.format("meili:{}", "n").alias("work_id"),
                pl.format("Document {} has no id.", "n").alias("reason"),
            ),
            how="cross",
        )
    )
    began = time.perf_counter()
    assert failures.archive(config, many) == 100_000
    assert failures.archive(config, many) == 0
    assert time.perf_counter() - began < 30
    assert failures.history(config)["times_seen"].unique().to_list() == [2]
