from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from dataclasses import replace

import psycopg
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from scrypath.config import Config
from scrypath.errors import InvalidOptions, QueueNotInstalled
from scrypath.queue import jobs, retry, worker
from scrypath.queue.args import JobArgs
from scrypath.queue.connection import conninfo
from scrypath.queue.enqueue import enqueue, enqueue_now
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration


def about(*ids: str, operation: Operation = Operation.UPSERT, index: str = "cities") -> JobArgs:
    return JobArgs(operation=operation, schema="City", index=index, document_ids=ids)


@pytest.fixture
def listener(config: Config) -> Iterator[psycopg.Connection]:
    with psycopg.connect(conninfo(config), autocommit=True) as connection:
        connection.execute('LISTEN "public.oban_insert"')
        yield connection


def set_state(config: Config, state: str, **also: object) -> None:
    changes = "".join(f", {name} = %({name})s" for name in also)
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute(f"UPDATE oban_jobs SET state = %(state)s{changes}", {"state": state, **also})


def test_of_a_hundred_transactions_the_half_that_commits_has_jobs(config: Config, engine: Engine) -> None:
    for number in range(100):
        with Session(engine) as session:
            enqueue(session, config, about(str(number)))
            if number % 2:
                session.commit()
            else:
                session.rollback()
    ids = jobs.listing(config).frame["document_ids"].list.first().cast(int).sort().to_list()
    assert ids == list(range(1, 100, 2))


