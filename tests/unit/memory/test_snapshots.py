from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.errors import InvalidOptions, StoreError
from scrypath.frames import DOCUMENTS, SNAPSHOT_CHANGES, SNAPSHOTS
from scrypath.memory import snapshots, store
from scrypath.memory.snapshots import SnapshotRecord
from scrypath.redaction import Secret
from scrypath.vocabulary import DocumentDrift

TAKEN_AT = datetime(2026, 5, 1, 12, 0, 0, 123456, tzinfo=UTC)
RECORD = SnapshotRecord(
    schema="City",
    index="shop_city",
    taken_at=TAKEN_AT,
    duration=timedelta(seconds=1.5),
    verify="fingerprint",
    documents_compared=True,
    rows=100,
    documents=99,
    missing=1,
    orphan=0,
    stale=2,
    in_flight=0,
    unknown=0,
    pending=4,
    failed=5,
    evidence={"server": "1.50.0", "actions": ["repair"], "counts": {"stale": 2}},
)


def drifted(**drift_of: str) -> pl.DataFrame:
    return DOCUMENTS.rows([{"document_id": key, "drift": drift} for key, drift in drift_of.items()])


def at(minutes: float, **changes: object) -> SnapshotRecord:
    return replace(RECORD, taken_at=TAKEN_AT + timedelta(minutes=minutes), **changes)  # type: ignore[arg-type]


def test_empty_frames_have_the_schema(config: Config) -> None:
    SNAPSHOTS.check(snapshots.listing(config))
    assert snapshots.latest(config, "City") is None
    empty = snapshots.save(config, RECORD, DOCUMENTS.empty())
    DOCUMENTS.check(snapshots.documents(config, empty))
    SNAPSHOT_CHANGES.check(snapshots.compare(config, empty, empty))


def test_a_report_comes_back_as_it_was_saved(config: Config) -> None:
    documents = DOCUMENTS.rows(
        [
            {"document_id": "1", "drift": "stale", "row_fingerprint": "aa", "document_fingerprint": "bb"},
            {"document_id": "2", "drift": "missing", "row_fingerprint": "cc", "detail": "confirmed by id"},
        ]
    )
    snapshot_id = snapshots.save(config, RECORD, documents)
    listed = snapshots.listing(config)
    SNAPSHOTS.check(listed)
    assert listed.item(0, "snapshot_id") == snapshot_id
    assert listed.item(0, "duration") == timedelta(seconds=1.5)
    assert snapshots.record(config, snapshot_id) == RECORD
    stored = snapshots.documents(config, snapshot_id)
    DOCUMENTS.check(stored)
    assert stored.sort("document_id").equals(documents)


def test_a_report_that_did_not_look_at_documents_keeps_its_nulls(config: Config) -> None:
    bare = SnapshotRecord(schema="City", index="city", taken_at=TAKEN_AT, documents_compared=False)
    assert snapshots.record(config, snapshots.save(config, bare, DOCUMENTS.empty())) == bare


def test_times_of_another_zone_are_the_same_moment(config: Config) -> None:
    elsewhere = replace(RECORD, taken_at=TAKEN_AT.astimezone(timezone(timedelta(hours=5, minutes=30))))
    snapshots.save(config, elsewhere, DOCUMENTS.empty())
    assert snapshots.listing(config).item(0, "taken_at") == TAKEN_AT


def test_newest_first_and_by_schema(config: Config) -> None:
    for minutes, schema in ((0, "City"), (2, "City"), (1, "Country")):
        snapshots.save(config, at(minutes, schema=schema), DOCUMENTS.empty())
    assert snapshots.listing(config)["schema"].to_list() == ["City", "Country", "City"]
    assert snapshots.listing(config, "City")["taken_at"].is_sorted(descending=True)
    assert snapshots.listing(config, "Town").is_empty()


