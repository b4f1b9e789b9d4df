"""What happens to one job: its args are read, it is gathered and performed, the outcome becomes Oban's."""

from __future__ import annotations

import random
import traceback
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scrypath.errors import (
    BackendRejected,
    ConfigError,
    InvalidOptions,
    JobFailed,
    NotRetryable,
    TaskFailed,
    refused_for_good,
)
from scrypath.queue.args import ANCESTORS, Malformed, parse
from scrypath.queue.gathering import Gatherer, NotBegun
from scrypath.redaction import redact

if TYPE_CHECKING:
    from scrypath.queue.fetching import Fetcher
    from scrypath.redaction import Secret

try:
    from oban import Cancel, Job, Snooze, current_job
    from oban._extensions import get_ext, put_ext
    from oban._producer import _get_jobs
    from oban.worker import register_worker
except ImportError as missing:
    raise ConfigError("The worker needs the oban package.", hint="pip install 'scrypath[oban]'") from missing

# What no later attempt can fix: everything else, a deployment or the server's recovery may.
HOPELESS = (NotRetryable, InvalidOptions)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long a failed job waits: doubling from ``first`` to ``ceiling``, up to a tenth more at random.

    Parameters
    ----------
    first
        Seconds after the first failure.
    ceiling
        Seconds at most. With the defaults, twenty attempts span more than two days.

    Examples
    --------
    >>> [Backoff(first=1, ceiling=4).seconds(attempt) for attempt in (1, 2, 3, 9)]
    [1, 2, 4, 4]
    """

    first: int = 15
    ceiling: int = 6 * 3600

    def seconds(self, attempt: int) -> int:
        """The pause after attempt number ``attempt``."""
        pause = min(self.ceiling, self.first << min(max(attempt, 1) - 1, 30))
        return pause + int(pause * random.random() / 10)  # noqa: S311 - spreads load, keeps no secret


@dataclass(frozen=True, slots=True)
class Shift:
    """What one run of the worker does with its jobs.

    Parameters
    ----------
    gatherer
        Performs them.
    fetcher
        Takes them from the table; none: Oban does.
    backoff
        How long a failed one waits.
    secret
        What no error in the table may show.
    """

    gatherer: Gatherer
    fetcher: Fetcher | None
    backoff: Backoff
    secret: Secret | None


# Oban makes its workers from their class alone; its tasks inherit this from the run that started them.
shift: ContextVar[Shift | None] = ContextVar("scrypath_shift", default=None)


class SyncWorker:
    """What Oban makes an instance of for each job; :func:`scrypath.queue.worker.run` says what it does."""

    async def process(self, job: Job) -> Cancel | Snooze | None:
        """Perform one job; returning acknowledges it."""
        current = _current_shift()
        args = parse(job.args)
        if isinstance(args, Malformed):
            return Cancel(f"MalformedArgs: {args.reason}")
        try:
            await current.gatherer.done(args, first=int(job.attempt) == 1)
        except NotBegun:
            return Snooze(0)  # without the attempt, for any other worker
        except HOPELESS as error:
            return Cancel(f"{type(error).__name__}: {redact(str(error), current.secret)}")
        except Exception as error:
            if refused_for_good(error):
                return Cancel(_account(error, current.secret))
            raise JobFailed(_account(error, current.secret)) from None
        return None

    def backoff(self, job: Job) -> int:
        """Seconds until the next attempt."""
        return _current_shift().backoff.seconds(int(job.attempt))


# An Elixir deployment that shares the queue names its own workers; its jobs are performed from current rows.
for _name in ANCESTORS:
    _module, _, _class = _name.rpartition(".")
    register_worker(type(_class, (SyncWorker,), {"__module__": _module}))


_otherwise = get_ext("producer.get_jobs", _get_jobs)


async def _jobs_of(producer: Any) -> list[Job]:
    """The jobs that a producer of Oban's takes next: of this worker's own, by its fetcher."""
    current = shift.get()
    if current is None or current.fetcher is None:
        found: list[Job] = await _otherwise(producer)
        return found
    return await current.fetcher.fetch(
        demand=producer._limit - len(producer._running_jobs),
        queue=producer._queue,
        node=producer._node,
        uuid=producer._uuid,
    )


# Oban takes the oldest jobs, whichever they are: one index that is slow would keep all others waiting.
put_ext("producer.get_jobs", _jobs_of)


def current_work_id() -> str | None:
    """``oban:<id>`` of the job that this thread performs, ``None`` outside of one."""
    job = current_job()
    return None if job is None else f"oban:{job.id}"


def _account(error: Exception, secret: Secret | None) -> str:
    text = redact("".join(traceback.format_exception(error)).rstrip(), secret)
    if isinstance(error, TaskFailed | BackendRejected) and (error.error_code or error.error_type):
        text += f"\n[scrypath error_code={error.error_code or ''} error_type={error.error_type or ''}]"
    return text


def _current_shift() -> Shift:
    current = shift.get()
    if current is None:
        raise ConfigError(
            "This worker has nothing to perform: it was not started by Scrypath.",
            hint="Start it with scrypath worker, not with oban's.",
        )
    return current
