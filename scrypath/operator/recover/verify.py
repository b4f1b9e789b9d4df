"""Reading back whether an accepted retry has had its effect."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Any

import polars as pl

from scrypath.compare.current_state import current_states, in_step
from scrypath.config import Config, resolve
from scrypath.errors import ScrypathError, TaskTimeout, UnknownWork
from scrypath.frames import OUTCOME
from scrypath.meilisearch import tasks
from scrypath.memory import audit, ledger
from scrypath.memory.task_metadata import reference_of
from scrypath.queue import jobs
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.fan_out import targets
from scrypath.vocabulary import Outcome, Verification, WorkSource
from scrypath.wording import counted
from scrypath.work.ids import WorkId, parse
from scrypath.work.states import QUEUED_JOBS

PAUSE = 0.1  # seconds between two reads of a job


class _NotFinished(Exception):
    """The work has not finished; the message says in which state it is."""


def verify_retry(
    outcome: pl.DataFrame, *, timeout: float | None = None, config: Config | None = None
) -> pl.DataFrame:
    """Wait for accepted work, then read its documents back and compare them with their rows.

    Parameters
    ----------
    outcome
        ``frames.OUTCOME``, from ``retry_sync_work``.
    timeout
        Seconds to wait for each unit; default: the configured ``task_timeout``.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.OUTCOME``: ``completed`` with ``verified`` true when every document matches its row;
        ``failed`` with the reason; ``unknown`` when the wait ended first, when an attempt failed that the queue will
        repeat by itself, or when a side could not be read.
        Each result is added to the audit.

    Examples
    --------
    >>> import scrypath
    >>> sent = scrypath.retry_sync_work(scrypath.failed_sync_work("Brand"), force=True)
    >>> sent.select("outcome", "verified").rows()
    [('accepted', None)]
    >>> scrypath.verify_retry(sent).select("outcome", "verified").rows()
    [('completed', True)]
    """
    resolved = resolve(config)
    if timeout is not None:
        resolved = resolve(resolved, task_timeout=timeout)
    registry.every(resolved)
    return OUTCOME.rows(_verified(row, resolved) for row in OUTCOME.conform(outcome).iter_rows(named=True))


def _verified(row: dict[str, Any], config: Config) -> dict[str, Any]:
    if row["outcome"] != Outcome.ACCEPTED or row["sent_as"] is None:
        return row
    with audit.recorded(
        config,
        action="verify",
        schema=row["schema"],
        target=row["work_id"],
        document_count=row["document_count"],
        detail=f"Waiting for {row['sent_as']}.",
    ) as recording:
        try:
            seen = _effect(row, config)
        except (TaskTimeout, _NotFinished) as error:
            seen = {"outcome": Outcome.UNKNOWN, "verified": None, "detail": error.args[0]}
        except ScrypathError as error:
            detail = f"Not checked: {error.message}"
            seen = {"outcome": Outcome.UNKNOWN, "verified": None, "detail": detail}
        recording.ended(seen["outcome"], document_count=row["document_count"], detail=seen["detail"])
    return row | seen | {"outcome": str(seen["outcome"])}


def _effect(row: dict[str, Any], config: Config) -> dict[str, Any]:
    sent_as = parse(row["sent_as"])
    ref = IndexRef.find(row["schema"], config)
    if sent_as.source is WorkSource.MEILISEARCH:
        failure, ids = _finished_task(row["work_id"], sent_as, config)
    else:
        failure, ids, fan_out = _finished_job(sent_as, config)
        if failure is None and fan_out is not None:
            ref, ids = targets(ref, fan_out, ids)
    if failure is not None:
        return {"outcome": Outcome.FAILED, "verified": False, "detail": failure}
    now = current_states(ref, ids, verify=Verification.FINGERPRINT)
    off = now.filter(~in_step())["document_id"].to_list()
    if off:
        return {
            "outcome": Outcome.FAILED,
            "verified": False,
            "detail": f"Still different from its row: {len(off)} of {counted(len(ids), 'document')}: "
            f"{', '.join(off[:5])}.",
        }
    return {
        "outcome": Outcome.COMPLETED,
        "verified": True,
        "detail": f"{counted(len(ids), 'document')} read back: each matches its row.",
    }


def _finished_task(cause: str, sent_as: WorkId, config: Config) -> tuple[str | None, Sequence[str]]:
    last = tasks.wait(config, sent_as.number)
    if not last.succeeded:
        return last.error_message or f"{sent_as} is {last.status}.", ()
    work = ledger.lookup(config, [reference_of(last.custom_metadata)] if last.custom_metadata else [])
    written = work.filter(pl.col("cause") == cause)
    if written.is_empty():
        raise UnknownWork(f"The ledger does not know what {sent_as} wrote.")
    return None, written["document_ids"].explode().to_list()


def _finished_job(sent_as: WorkId, config: Config) -> tuple[str | None, Sequence[str], str | None]:
    deadline = time.monotonic() + config.task_timeout
    while True:
        listed = jobs.listing(config, ids=[sent_as.number], limit=1).frame
        if listed.is_empty():
            raise UnknownWork(f"The queue no longer has job {sent_as.number}.")
        job = listed.row(0, named=True)
        if job["state"] == "completed":
            return None, job["document_ids"], job["fan_out"]
        if job["state"] not in QUEUED_JOBS:
            failure = f"Attempt {job['attempt']} of {job['max_attempts']} failed: {job['error']}"
            if job["state"] == "retryable":
                raise _NotFinished(f"{failure} The queue will try again by itself.")
            return failure, (), None
        if time.monotonic() > deadline:
            raise TaskTimeout(
                f"{sent_as} is still {job['state']} after {config.task_timeout:g} s: is a worker running?"
            )
        time.sleep(PAUSE)
