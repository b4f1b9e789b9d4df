"""The queue's side of the write path: making jobs, and performing them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from scrypath.config import Config
from scrypath.errors import SchemaError
from scrypath.queue import enqueue as queue
from scrypath.queue.args import JobArgs
from scrypath.schema import SearchSchema, registry
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge
from scrypath.sync.delivery import delivered
from scrypath.sync.fan_out import targets
from scrypath.sync.poison import around
from scrypath.vocabulary import Operation, SyncMode


def enqueue_jobs(
    ref: IndexRef,
    operation: Operation,
    ids: Sequence[str],
    *,
    session: Any = None,
    fan_out: str | None = None,
) -> tuple[str, ...]:
    """One job of ids for each ``batch_size`` of them, with the caller's transaction when a session is given.

    Returns
    -------
    tuple[str, ...]
        The jobs' work ids.
    """
    work_ids = []
    for start in range(0, len(ids), ref.config.batch_size):
        args = JobArgs(
            operation=operation,
            schema=ref.schema.name,
            index=ref.uid,
            document_ids=tuple(ids[start : start + ref.config.batch_size]),
            sync_mode=SyncMode.OBAN,
            fan_out=fan_out,
        )
        made = (
            queue.enqueue(session, ref.config, args)
            if session is not None
            else queue.enqueue_now(ref.config, args)
        )
        work_ids.append(f"oban:{made.job_id}")
    return tuple(work_ids)


def perform(args: JobArgs, config: Config) -> None:
    """Do what a job says: bring its documents in step with their rows, and wait until Meilisearch is done.

    What it sends is in the ledger as caused by the job. One document that cannot be written does not keep the others
    of its job from being written.

    Raises
    ------
    SchemaError
        When no schema of this process has the job's name.
    TaskFailed
        When Meilisearch ran a task and it failed.
    TaskTimeout
        When the wait ended first; the job is run again, and that is harmless.
    """
    from scrypath.queue.worker import current_work_id

    registry.available(config)  # one that cannot be imported keeps no other's jobs from being performed
    ref = IndexRef.live(_schema_of(args, config), config)
    ids: Sequence[str] = args.document_ids
    if args.operation is Operation.FAN_OUT:
        ref, ids = targets(ref, args.fan_out or "", ids)
    cause = current_work_id()
    around(ids, lambda some: _write(ref, some, cause=cause))


def perform_together(jobs: Sequence[JobArgs], config: Config) -> None:
    """Do what several jobs for one index say, each document once.

    Raises
    ------
    SchemaError, TaskFailed, TaskTimeout
        As for :func:`perform`; which of the jobs are done is then not known.
    """
    registry.available(config)  # one that cannot be imported keeps no other's jobs from being performed
    ref = IndexRef.live(_schema_of(jobs[0], config), config)
    ids = dict.fromkeys(item for args in jobs for item in args.document_ids)
    _write(ref, tuple(ids), cause=None)


def run_worker(config: Config, *, limit: int = 4, drain: bool = False) -> None:
    """Perform the jobs of the configured queue until it is stopped.

    Parameters
    ----------
    config
        Names queue, database and server.
    limit
        Writes at a time for each index.
    drain
        Return as soon as nothing in the queue is runnable.
    """
    from scrypath.queue.worker import run

    run(
        config,
        lambda args: perform(args, config),
        together=lambda jobs: perform_together(jobs, config),
        limit=limit,
        drain=drain,
    )


def _write(ref: IndexRef, ids: Sequence[str], *, cause: str | None) -> None:
    done = converge(ref, ids, mode=SyncMode.OBAN, cause=cause)
    delivered(ref.config, done.sent).require_success()
    # A row that changed during each of the writes is a job of its own, for when it has come to rest.
    enqueue_jobs(ref, Operation.UPSERT, done.in_flight)


def _schema_of(args: JobArgs, config: Config) -> SearchSchema:
    known = registry.by_index(config)
    try:
        return registry.find(args.schema)
    except SchemaError:
        # An Elixir deployment's jobs name its own module: the index says which schema is meant.
        if args.index in known:
            return known[args.index]
        raise