def test_the_latest_that_compared_documents(config: Config) -> None:
    compared = snapshots.save(config, at(0), DOCUMENTS.empty())
    glanced = snapshots.save(config, at(1, documents_compared=False), DOCUMENTS.empty())
    newest = snapshots.latest(config, "City")
    useful = snapshots.latest(config, "City", documents_compared=True)
    assert newest is not None
    assert useful is not None
    assert newest.snapshot_id == glanced
    assert useful == snapshots.StoredSnapshot(compared, at(0))


def test_the_latest_is_found_without_loading_the_others(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    for minutes in range(30):
        snapshots.save(config, at(minutes, documents_compared=minutes < 20), DOCUMENTS.empty())
    loaded: list[int] = []
    read = store.read

    def counting(*arguments: Any) -> pl.DataFrame:
        found = read(*arguments)
        loaded.append(found.height)
        return found

    monkeypatch.setattr(store, "read", counting)
    useful = snapshots.latest(config, "City", documents_compared=True)
    assert useful is not None
    assert useful.record == at(19)
    assert max(loaded) == 1


@pytest.mark.parametrize(
    "call", [snapshots.record, snapshots.documents, lambda c, i: snapshots.compare(c, i, i)]
)
def test_an_unknown_id(config: Config, call: object) -> None:
    with pytest.raises(InvalidOptions, match=r"No snapshot has the id 'snap-x'\. snapshots\(\) lists"):
        call(config, "snap-x")  # type: ignore[operator]


def test_nothing_of_a_snapshot_is_stored_when_a_part_of_it_fails(config: Config) -> None:
    broken = pl.DataFrame(
        {"document_id": [None], "drift": ["stale"]}, schema_overrides={"document_id": pl.String}
    )
    with pytest.raises(StoreError, match="NOT NULL"):
        snapshots.save(config, RECORD, broken)
    assert snapshots.listing(config).is_empty()


def test_evidence_and_details_hold_no_secret(config: Config) -> None:
    evidence = {
        "url": "postgresql://shop:hunter2@db/shop",
        "headers": {"Authorization": "Bearer abcdef"},
        "key": Secret("hunter2"),
        "api_key": "hunter2",
        "notes": ["masterKey-1234", 3, None, True],
        "at": TAKEN_AT,
    }
    documents = DOCUMENTS.rows([{"document_id": "1", "drift": "unknown", "detail": "token=hunter2"}])
    snapshot_id = snapshots.save(config, replace(RECORD, evidence=evidence), documents)
    assert snapshots.record(config, snapshot_id).evidence == {
        "url": "postgresql://shop:********@db/shop",
        "headers": {"Authorization": "Bearer ********"},
        "key": "********",
        "api_key": "********",
        "notes": ["********", 3, None, True],
        "at": str(TAKEN_AT),
    }
    assert snapshots.documents(config, snapshot_id).item(0, "detail") == "token=********"
    assert b"hunter2" not in config.store_path.read_bytes()


def test_new_resolved_persisting(config: Config) -> None:
    before = snapshots.save(
        config, at(0), drifted(a="stale", b="missing", c="orphan", d="in_flight", e="in_flight", g="stale")
    )
    after = snapshots.save(
        config, at(1), drifted(b="missing", c="stale", d="stale", f="missing", g="in_flight", h="in_flight")
    )
    changes = snapshots.compare(config, before, after)
    SNAPSHOT_CHANGES.check(changes)
    assert changes.rows() == [
        ("d", "new", "in_flight", "stale"),
        ("f", "new", None, "missing"),
        ("b", "persisting", "missing", "missing"),
        ("c", "persisting", "orphan", "stale"),
        ("g", "persisting", "stale", "in_flight"),
        ("a", "resolved", "stale", None),
    ]
    assert snapshots.compare(config, after, before).equals(changes)


def test_a_report_without_documents_cannot_be_compared(config: Config) -> None:
    full = snapshots.save(config, at(0), drifted(a="stale"))
    bare = snapshots.save(config, at(1, documents_compared=False), DOCUMENTS.empty())
    with pytest.raises(InvalidOptions, match=f"Snapshot '{bare}' did not compare documents"):
        snapshots.compare(config, full, bare)


def test_reports_of_two_schemas_cannot_be_compared(config: Config) -> None:
    city = snapshots.save(config, at(0), DOCUMENTS.empty())
    country = snapshots.save(config, at(1, schema="Country"), DOCUMENTS.empty())
    with pytest.raises(InvalidOptions, match="different schemas: City, Country"):
        snapshots.compare(config, city, country)


def test_reports_of_two_indexes_cannot_be_compared(config: Config) -> None:
    shop = snapshots.save(config, at(0), DOCUMENTS.empty())
    staging = snapshots.save(config, at(1, index="staging_city"), DOCUMENTS.empty())
    with pytest.raises(InvalidOptions, match="different indexes: shop_city, staging_city"):
        snapshots.compare(config, shop, staging)


def test_what_a_shallower_comparison_did_not_see_is_not_called_resolved(config: Config) -> None:
    by_content = snapshots.save(config, at(0, verify="content"), drifted(a="stale"))
    by_fingerprint = snapshots.save(config, at(1), DOCUMENTS.empty())
    again = snapshots.save(config, at(2, verify="content"), DOCUMENTS.empty())
    with pytest.raises(
        InvalidOptions, match=f"'{by_fingerprint}' compared fingerprints only, but '{by_content}'.*may remain"
    ):
        snapshots.compare(config, by_content, by_fingerprint)
    assert snapshots.compare(config, by_content, again)["change"].to_list() == ["resolved"]
    assert snapshots.compare(config, by_fingerprint, again).is_empty()


STATES = st.dictionaries(
    st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=4),
    st.sampled_from([str(drift) for drift in DocumentDrift]),
    max_size=8,
)


