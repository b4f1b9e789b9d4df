"""Running Oban for the sync queue: start, wait, stop, and come back after a crash."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from scrypath.database import conninfo
from scrypath.queue.connection import (
    not_installed,
    prefix,
    session_options,
    statement,
    translated,
)
from scrypath.queue.fetching import QUEUE_LIMIT, Fetcher
from scrypath.queue.gathering import Gatherer
from scrypath.queue.install import installed
from scrypath.queue.performing import Backoff, Shift, current_work_id, shift
from scrypath.queue.watch import Watch, node_name

if TYPE_CHECKING:
    from psycopg_pool import AsyncConnectionPool

    from scrypath.config import Config
    from scrypath.queue.args import JobArgs

__all__ = ["Backoff", "current_work_id", "run"]

_GLANCE = 0.1  # seconds between two checks of the stop event, or at the queue when draining


def run(
    config: Config,
    perform: Callable[[JobArgs], None],
    *,
    together: Callable[[Sequence[JobArgs]], None] | None = None,
    stop: threading.Event | None = None,
    limit: int = 4,
    drain: bool = False,
    backoff: Backoff | None = None,
    grace: float = 15.0,
    poll: float = 1.0,
    rescue_every: float = 5.0,
    silent_after: float = 30.0,
    keep: float | None = 86_400.0,
) -> None:
    """Perform the jobs of the configured queue until stopped.

    SIGTERM and SIGINT stop it too, when it runs in the main thread. Killed in the middle of a job, it leaves
    the job to the next look of any other worker, or to the start of the next one.

    Parameters
    ----------
    config
        ``database_url``, ``oban_prefix`` and ``oban_queue`` say where.
    perform
        Called in a thread of its own for each job. Returning acknowledges the job, raising lets it run again
        later; ``NotRetryable``, ``InvalidOptions`` and what Meilisearch refuses for good cancel it.
    together
        Called with several jobs for one index that are at their first attempt, to do all of them at once. When it
        raises what may be the fault of one of them, each half is tried by itself, and at last each job by
        ``perform``. Without it, every job is performed by itself.
    stop
        Setting it ends the run.
    limit
        Jobs, or jobs done together, at a time; with ``together`` of each index, so that none waits for another.
    drain
        Return as soon as nothing in the queue is runnable.
    backoff
        How long a failed job waits.
    grace
        Seconds that running jobs get to end after a stop; then they go back to the queue.
    poll
        Seconds between two looks for jobs that became runnable without a notification.
    rescue_every
        Seconds between two looks for jobs of workers that died or are silent.
    silent_after
        Seconds after which a worker that gives no sign of life, a stopped process say, loses its jobs to the others.
    keep
        Seconds that ended sync jobs stay in the table; ``None`` keeps them for another pruner.

    Raises
    ------
    QueueNotInstalled
        When the database has no oban tables.
    DatabaseError
        When PostgreSQL cannot be reached at the start; later losses are waited out, except while draining.
    """
    if not installed(config):
        raise not_installed(config)
    task = _Run(
        config=config,
        watch=Watch(config, node_name(), rescue_every, keep, silent_after),
        gatherer=Gatherer(perform, together, limit),
        backoff=backoff or Backoff(),
        stop=stop or threading.Event(),
        limit=limit,
        drain=drain,
        grace=grace,
        poll=min(poll, _GLANCE) if drain else poll,
    )
    with translated(config), _signals(task.stop):
        _complete(task)


@dataclass(frozen=True, slots=True)
class _Run:
    config: Config
    watch: Watch
    gatherer: Gatherer
    backoff: Backoff
    stop: threading.Event
    limit: int
    drain: bool
    grace: float
    poll: float

    async def work(self) -> None:
        from oban import Oban
        from psycopg_pool import AsyncConnectionPool

        patience = max(self.config.connect_timeout, 2)
        pool = AsyncConnectionPool(
            conninfo(self.config),
            min_size=1,
            max_size=4,
            open=False,
            timeout=patience,
            kwargs=session_options(self.config),
        )
        gathers = self.gatherer.together is not None
        fetcher = Fetcher(self.config, pool, self.gatherer) if gathers else None
        shift.set(Shift(self.gatherer, fetcher, self.backoff, self.config.meilisearch_key))
        try:
            await pool.open(wait=True, timeout=patience)
            # The lock comes before the first fetch: no job may be executing under a name without one.
            await self.watch.start()
            # Leadership stays with the host's own Oban: a leader prunes, rescues and schedules for everybody.
            oban = Oban(
                pool=pool,
                name="scrypath",
                node=self.watch.node,
                prefix=prefix(self.config),
                queues={self.config.oban_queue: QUEUE_LIMIT if gathers else self.limit},
                refresher={"interval": self.watch.silent_after / 3},
                stager={"interval": self.poll},
                shutdown_grace_period=self.grace,
                leadership=False,
            )
            looking = asyncio.create_task(self.watch.keep_looking())
            try:
                async with oban:
                    while not self.stop.is_set() and not (self.drain and await self._idle(pool)):
                        await asyncio.sleep(_GLANCE)
                    self.gatherer.stop()
            finally:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking
        finally:
            await self.watch.stop()
            await pool.close()

    async def _idle(self, pool: AsyncConnectionPool) -> bool:
        names = {"queue": self.config.oban_queue, "node": self.watch.node}
        async with pool.connection() as connection:
            cursor = await connection.execute(statement("runnable", self.config), names)
            row = await cursor.fetchone()
        return row is not None and not row[0]


def _complete(task: _Run) -> None:
    if not _in_a_loop():
        # Not in an except block: every traceback of the run would begin with the error that was caught there.
        asyncio.run(task.work())
        return
    # A notebook's cell runs inside a loop already: this one gets a thread of its own.
    failures: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(task.work())
        except BaseException as error:
            failures.append(error)

    thread = threading.Thread(target=body, name="scrypath-worker")
    thread.start()
    thread.join()
    if failures:
        raise failures[0]


def _in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


@contextmanager
def _signals(stop: threading.Event) -> Iterator[None]:
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    numbers = (signal.SIGTERM, signal.SIGINT)
    before = {number: signal.signal(number, lambda *_: stop.set()) for number in numbers}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
