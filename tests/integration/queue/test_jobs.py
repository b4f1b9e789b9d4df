from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import polars as pl
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.queue import jobs
from scrypath.queue.args import ANCESTORS, WORKER, JobArgs, Malformed, parse
from scrypath.queue.connection import conninfo
from scrypath.queue.enqueue import enqueue_now
from scrypath.redaction import Secret
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration

SOUND = {"operation": "upsert", "schema": "City", "index": "cities", "document_ids": ["1"]}


def add(config: Config, args: object = None, *, worker: str = WORKER, **columns: Any) -> int:
    """One job row as somebody may have written it."""
    values = {
        "args": json.dumps(SOUND if args is None else args),
        "worker": worker,
        "queue": "scrypath",
    } | columns
    names = ", ".join(values)
    marks = ", ".join(f"%({name})s" for name in values)
    with psycopg.connect(conninfo(config)) as connection:
        row = connection.execute(
            f"INSERT INTO oban_jobs ({names}) VALUES ({marks}) RETURNING id", values
        ).fetchone()
    assert row is not None
    return int(row[0])


def failed(config: Config, error: object, **columns: Any) -> dict[str, Any]:
    """The row of a job whose last error is this."""
    errors = [{"attempt": 1, "at": "2026-01-02T03:04:05+00:00", "error": "an earlier one"}, error]
    job = add(config, errors=json.dumps(errors), state="discarded", attempt=2, **columns)
    return jobs.listing(config, ids=[job]).frame.row(0, named=True)


def test_an_empty_queue_gives_empty_frames_of_the_schema(config: Config) -> None:
    page = jobs.listing(config)
    assert (page.total, page.truncated) == (0, False)
    jobs.JOBS.check(page.frame)
    jobs.JOB_COUNTS.check(jobs.counts(config))
    page.frame.to_pandas()


def test_a_job_is_read_as_it_was_written(config: Config) -> None:
    before = datetime.now(UTC)
    args = JobArgs(
        operation=Operation.FAN_OUT,
        schema="Country",
        index="cities",
        document_ids=("DE", "ÄÖ,\"'"),
        fan_out="cities",
        reference="scry-1",
    )
    enqueue_now(config, args)
    page = jobs.listing(config)
    jobs.JOBS.check(page.frame)
    row = page.frame.row(0, named=True)
    assert row["document_ids"] == ["DE", "ÄÖ,\"'"]
    assert [
        row[name] for name in ("operation", "schema", "index", "fan_out", "reference", "document_count")
    ] == [
        "fan_out",
        "Country",
        "cities",
        "cities",
        "scry-1",
        2,
    ]
    assert (row["state"], row["attempt"], row["max_attempts"]) == ("available", 0, 20)
    assert before <= row["inserted_at"] <= datetime.now(UTC)
    assert row["error"] is row["malformed"] is row["completed_at"] is None


def test_only_sync_jobs_are_read(config: Config) -> None:
    add(config, worker="shop.mail.ReceiptWorker")
    for name in ANCESTORS:
        add(config, worker=name)
    assert sorted(jobs.listing(config).frame["worker"]) == sorted(ANCESTORS)
    assert jobs.counts(config)["available"].sum() == len(ANCESTORS)


def test_the_newest_come_first_and_a_limit_says_that_it_cut(config: Config) -> None:
    ids = [add(config) for _ in range(5)]
    page = jobs.listing(config, limit=2)
    assert page.frame["job_id"].to_list() == [ids[4], ids[3]]
    assert (page.total, page.truncated) == (5, True)
    assert jobs.listing(config, limit=5).truncated is False
    with pytest.raises(InvalidOptions, match="limit cannot be 0"):
        jobs.listing(config, limit=0)


def test_states_ids_and_indexes_choose(config: Config) -> None:
    done = add(config, state="completed")
    add(config)
    elsewhere = add(config, SOUND | {"index": "towns"})
    assert jobs.listing(config, states=["completed"]).frame["job_id"].to_list() == [done]
    assert jobs.listing(config, states=[]).total == 0
    assert jobs.listing(config, ids=[elsewhere, 999_999]).frame["job_id"].to_list() == [elsewhere]
    assert jobs.listing(config, indexes=["towns"]).frame["job_id"].to_list() == [elsewhere]
    with pytest.raises(InvalidOptions, match="'complete'") as refused:
        jobs.listing(config, states=["complete"])
    assert "completed" in refused.value.hint


