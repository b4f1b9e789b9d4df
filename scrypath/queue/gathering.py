"""Jobs that wait together for one index become one piece of work; jobs of other indexes do not wait for them."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import Context, copy_context
from dataclasses import dataclass, field
from functools import partial

from scrypath.errors import (
    BackendRejected,
    InvalidOptions,
    NotRetryable,
    SchemaError,
    TaskFailed,
)
from scrypath.queue.args import JobArgs
from scrypath.vocabulary import Operation

TOGETHER = 1_000  # documents of one piece of work
HELD = 1_000  # jobs of one index that a worker takes before it has begun with them
HOPELESS_HALVES = (
    8  # jobs that fail one after another before the rest of their piece is given the same answer
)
# What may be the fault of one job among several; anything else is the fault of none of them.
ONES_OWN = (BackendRejected, InvalidOptions, NotRetryable, SchemaError, TaskFailed)

type Perform = Callable[[JobArgs], None]
type PerformTogether = Callable[[Sequence[JobArgs]], None]


class NotBegun(Exception):
    """The worker stops, and has not begun with this job."""


@dataclass(slots=True, eq=False)
class _Item:
    """A job that a worker has, and who waits for its outcome."""

    args: JobArgs
    alone: bool
    context: Context
    outcome: asyncio.Future[None]


@dataclass(slots=True)
class _Lane:
    """The jobs of one index."""

    waiting: deque[_Item] = field(default_factory=deque)
    busy: int = 0
    due: bool = False


@dataclass(slots=True)
class Gatherer:
    """Performs jobs, several at once where they may be.

    Parameters
    ----------
    perform
        Called with one job.
    together
        Called with several jobs for one index; raising means that it is not known which of them are done. Without
        it, every job is a piece of work of its own.
    limit
        Pieces of work at a time for one index.
    """

    perform: Perform
    together: PerformTogether | None
    limit: int
    _lanes: dict[str, _Lane] = field(default_factory=dict, init=False)
    _stopping: bool = field(default=False, init=False)

    async def done(self, args: JobArgs, *, first: bool) -> None:
        """Wait until a job is done; raise what it failed with.

        Parameters
        ----------
        args
            Of the job.
        first
            Whether it is its first attempt: a job that failed before is performed by itself.
        """
        if self._stopping:
            raise NotBegun
        key = "" if args.operation is Operation.FAN_OUT else f"{args.index}\n{args.schema}"
        lane = self._lanes.setdefault(key, _Lane())
        alone = self.together is None or not first or args.operation is Operation.FAN_OUT
        item = _Item(args, alone, copy_context(), asyncio.get_running_loop().create_future())
        lane.waiting.append(item)
        self._wake(lane)
        await item.outcome

    def full(self) -> tuple[str, ...]:
        """Indexes of which enough jobs wait here already."""
        return tuple(
            {key.partition("\n")[0] for key, lane in self._lanes.items() if len(lane.waiting) >= HELD}
        )

    def stop(self) -> None:
        """Give back what has not begun, and begin with nothing more."""
        self._stopping = True
        for lane in self._lanes.values():
            while lane.waiting:
                _answer(lane.waiting.popleft(), NotBegun())

    def _wake(self, lane: _Lane) -> None:
        # Jobs of one fetch arrive in one turn of the loop: they are looked at in the next one.
        if not lane.due:
            lane.due = True
            asyncio.get_running_loop().call_soon(self._begin, lane)

    def _begin(self, lane: _Lane) -> None:
        lane.due = False
        while lane.waiting and lane.busy < self.limit:
            lane.busy += 1
            work = partial(self._work, lane, _piece(lane.waiting), asyncio.get_running_loop())
            # Daemon threads, not an executor: a job that outlives the grace period must not keep the process.
            threading.Thread(target=work, name="scrypath-job", daemon=True).start()

    def _work(self, lane: _Lane, piece: list[_Item], loop: asyncio.AbstractEventLoop) -> None:
        outcomes = self._outcomes(piece)
        with suppress(RuntimeError):  # the loop is closed once the grace period is over
            loop.call_soon_threadsafe(self._ended, lane, piece, outcomes)

    def _ended(self, lane: _Lane, piece: list[_Item], outcomes: list[Exception | None]) -> None:
        lane.busy -= 1
        for item, outcome in zip(piece, outcomes, strict=True):
            _answer(item, outcome)
        self._wake(lane)

    def _outcomes(self, piece: list[_Item]) -> list[Exception | None]:
        if len(piece) == 1:
            return [_outcome(lambda: piece[0].context.run(self.perform, piece[0].args))]
        together = self.together
        assert together is not None, "jobs are only gathered for whoever performs them together"
        error = _outcome(lambda: together([item.args for item in piece]))
        if not isinstance(error, ONES_OWN):
            return [error] * len(piece)
        half = len(piece) // 2
        first = self._outcomes(piece[:half])
        if len(first) >= HOPELESS_HALVES and all(first):
            return [*first, *[error] * (len(piece) - half)]
        return [*first, *self._outcomes(piece[half:])]


def _piece(waiting: deque[_Item]) -> list[_Item]:
    piece = [waiting.popleft()]
    documents = len(piece[0].args.document_ids)
    while not piece[0].alone and waiting and not waiting[0].alone:
        documents += len(waiting[0].args.document_ids)
        if documents > TOGETHER:
            break
        piece.append(waiting.popleft())
    return piece


def _outcome(act: Callable[[], None]) -> Exception | None:
    try:
        act()
    except Exception as error:
        return error
    except BaseException as error:  # SystemExit of one job must not leave the others waiting for it
        return RuntimeError(f"the job raised {type(error).__name__}: {error}")
    return None


def _answer(item: _Item, outcome: Exception | None) -> None:
    if item.outcome.done():
        return
    if outcome is None:
        item.outcome.set_result(None)
    else:
        item.outcome.set_exception(outcome)