@given(before=STATES, after=STATES)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_changes_are_a_partition_of_what_drifted(
    config: Config, before: dict[str, str], after: dict[str, str]
) -> None:
    a = snapshots.save(config, at(0), drifted(**before))
    b = snapshots.save(config, at(1), drifted(**after))
    changes = snapshots.compare(config, a, b)
    assert changes["document_id"].is_unique().all()
    by_change = {
        change: set(changes.filter(pl.col("change") == change)["document_id"])
        for change in ("new", "resolved", "persisting")
    }
    was = {key for key, drift in before.items() if drift != "in_flight"}
    now = {key for key, drift in after.items() if drift != "in_flight"}
    assert by_change["new"] == now - was
    assert by_change["resolved"] == was - after.keys()
    assert by_change["persisting"] == was & after.keys()
    assert changes.height == len(was | now)
    for row in changes.rows(named=True):
        assert row["before"] == before.get(row["document_id"])
        assert row["after"] == after.get(row["document_id"])


def test_many_documents_are_stored_and_compared_as_columns(config: Config) -> None:
    ids = pl.DataFrame({"document_id": [str(n) for n in range(60_000)]})
    first = DOCUMENTS.conform(ids[:40_000].with_columns(drift=pl.lit("stale")))
    second = DOCUMENTS.conform(ids[20_000:].with_columns(drift=pl.lit("missing")))
    a = snapshots.save(config, at(0), first)
    b = snapshots.save(config, at(1), second)
    counts = dict(snapshots.compare(config, a, b).group_by("change").len().rows())
    assert counts == {"new": 20_000, "persisting": 20_000, "resolved": 20_000}