MALFORMED = [
    ([], "args are not an object"),
    ("upsert", "args are not an object"),
    (None, "schema is missing"),
    ({}, "schema is missing"),
    (SOUND | {"schema": 3}, "schema is not a name"),
    (SOUND | {"schema": ""}, "schema is not a name"),
    ({"schema": "City", "index": "cities", "document_ids": []}, "operation is missing"),
    (SOUND | {"operation": None}, "operation is missing"),
    (SOUND | {"operation": "explode"}, "operation is not upsert, delete or fan_out"),
    (SOUND | {"operation": ["upsert"]}, "operation is not upsert, delete or fan_out"),
    (SOUND | {"operation": "fan_out"}, "fan_out is missing"),
    (SOUND | {"index": None}, "index is missing"),
    ({**SOUND, "document_ids": None}, "document_ids is missing"),
    (SOUND | {"document_ids": "1"}, "document_ids is not a list"),
    (SOUND | {"document_ids": [{"id": 1}]}, "document_ids holds something other than texts and integers"),
    (SOUND | {"document_ids": [1.5]}, "document_ids holds something other than texts and integers"),
    (SOUND | {"document_ids": [True]}, "document_ids holds something other than texts and integers"),
]


@pytest.mark.parametrize(("args", "reason"), MALFORMED)
def test_malformed_args_are_listed_with_their_reason(config: Config, args: object, reason: str) -> None:
    add(config, args if args is not None else {})
    row = jobs.listing(config).frame.row(0, named=True)
    assert row["malformed"] == reason
    found = parse(args if args is not None else {})
    assert isinstance(found, Malformed)
    assert found.reason == reason


VALUES = (
    st.none()
    | st.booleans()
    | st.integers(-5, 5)
    | st.sampled_from(["", "City", "upsert", "delete", "fan_out"])
)
KEYS = st.text(
    st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=2
)  # jsonb has no NUL
IDS = st.lists(st.one_of(VALUES, st.floats(allow_nan=False, allow_infinity=False)), max_size=3)
ARGS = st.fixed_dictionaries(
    {},
    optional={
        "operation": VALUES | st.lists(VALUES, max_size=1),
        "schema": VALUES | st.lists(VALUES, max_size=1),
        "index": VALUES | st.dictionaries(KEYS, VALUES, max_size=1),
        "fan_out": VALUES,
        "document_ids": VALUES | IDS | IDS,
        "document_count": VALUES | st.integers(),
        "reference": VALUES,
    },
)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(ARGS | ARGS.map(lambda args: SOUND | args) | VALUES, min_size=40, max_size=60))
def test_python_and_sql_read_the_same_out_of_any_args(config: Config, rows: list[Any]) -> None:
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("TRUNCATE oban_jobs")
        with connection.cursor() as cursor:
            cursor.executemany(
                "INSERT INTO oban_jobs (worker, args) VALUES (%s, %s)",
                [(WORKER, json.dumps(row)) for row in rows],
            )
        # As a worker gets them: PostgreSQL writes 1e16 as a whole number.
        stored = [raw for (raw,) in connection.execute("SELECT args FROM oban_jobs ORDER BY id")]
    frame = jobs.listing(config).frame.sort("job_id")
    for raw, row in zip(stored, frame.iter_rows(named=True), strict=True):
        found = parse(raw)
        if isinstance(found, Malformed):
            assert row["malformed"] == found.reason, raw
        else:
            assert row["malformed"] is None, raw
            assert tuple(row["document_ids"]) == found.document_ids, raw
            assert (row["operation"], row["schema"], row["index"], row["fan_out"]) == (
                found.operation,
                found.schema,
                found.index,
                found.fan_out,
            ), raw


