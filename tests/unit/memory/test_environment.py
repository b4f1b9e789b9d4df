"""What is remembered says which database and which server it is about, and answers for no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import polars as pl
import pytest

from scrypath.config import Config
from scrypath.frames import DOCUMENTS, FAILED_WORK
from scrypath.memory import audit, failures, ledger, snapshots
from scrypath.memory.environment import environment
from scrypath.memory.ledger import SentWork
from scrypath.memory.snapshots import SnapshotRecord
from scrypath.vocabulary import Operation, SyncMode

AT = datetime(2026, 5, 1, 12, tzinfo=UTC)
PRODUCTION = {
    "database_url": "postgresql+psycopg://shop:hunter2@DB.internal/shop?sslmode=require",
    "meilisearch_url": "https://search.internal/",
}


@pytest.fixture
def production(config: Config) -> Config:
    return replace(config, **PRODUCTION)


@pytest.fixture
def staging(config: Config) -> Config:
    return replace(
        config, **(PRODUCTION | {"database_url": "postgresql://shop:hunter2@db.internal:5433/shop"})
    )


@pytest.mark.parametrize(
    ("database", "server", "said"),
    [
        *[
            (url, None, ("db:5432/shop", None))
            for url in ("postgresql://db/shop", "postgresql://a:b@DB:5432/shop")
        ],
        ("postgresql://a@db:6432,other/shop", None, ("db:6432,other:5432/shop", None)),
        ("postgresql://a@/shop?host=%2Ftmp%2FSock", None, ("/tmp/Sock:5432/shop", None)),
        *[
            (None, url, (None, "localhost:7700"))
            for url in ("http://localhost:7700", "http://127.0.0.1:7700/", "http://:secret@[::1]:7700")
        ],
        (None, "https://search.internal", (None, "search.internal:443")),
        (None, "https://search.internal/t0ken", (None, "search.internal:443/")),
    ],
)
def test_every_spelling_of_a_place_is_one(
    database: str | None, server: str | None, said: tuple[str | None, str | None]
) -> None:
    found = environment(Config(database_url=database, meilisearch_url=server))
    assert found.database == said[0]
    assert found.server is None if said[1] is None else str(found.server).startswith(said[1])
    assert "t0ken" not in str(found.server)


def record(**values: object) -> SnapshotRecord:
    return SnapshotRecord(schema="City", index="city", taken_at=AT, documents_compared=True, **values)  # type: ignore[arg-type]


def test_a_snapshot_of_another_environment_answers_nothing(production: Config, staging: Config) -> None:
    there = snapshots.save(production, record(), DOCUMENTS.empty())
    assert snapshots.latest(staging, "City", here=True) is None
    found = snapshots.latest(production, "City", here=True)
    assert found is not None
    assert (found.snapshot_id, found.record.database, found.record.server) == (
        there,
        "db.internal:5432/shop",
        "search.internal:443",
    )
    assert snapshots.listing(staging).select("database", "server").rows() == [
        ("db.internal:5432/shop", "search.internal:443")
    ]


def test_a_write_is_recorded_of_its_own_server(production: Config, config: Config) -> None:
    other = replace(config, meilisearch_url="http://elsewhere:7700")
    work = SentWork(
        reference="scry-a",
        schema="City",
        index="city",
        operation=Operation.UPSERT,
        mode=SyncMode.MANUAL,
        document_ids=["1"],
        document_count=1,
        sent_at=AT,
    )
    ledger.record(production, [work])
    ledger.acknowledge(production, "scry-a", 7)
    assert ledger.lookup(production, [], [("city", 7)])["server"].to_list() == ["search.internal:443"]
    assert ledger.lookup(other, [], [("city", 7)]).is_empty()
    assert ledger.written_since(production, "city", AT)
    assert not ledger.written_since(production, "city", AT + timedelta(microseconds=1))
    assert not ledger.written_since(production, "towns", AT)
    assert not ledger.written_since(other, "city", AT)


def test_failures_and_actions_say_where_they_were(production: Config, staging: Config) -> None:
    frame = FAILED_WORK.rows([{"work_id": "oban:4", "schema": "City", "failed_at": AT, "reason": "no"}])
    for config in (production, staging, production):
        failures.archive(config, frame)
    seen = failures.history(production).select("database", "times_seen").sort("database").rows()
    assert seen == [("db.internal:5432/shop", 2), ("db.internal:5433/shop", 1)]
    with audit.recorded(production, action="repair", schema="City", target="city"):
        pass
    log = audit.log(staging)
    assert log.select(pl.col("database", "server").n_unique()).row(0) == (1, 1)
    assert log["database"].to_list() == ["db.internal:5432/shop"] * 2
    assert b"hunter2" not in production.store_path.read_bytes()
