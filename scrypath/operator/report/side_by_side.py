"""Several schemas checked, a few at a time, so that none hides another and an interruption stops them all."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import CancelledError, Executor, Future, ThreadPoolExecutor
from contextvars import copy_context
from functools import partial
from typing import Any

from scrypath.compare.executor import IN_FLIGHT
from scrypath.compare.executor_reader import read_elsewhere
from scrypath.compare.local_reader import read_here
from scrypath.compare.scratch import Scanned
from scrypath.compare.waiting import first_done
from scrypath.config import Config
from scrypath.operator.report.collect import Reading, look
from scrypath.operator.report.fleet import Fleet
from scrypath.operator.report.model import Reconcile
from scrypath.operator.report.options import Scope
from scrypath.schema import SearchSchema
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.progress import progress_bar
from scrypath.vocabulary import Verification

AT_ONCE = 4  # schemas that are read in this process at the same time


def side_by_side(
    schemas: Sequence[SearchSchema],
    config: Config,
    scope: Scope,
    *,
    executor: Executor | None,
    lost: Mapping[str, Exception],
    progress: bool,
) -> Fleet:
    """Check each schema; an error of one is kept in its place.

    Parameters
    ----------
    schemas, config
        What is checked.
    scope
        How much of each.
    executor
        Where each schema is read; default: threads of this process.
    lost
        By schema, what kept others from being checked.
    progress
        Show a progress bar of schemas.
    """
    stopped: Future[None] = Future()  # done: whoever still reads or waits may give up
    reading = (
        partial(_until, stopped)
        if executor is None
        else partial(read_elsewhere, executor=executor, stopped=stopped)
    )
    at_once = min(len(schemas), AT_ONCE if executor is None else IN_FLIGHT)
    with (
        ThreadPoolExecutor(max(1, at_once), thread_name_prefix="scrypath-fleet") as pool,
        progress_bar("Schemas checked", len(schemas), shown=progress, unit="schema") as bar,
    ):
        looks = {
            schema.name: pool.submit(copy_context().run, _look, schema, config, scope, reading)
            for schema in schemas
        }
        try:
            under_way = set(looks.values())
            while under_way:
                done = first_done(under_way)
                under_way -= done
                bar.update(len(done))
        finally:
            stopped.set_result(None)
            pool.shutdown(wait=False, cancel_futures=True)
    reports: list[Reconcile] = []
    errors: dict[str, Exception] = dict(lost)
    for name, future in looks.items():
        try:
            reports.append(future.result())
        except Exception as error:  # also a fault in a schema's own code
            errors[name] = error
    return Fleet(reports=tuple(reports), errors=errors)


def _look(schema: SearchSchema, config: Config, scope: Scope, reading: Reading) -> Reconcile:
    return look(IndexRef.live(schema, config), scope, reading=reading)


def _until(
    stopped: Future[None],
    ref: IndexRef,
    verify: Verification,
    indexed: bool,
    *,
    on_progress: Callable[[int], Any],
) -> Scanned:
    def advance(count: int) -> None:
        if stopped.done():
            raise CancelledError
        on_progress(count)

    return read_here(ref, verify, indexed, on_progress=advance)