def test_pruning_keeps_the_newest_of_each_schema(config: Config) -> None:
    for minutes in range(5):
        for schema in ("City", "Country"):
            snapshots.save(config, at(minutes, schema=schema), drifted(a="stale"))
    assert snapshots.prune(config, keep=2).height == 6
    left = snapshots.listing(config)
    assert left["taken_at"].min() == TAKEN_AT + timedelta(minutes=3)
    assert left["schema"].value_counts(sort=True)["count"].to_list() == [2, 2]
    with store.connect(config, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM snapshot_documents").fetchall() == [(4,)]


def test_pruning_by_age_keeps_what_keep_says(config: Config) -> None:
    now = datetime.now(UTC)
    for days in (1, 10, 20, 30):
        snapshots.save(config, replace(RECORD, taken_at=now - timedelta(days=days)), DOCUMENTS.empty())
    assert snapshots.prune(config, keep=3, older_than=timedelta(days=5)).height == 1
    assert snapshots.prune(config, older_than=timedelta(days=15)).height == 1
    assert snapshots.prune(config, older_than=timedelta(days=15)).height == 0
    assert snapshots.listing(config).height == 2


def test_pruning_keeps_what_the_next_incremental_comparison_starts_from(config: Config) -> None:
    compared = snapshots.save(config, at(0), drifted(a="stale"))
    old = snapshots.save(config, at(-1), drifted(a="stale"))
    glanced = snapshots.save(config, at(1, documents_compared=False), DOCUMENTS.empty())
    deleted = snapshots.prune(config, keep=1)
    SNAPSHOTS.check(deleted)
    assert deleted["snapshot_id"].to_list() == [old]
    assert snapshots.listing(config)["snapshot_id"].to_list() == [glanced, compared]


def test_pruning_one_schema(config: Config) -> None:
    for minutes in range(3):
        for schema in ("City", "Country"):
            snapshots.save(config, at(minutes, schema=schema), DOCUMENTS.empty())
    assert snapshots.prune(config, "City", keep=1)["schema"].to_list() == ["City", "City"]
    assert snapshots.listing(config, "Country").height == 3


def test_a_dry_run_forgets_nothing(config: Config) -> None:
    old, _ = (snapshots.save(config, at(minutes), drifted(a="stale")) for minutes in (0, 1))
    for _ in range(2):
        assert snapshots.prune(config, keep=1, dry_run=True)["snapshot_id"].to_list() == [old]
    assert snapshots.listing(config).height == 2


def test_settings_hold_for_a_call_without_limits(config: Config) -> None:
    now = datetime.now(UTC)
    for days in (1, 10, 20):
        snapshots.save(config, replace(RECORD, taken_at=now - timedelta(days=days)), DOCUMENTS.empty())
    by_age, by_number = replace(config, keep_snapshots_days=15), replace(config, keep_snapshots=1)
    assert snapshots.prune(by_age, dry_run=True).height == 1
    assert snapshots.prune(by_number, dry_run=True).height == 2
    assert snapshots.prune(by_number, keep=2, dry_run=True).height == 1


def test_with_settings_a_stored_report_makes_room_for_itself(config: Config) -> None:
    for minutes in range(3):
        snapshots.save(config, at(minutes), drifted(a="stale"))
    assert snapshots.listing(config).height == 3
    last = [
        snapshots.save(replace(config, keep_snapshots=2), at(minutes), drifted(a="stale"))
        for minutes in (3, 4)
    ]
    assert snapshots.listing(config)["snapshot_id"].to_list() == last[::-1]
    with store.connect(config, read_only=True) as connection:
        assert connection.execute("SELECT count(*) FROM snapshot_documents").fetchall() == [(2,)]


def test_pruning_by_a_negative_time(config: Config) -> None:
    with pytest.raises(InvalidOptions, match="older_than is -1 day"):
        snapshots.prune(config, older_than=timedelta(days=-1))


def test_pruning_needs_a_limit(config: Config) -> None:
    with pytest.raises(InvalidOptions, match="Neither keep nor older_than"):
        snapshots.prune(config)
    with pytest.raises(InvalidOptions, match="keep is 0"):
        snapshots.prune(config, keep=0)
