"""A worker in a process of its own, to be killed. It is forked from a server that has imported everything."""

from __future__ import annotations

import multiprocessing
from multiprocessing.context import ForkServerProcess

from scrypath.config import Config
from scrypath.queue import worker
from scrypath.queue.worker import Backoff
from scrypath.sync.jobs import perform, perform_together

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__, "tests.support.shop", "oban", "scrypath.memory.ledger"])


def start(config: Config, *, silent_after: float = 30.0) -> ForkServerProcess:
    """A worker that runs until it is killed."""
    process = FORKS.Process(target=_work, args=(config, silent_after), daemon=True)
    process.start()
    return process


def _work(config: Config, silent_after: float) -> None:
    worker.run(
        config,
        lambda args: perform(args, config),
        together=lambda jobs: perform_together(jobs, config),
        backoff=Backoff(first=0, ceiling=0),
        poll=0.1,
        limit=3,
        rescue_every=min(5.0, silent_after / 3),
        silent_after=silent_after,
    )
