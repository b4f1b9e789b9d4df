from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg
import pytest

from scrypath.config import Config
from scrypath.errors import DatabaseError, QueueNotInstalled
from scrypath.queue import enqueue, jobs, retry, worker
from scrypath.queue.args import JobArgs
from scrypath.queue.install import install, installed
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration

ARGS = JobArgs(operation=Operation.UPSERT, schema="City", index="cities", document_ids=("1",))


def test_installing_twice_keeps_the_jobs(empty_database: str) -> None:
    config = Config(database_url=empty_database)
    assert not installed(config)
    install(config)
    enqueue.enqueue_now(config, ARGS)
    install(config)
    assert installed(config)
    assert jobs.listing(config).total == 1


def test_eight_shells_at_once_make_one_set_of_tables(empty_database: str) -> None:
    config = Config(database_url=empty_database)
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(install, [config] * 8))
    assert installed(config)


def test_the_tables_live_where_the_prefix_says(empty_database: str) -> None:
    config = Config(database_url=empty_database, oban_prefix="background")
    install(config)
    install(config)
    assert installed(config)
    assert not installed(replace(config, oban_prefix="public"))
    done: list[str] = []
    enqueue.enqueue_now(config, ARGS)
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert done == ["1"]
    assert jobs.listing(config).frame["state"].to_list() == ["completed"]


def test_without_tables_every_verb_says_how_to_make_them(empty_database: str) -> None:
    config = Config(database_url=empty_database)
    attempts = [
        lambda: jobs.listing(config),
        lambda: jobs.counts(config),
        lambda: retry.retry(config, 1),
        lambda: enqueue.enqueue_now(config, ARGS),
        lambda: worker.run(config, lambda _: None, drain=True),
        lambda: jobs.listing(replace(config, oban_prefix="nowhere")),
    ]
    for attempt in attempts:
        with pytest.raises(QueueNotInstalled, match="no oban tables") as refused:
            attempt()
        assert "install" in refused.value.hint


def test_tables_that_elixir_made_are_kept_and_work(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection:
        connection.execute(
            "CREATE TYPE oban_job_state AS ENUM"
            " ('available', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled')"
        )
        # Oban for Elixir keeps errors as jsonb[], not jsonb.
        connection.execute("""
            CREATE TABLE oban_jobs (
                id bigserial PRIMARY KEY, state oban_job_state NOT NULL DEFAULT 'available',
                queue text NOT NULL DEFAULT 'default', worker text NOT NULL, args jsonb NOT NULL DEFAULT '{}',
                errors jsonb[] NOT NULL DEFAULT ARRAY[]::jsonb[], attempt integer NOT NULL DEFAULT 0,
                max_attempts integer NOT NULL DEFAULT 20, priority integer NOT NULL DEFAULT 0,
                tags text[] DEFAULT ARRAY[]::text[], meta jsonb DEFAULT '{}', attempted_by text[],
                inserted_at timestamp NOT NULL DEFAULT timezone('UTC', now()),
                scheduled_at timestamp NOT NULL DEFAULT timezone('UTC', now()),
                attempted_at timestamp, completed_at timestamp, discarded_at timestamp, cancelled_at timestamp
            )
        """)
        connection.execute(
            "INSERT INTO oban_jobs (worker, queue, state, args, errors) VALUES"
            " ('Scrypath.Oban.UpsertWorker', 'scrypath', 'discarded',"
            """ '{"operation": "upsert", "schema": "Elixir.Shop.City", "index": "cities", "document_ids": [7]}',"""
            """ ARRAY['{"attempt": 1, "at": "2026-01-02T03:04:05.678901Z", "error": "** (Mint.TransportError)"""
            """ connection refused\\n    (shop 1.0.0) lib/shop.ex:1: Shop.go/0\\n"}'::jsonb])"""
        )
    config = Config(database_url=empty_database)
    row = jobs.listing(config, states=["discarded", "suspended"]).frame.row(0, named=True)
    assert (row["error_type"], row["error"], row["document_ids"]) == (
        "TransportError",
        "connection refused",
        ["7"],
    )
    assert row["failed_at"].isoformat() == "2026-01-02T03:04:05.678901+00:00"

    install(config)
    retry.retry(config, row["job_id"])

    def refuse(args: JobArgs) -> None:
        raise DatabaseError(f"{args.schema} is not here")

    worker.run(config, refuse, drain=True, backoff=worker.Backoff(first=60))
    after = jobs.listing(config).frame.row(0, named=True)
    assert (after["state"], after["error_type"], after["error"]) == (
        "retryable",
        "DatabaseError",
        "Elixir.Shop.City is not here",
    )
