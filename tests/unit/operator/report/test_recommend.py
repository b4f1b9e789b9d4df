"""Which recovery is recommended follows from what was seen."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import polars as pl
import pytest
import sqlalchemy as sa

from scrypath.compare.comparison import Comparison
from scrypath.config import Config
from scrypath.frames import ACTIONS, CONTRACT_DRIFT, DOCUMENTS, FAILED_WORK
from scrypath.operator.report.recommend import recommended
from scrypath.schema.index_ref import IndexRef
from scrypath.vocabulary import Verification
from tests.support.schemas import build

TABLE = sa.Table("cities", sa.MetaData(), sa.Column("id", sa.Integer, primary_key=True))
CITIES = IndexRef.live(build(TABLE, {"name": "City", "fields": ["id"]}), Config())


def comparison(rows: int, **drift: int) -> Comparison:
    found = [
        {"document_id": f"{kind}{n}", "drift": kind} for kind, count in drift.items() for n in range(count)
    ]
    with_row = sum(count for kind, count in drift.items() if kind != "orphan")
    return Comparison(
        taken_at=datetime.now(UTC),
        duration=timedelta(seconds=1),
        verify=Verification.FINGERPRINT,
        compared=True,
        rows=rows,
        documents=rows,
        in_step=rows - with_row,
        drift=DOCUMENTS.rows(found),
    )


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        (comparison(100), []),
        (comparison(100, stale=50), ["repair"]),
        (comparison(100, stale=30, missing=21), ["backfill"]),
        (comparison(100, orphan=99), ["repair"]),
        (comparison(100, in_flight=100), []),
        (comparison(0, orphan=3), ["repair"]),
        (None, []),
    ],
)
def test_repair_for_a_few_backfill_for_most(seen: Comparison | None, expected: list[str]) -> None:
    found = recommended(
        CITIES, failed_work=FAILED_WORK.empty(), comparison=seen, contract=None, index_exists=True
    )
    assert ACTIONS.check(found)["action"].to_list() == expected


def test_retry_comes_first_and_only_for_what_may_be_retried() -> None:
    failed = FAILED_WORK.rows(
        [
            {"work_id": "oban:1", "retryable": True, "reason": "refused", "document_count": 3},
            {"work_id": "oban:2", "retryable": False, "reason": "healed"},
        ]
    )
    contract = CONTRACT_DRIFT.rows([{"key": "sortableAttributes"}])
    found = recommended(
        CITIES, failed_work=failed, comparison=comparison(10, stale=1), contract=contract, index_exists=True
    )
    assert found.select("action", "target").rows() == [
        ("retry", "oban:1"),
        ("reindex", "cities"),
        ("repair", "cities"),
    ]
    assert found.filter(pl.col("action") == "reindex")["reason"].item().endswith("sortableAttributes.")