PYTHON = """Traceback (most recent call last):
  File "/app/shop.py", line 3, in sync
    raise ValueError("inner")
ValueError: inner

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/app/oban.py", line 9, in process
    await work()
          ^^^^^^
  File "/app/shop.py", line 5, in sync
    raise Outer() from error
"""


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        (PYTHON + "shop.errors.Outer: could not sync\n", "Outer", "could not sync"),
        (PYTHON + "TimeoutError\n", "TimeoutError", ""),
        (PYTHON + "shop.Filter: not filterable.\n1:2 y = 1\n", "Filter", "not filterable.\n1:2 y = 1"),
        (
            "** (Mint.TransportError) connection refused\n    (mint) lib/mint.ex:1\n",
            "TransportError",
            "connection refused",
        ),
        ("** (Oban.PerformError) failed with {:error, :down}", "PerformError", "failed with {:error, :down}"),
        ("NotRetryable: never", "NotRetryable", "never"),
        ("Job was cancelled by hand: enough", None, "Job was cancelled by hand: enough"),
        ("", None, ""),
        ("  indented", None, "indented"),
    ],
)
def test_the_last_error_is_told_by_type_and_message(
    config: Config, text: str, kind: str | None, message: str
) -> None:
    row = failed(config, {"attempt": 2, "at": "2026-01-02T03:04:06.5Z", "error": text})
    assert (row["error_type"], row["error"] or "") == (kind, message)
    assert row["failed_at"] == datetime(2026, 1, 2, 3, 4, 6, 500_000, UTC)


@pytest.mark.parametrize(
    "error",
    [
        None,
        7,
        [],
        {},
        {"error": None},
        {"error": {"a": 1}, "at": 5},
        {"error": "E: x", "at": "2026-99-99T00:00:00Z"},
    ],
)
def test_an_error_of_no_known_shape_is_no_crash(config: Config, error: object) -> None:
    assert failed(config, error)["state"] == "discarded"


def test_errors_that_are_no_list_are_no_crash(config: Config) -> None:
    add(config, errors='{"error": "x"}', state="retryable", attempt=1)
    assert jobs.listing(config).frame["error"].to_list() == [None]


def test_keys_and_passwords_in_an_error_are_masked(config: Config) -> None:
    from dataclasses import replace

    text = "TransportError: postgresql://shop:hunter2@db/shop with masterKey9 and Authorization: Bearer abc"
    row = failed(replace(config, meilisearch_key=Secret("masterKey9")), {"error": text, "at": "x"})
    assert (
        row["error"] == "postgresql://shop:********@db/shop with ******** and Authorization: Bearer ********"
    )


def test_a_huge_error_is_cut(config: Config) -> None:
    row = failed(config, {"error": PYTHON + "shop.Big: " + "x" * 200_000, "at": "x"})
    assert len(row["error"]) == 4_000


def test_counts_are_per_schema_and_index_with_the_ends_of_the_queue(config: Config) -> None:
    oldest = "2026-01-01T00:00:00"
    add(config, inserted_at=oldest)
    add(config, inserted_at="2026-01-02T00:00:00", state="executing")
    late = add(config, state="completed", completed_at="2026-01-05T00:00:00")
    add(config, state="completed", completed_at="2026-01-04T00:00:00")
    add(config, state="retryable", inserted_at="2025-01-01")
    add(config, state="discarded", inserted_at="2025-01-01")
    add(config, SOUND | {"schema": "Country", "index": "countries"}, state="cancelled")
    add(config, [1])
    frame = jobs.counts(config)
    jobs.JOB_COUNTS.check(frame)
    city = frame.row(by_predicate=pl.col("schema") == "City", named=True)
    assert {name: city[name] for name in jobs.JobState} == {
        "available": 1,
        "scheduled": 0,
        "suspended": 0,
        "executing": 1,
        "retryable": 1,
        "completed": 2,
        "discarded": 1,
        "cancelled": 0,
        "unknown": 0,
    }
    assert city["oldest_pending_at"] == datetime.fromisoformat(oldest).replace(tzinfo=UTC)
    assert (city["last_completed_id"], city["last_completed_at"]) == (late, datetime(2026, 1, 5, tzinfo=UTC))
    country = frame.row(by_predicate=pl.col("schema") == "Country", named=True)
    assert (country["cancelled"], country["last_completed_id"], country["oldest_pending_at"]) == (
        1,
        None,
        None,
    )
    assert frame.filter(pl.col("schema").is_null())["available"].to_list() == [1]


def test_times_do_not_depend_on_the_servers_time_zone(config: Config) -> None:
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE \"{connection.info.dbname}\" SET TimeZone = 'Asia/Kathmandu'")
    job = enqueue_now(config, JobArgs(operation=Operation.UPSERT, schema="C", index="c", document_ids=("1",)))
    row = jobs.listing(config, ids=[job.job_id]).frame.row(0, named=True)
    assert abs((datetime.now(UTC) - row["inserted_at"]).total_seconds()) < 60
