"""Making one ended job runnable again, in place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrypath.errors import NotRetryable, UnknownWork
from scrypath.queue.args import WORKERS
from scrypath.queue.connection import connect, statement
from scrypath.queue.jobs import JobState

if TYPE_CHECKING:
    from scrypath.config import Config

RETRYABLE = (JobState.RETRYABLE, JobState.DISCARDED, JobState.CANCELLED)


@dataclass(frozen=True, slots=True)
class RetriedJob:
    """A job that was made runnable again.

    Parameters
    ----------
    job_id
        Id of the job row.
    previous_state
        Its state before.
    attempt
        Attempts it has made.
    max_attempts
        Attempts it may make now: at least one more than it has made.
    """

    job_id: int
    previous_state: JobState
    attempt: int
    max_attempts: int


def retry(config: Config, job_id: int) -> RetriedJob:
    """Run a failed job again as soon as a worker is free; its errors stay in its row.

    Parameters
    ----------
    config
        ``database_url`` and ``oban_prefix`` say where.
    job_id
        Id of the job row.

    Raises
    ------
    UnknownWork
        When no sync job has this id.
    NotRetryable
        When the job is in another state than retryable, discarded or cancelled.
    QueueNotInstalled
        When the database has no oban tables.
    DatabaseError
        When PostgreSQL cannot be reached.
    """
    parameters = {"id": job_id, "workers": list(WORKERS), "retryable": [str(state) for state in RETRYABLE]}
    with connect(config) as connection:
        row = connection.execute(statement("retry", config), parameters).fetchone()
    if row is None:
        raise UnknownWork(
            f"No sync job has the id {job_id}.",
            hint="failed_sync_work() lists what can be retried; ended jobs are pruned after a day.",
        )
    state, attempt, max_attempts, retried, _ = row
    if not retried:
        raise NotRetryable(f"Job {job_id} is {state}.", hint=_NEXT_STEP.get(state, _OTHERWISE))
    return RetriedJob(job_id, JobState(state), attempt, max_attempts)


_NEXT_STEP = {
    "available": "It waits for a worker already: check that one runs, with scrypath worker.",
    "executing": "A worker has it now: wait for its end, then try again.",
    "scheduled": "It will run at its scheduled_at.",
    "suspended": "It is held back: whoever suspended it resumes it in Oban.",
    "completed": "It has done its work; to write the current rows again, sync the records.",
}
_OTHERWISE = "Only retryable, discarded and cancelled jobs can be retried."