def test_a_session_a_scoped_session_and_a_connection_all_take_a_job(config: Config, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        enqueue(session, config, about("1"))
    scoped = scoped_session(sessionmaker(engine))
    enqueue(scoped, config, about("2"))
    scoped.commit()
    scoped.remove()
    with engine.begin() as connection:
        enqueue(connection, config, about("3"))
    assert jobs.listing(config).total == 3


def test_the_worker_is_woken_by_the_commit_and_not_before(
    config: Config, engine: Engine, listener: psycopg.Connection
) -> None:
    with Session(engine) as session:
        enqueue(session, config, about("1"))
        assert list(listener.notifies(timeout=0.2)) == []
        session.commit()
    (notified,) = listener.notifies(timeout=10, stop_after=1)
    assert notified.payload == '{"queue" : "scrypath"}'
    with Session(engine) as session:
        enqueue(session, config, about("2"))
        session.rollback()
    assert list(listener.notifies(timeout=0.2)) == []


def test_a_collapse_wakes_the_worker_too(
    config: Config, engine: Engine, listener: psycopg.Connection
) -> None:
    enqueue_now(config, about("1"))
    assert len(list(listener.notifies(timeout=10, stop_after=1))) == 1
    assert enqueue_now(config, about("1")).collapsed
    assert len(list(listener.notifies(timeout=10, stop_after=1))) == 1


def test_pending_jobs_for_the_same_ids_collapse_into_one(config: Config) -> None:
    first = enqueue_now(config, about("1", "2"))
    again = enqueue_now(config, about("2", "1"))
    assert (again.job_id, again.collapsed) == (first.job_id, True)
    for other in (
        about("1"),
        about("1", "2", "3"),
        about("1", "2", operation=Operation.DELETE),
        about("1", "2", index="towns"),
    ):
        assert not enqueue_now(config, other).collapsed
    assert not enqueue_now(replace(config, oban_queue="slow"), about("1", "2")).collapsed
    assert jobs.listing(config).total == 6


def test_one_transaction_that_writes_twice_has_one_job(config: Config, engine: Engine) -> None:
    with Session(engine) as session, session.begin():
        first = enqueue(session, config, about("1"))
        with session.begin_nested() as savepoint:
            assert enqueue(session, config, about("1")).collapsed
            enqueue(session, config, about("2"))
            savepoint.rollback()
        assert enqueue(session, config, about("1")) == replace(first, collapsed=True)
        assert not enqueue(session, config, about("2")).collapsed
    assert jobs.listing(config).total == 2


@pytest.mark.parametrize(
    ("state", "also"),
    [
        ("executing", {"attempt": 1}),
        ("retryable", {"attempt": 1}),
        ("completed", {"attempt": 1}),
        ("discarded", {"attempt": 1}),
        ("cancelled", {}),
        ("available", {"attempt": 1}),  # retried: it has fewer attempts left than a fresh one
        ("scheduled", {"scheduled_at": "2999-01-01"}),
    ],
)
def test_nothing_but_a_fresh_pending_job_takes_another_write(
    config: Config, state: str, also: dict[str, object]
) -> None:
    enqueue_now(config, about("1"))
    set_state(config, state, **also)
    assert not enqueue_now(config, about("1")).collapsed


def test_a_job_that_a_worker_is_taking_is_left_to_it(config: Config) -> None:
    enqueue_now(config, about("1"))
    with psycopg.connect(conninfo(config)) as taking:
        taking.execute("SELECT id FROM oban_jobs FOR UPDATE SKIP LOCKED")
        assert not enqueue_now(config, about("1")).collapsed


def test_no_worker_takes_a_job_before_the_last_writer_has_committed(config: Config, engine: Engine) -> None:
    enqueue_now(config, about("1"))
    done: list[str] = []
    with Session(engine) as one, Session(engine) as two:
        assert enqueue(one, config, about("1")).collapsed
        assert enqueue(two, config, about("1")).collapsed
        one.commit()
        with psycopg.connect(conninfo(config)) as worker_like:
            taken = worker_like.execute("SELECT id FROM oban_jobs FOR UPDATE SKIP LOCKED").fetchall()
        assert taken == []
        two.commit()
    worker.run(config, lambda args: done.extend(args.document_ids), drain=True)
    assert done == ["1"]


@pytest.mark.parametrize("level", ["REPEATABLE READ", "SERIALIZABLE"])
def test_a_stricter_isolation_level_gets_a_job_of_its_own_and_no_serialization_error(
    config: Config, engine: Engine, level: str
) -> None:
    enqueue_now(config, about("1"))
    with engine.connect().execution_options(isolation_level=level) as connection:
        connection.execute(text("SELECT 1 FROM oban_jobs"))
        set_state(config, "executing", attempt=1)
        assert not enqueue(connection, config, about("1")).collapsed
        connection.commit()


def test_the_index_ends_as_the_table_whatever_the_writers_and_the_workers_do(
    config: Config, engine: Engine
) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE items (id integer PRIMARY KEY, value integer NOT NULL)"))
        connection.execute(text("INSERT INTO items SELECT n, 0 FROM generate_series(1, 5) AS n"))
    index: dict[str, int] = {}
    errors: list[BaseException] = []
    collapsed = 0
    jitter = random.Random(7)
    turn = threading.Lock()  # the write path has a fence instead
    stop = threading.Event()

    def perform(args: JobArgs) -> None:
        with turn, engine.connect() as connection:
            rows = connection.execute(text("SELECT id, value FROM items")).all()
            threading.Event().wait(jitter.random() / 50)  # the way to the server is not always equally long
            index.update((str(id_), value) for id_, value in rows if str(id_) in args.document_ids)

    def work() -> None:
        try:
            worker.run(config, perform, stop=stop, limit=3, poll=0.1)
        except BaseException as error:
            errors.append(error)

    def write(seed: int) -> None:
        nonlocal collapsed
        dice = random.Random(seed)
        for number in range(40):
            item = dice.randint(1, 5)
            with engine.connect() as connection:
                connection.execute(
                    text("UPDATE items SET value = :value WHERE id = :id"),
                    {"value": seed * 1000 + number, "id": item},
                )
                collapsed += enqueue(connection, config, about(str(item), index="items")).collapsed
                (connection.rollback if dice.random() < 0.3 else connection.commit)()

    threads = [threading.Thread(target=work)] + [
        threading.Thread(target=write, args=(seed,)) for seed in (1, 2, 3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads[1:]:
        thread.join()
    stop.set()
    threads[0].join()
    worker.run(config, perform, drain=True)
    assert errors == []
    with engine.connect() as connection:
        table = {str(id_): value for id_, value in connection.execute(text("SELECT id, value FROM items"))}
    assert index == table
    assert collapsed > 0
    assert set(jobs.listing(config).frame["state"]) == {"completed"}


def test_a_retried_job_can_still_be_found_by_its_id_and_is_not_collapsed_into(config: Config) -> None:
    first = enqueue_now(config, about("1"))
    set_state(config, "discarded", attempt=20)
    retry.retry(config, first.job_id)
    assert not enqueue_now(config, about("1")).collapsed


def test_a_session_on_another_database_is_refused(config: Config) -> None:
    sqlite = create_engine("sqlite://")
    with Session(sqlite) as session, pytest.raises(InvalidOptions, match="sqlite") as refused:
        enqueue(session, config, about("1"))
    assert "inline" in refused.value.hint
    sqlite.dispose()


def test_an_async_session_is_refused_with_the_way_around(config: Config, engine: Engine) -> None:
    session = AsyncSession(create_async_engine(engine.url))
    with pytest.raises(InvalidOptions, match="AsyncSession") as refused:
        enqueue(session, config, about("1"))  # type: ignore[arg-type]
    assert "run_sync" in refused.value.hint


def test_a_session_that_knows_no_database_is_refused(config: Config) -> None:
    with Session() as session, pytest.raises(InvalidOptions, match="by mapper only"):
        enqueue(session, config, about("1"))


def test_a_database_without_the_tables_says_so_in_the_callers_transaction(empty_database: str) -> None:
    config = Config(database_url=empty_database)
    engine = create_engine(conninfo(config).replace("postgresql:", "postgresql+psycopg:"))
    with Session(engine) as session, pytest.raises(QueueNotInstalled):
        enqueue(session, config, about("1"))
    engine.dispose()


def test_the_search_for_a_pending_job_uses_an_index(config: Config) -> None:
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute(
            "INSERT INTO oban_jobs (worker, queue, meta)"
            " SELECT 'scrypath.queue.SyncWorker', 'scrypath', jsonb_build_object('scrypath_key', n::text)"
            " FROM generate_series(1, 20000) AS n"
        )
        connection.execute("ANALYZE oban_jobs")
        plan = connection.execute(
            "EXPLAIN SELECT id FROM oban_jobs WHERE state IN ('available', 'scheduled')"
            " AND meta ->> 'scrypath_key' = '77'"
        ).fetchall()
    assert "oban_jobs_scrypath_pending_index" in str(plan)
