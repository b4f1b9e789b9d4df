"""One retry at a time, and none of what is being retried already."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress

import polars as pl

from scrypath.config import Config
from scrypath.errors import NotRetryable
from scrypath.meilisearch import tasks
from scrypath.memory import lock
from scrypath.vocabulary import WorkSource
from scrypath.work.frame import of_tasks
from scrypath.work.lookup import Unit
from scrypath.work.states import PENDING_TASKS


@contextmanager
def turn(config: Config) -> Iterator[None]:
    """Alone among the retries that are recorded in this memory, of this process and of others.

    Raises
    ------
    StoreBusy
        When another retry takes longer than ``store_timeout`` seconds.
    """
    store = config.store_path.absolute()
    file = store.with_name(f"{store.name}.retry")
    with suppress(OSError):  # who cannot write there learns it when the retry is recorded
        file.parent.mkdir(parents=True, exist_ok=True)
    with lock.held(file, lock.Patience(file, config.store_timeout), shared=False):
        yield


def require_none_pending(unit: Unit) -> None:
    """Nothing, when no retry of a task is on its way; a job is retried in place, and the queue sees to it.

    Raises
    ------
    NotRetryable
        When a task that retries it is pending.
    """
    if unit.work_id.source is not WorkSource.MEILISEARCH:
        return
    listed = tasks.listing(unit.ref.config, index_uids=[unit.ref.uid], statuses=PENDING_TASKS)
    work = of_tasks(listed.frame, [unit.ref.schema], unit.ref.config)
    pending = work.filter(pl.col("cause") == str(unit.work_id))["work_id"].to_list()
    if pending:
        raise NotRetryable(
            f"{unit.work_id} is being retried already, as {', '.join(pending)}.",
            hint="Wait until that has ended: sync_work() shows its state.",
        )
