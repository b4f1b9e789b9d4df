from __future__ import annotations

import psycopg
import pytest

from scrypath.config import Config
from scrypath.errors import NotRetryable, UnknownWork
from scrypath.queue import jobs, worker
from scrypath.queue.args import JobArgs
from scrypath.queue.connection import conninfo
from scrypath.queue.enqueue import enqueue_now
from scrypath.queue.retry import RetriedJob, retry
from scrypath.vocabulary import Operation

pytestmark = pytest.mark.integration

ARGS = JobArgs(operation=Operation.UPSERT, schema="City", index="cities", document_ids=("1",))


def job_in(config: Config, state: str, attempt: int = 0) -> int:
    job = enqueue_now(config, ARGS).job_id
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute(
            "UPDATE oban_jobs SET state = %s, attempt = %s, discarded_at = now(), cancelled_at = now() WHERE id = %s",
            [state, attempt, job],
        )
    return job


@pytest.mark.parametrize(
    ("state", "attempt", "allowed"),
    [("retryable", 3, 20), ("discarded", 20, 21), ("cancelled", 1, 20)],
)
def test_a_failed_job_runs_again_with_its_history(
    config: Config, state: str, attempt: int, allowed: int
) -> None:
    job = job_in(config, state, attempt)
    assert retry(config, job) == RetriedJob(job, jobs.JobState(state), attempt, allowed)
    row = jobs.listing(config, ids=[job]).frame.row(0, named=True)
    assert (row["state"], row["discarded_at"], row["cancelled_at"]) == ("available", None, None)
    done: list[str | None] = []
    worker.run(config, lambda _: done.append(worker.current_work_id()), drain=True)
    assert done == [f"oban:{job}"]


@pytest.mark.parametrize("state", ["available", "executing", "scheduled", "completed", "suspended"])
def test_any_other_job_is_left_as_it_is(config: Config, state: str) -> None:
    job = job_in(config, state)
    with pytest.raises(NotRetryable, match=f"Job {job} is {state}") as refused:
        retry(config, job)
    assert refused.value.hint
    assert jobs.listing(config, ids=[job]).frame["state"].to_list() == [state]


def test_of_two_retries_at_once_one_is_told_that_it_came_late(config: Config) -> None:
    job = job_in(config, "discarded", 20)
    retry(config, job)
    with pytest.raises(NotRetryable, match="is available"):
        retry(config, job)


def test_a_retry_wakes_the_worker(config: Config) -> None:
    job = job_in(config, "discarded", 20)
    with psycopg.connect(conninfo(config), autocommit=True) as listener:
        listener.execute('LISTEN "public.oban_insert"')
        retry(config, job)
        assert len(list(listener.notifies(timeout=10, stop_after=1))) == 1


def test_an_unknown_job_and_a_job_of_somebody_else_are_unknown_work(config: Config) -> None:
    with pytest.raises(UnknownWork, match="id 4711"):
        retry(config, 4711)
    job = job_in(config, "discarded", 20)
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("UPDATE oban_jobs SET worker = 'shop.mail.ReceiptWorker'")
    with pytest.raises(UnknownWork, match=f"id {job}"):
        retry(config, job)


def test_a_unique_job_of_oban_pro_gives_up_its_bitmap(config: Config) -> None:
    job = job_in(config, "discarded", 20)
    with psycopg.connect(conninfo(config)) as connection:
        connection.execute("""UPDATE oban_jobs SET meta = '{"uniq_bmp": [1, 2], "uniq_key": "k"}'""")
    retry(config, job)
    with psycopg.connect(conninfo(config)) as connection:
        assert connection.execute("SELECT meta FROM oban_jobs").fetchall() == [
            ({"uniq_bmp": [], "uniq_key": "k"},)
        ]
