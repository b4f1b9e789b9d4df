from __future__ import annotations

import subprocess
import sys

import pytest

from scrypath.config import Config
from scrypath.errors import ConfigError
from scrypath.queue import connection, jobs
from scrypath.queue.performing import Backoff, SyncWorker


@pytest.mark.parametrize(
    "url", ["postgresql+psycopg://u@h/d?x=1", "postgres://u@h/d?x=1", "postgresql://u@h/d?x=1"]
)
def test_any_way_to_write_the_url_reaches_libpq(url: str) -> None:
    assert connection.conninfo(Config(database_url=url)) == "postgresql://u@h/d?x=1"


def test_another_database_is_refused_without_its_password() -> None:
    with pytest.raises(ConfigError, match="needs PostgreSQL") as refused:
        connection.conninfo(Config(database_url="mysql://root:hunter2@db/shop"))
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("prefix", ["", "Jobs", "a.b", 'x"; DROP TABLE oban_jobs', "1a"])
def test_a_prefix_that_is_no_plain_name_is_refused(prefix: str) -> None:
    with pytest.raises(ConfigError, match="oban_prefix"):
        connection.statement("jobs", Config(oban_prefix=prefix))


def test_an_unreachable_database_is_named() -> None:
    config = Config(database_url="postgresql://shop:hunter2@127.0.0.1:1/shop")
    with pytest.raises(connection.DatabaseError, match="cannot be used") as refused:
        jobs.listing(config)
    assert "SCRYPATH_DATABASE_URL" in refused.value.hint
    assert "hunter2" not in str(refused.value)


def test_a_backoff_doubles_up_to_its_ceiling() -> None:
    pauses = [Backoff().seconds(attempt) for attempt in range(1, 21)]
    assert 15 <= pauses[0] <= 16
    assert all(pause <= 6 * 3600 * 1.1 for pause in pauses)
    assert sum(pauses) > 2 * 86_400
    assert Backoff(first=0).seconds(5) == 0


def test_a_worker_that_oban_started_alone_says_what_to_do() -> None:
    with pytest.raises(ConfigError, match="scrypath worker"):
        SyncWorker().backoff(object())


def test_importing_the_room_loads_no_driver_and_no_oban() -> None:
    script = (
        "import sys, scrypath.queue, scrypath.queue.jobs, scrypath.queue.retry, scrypath.queue.install\n"
        "print([m for m in ('oban', 'psycopg', 'psycopg_pool', 'sqlalchemy', 'pyarrow') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_name_in_the_table_imports() -> None:
    from oban.worker import resolve_worker

    from scrypath.queue import args

    assert resolve_worker(args.WORKER) is SyncWorker
    assert all(issubclass(resolve_worker(name), SyncWorker) for name in args.ANCESTORS)
