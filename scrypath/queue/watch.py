"""Telling a living worker from a dead one, and giving the dead one's jobs back to the queue.

Oban's own lifeline goes by age alone: five minutes, for every job of the table. Here a worker holds an
advisory lock on its name for as long as its process lives, so its jobs are known to be orphans as soon as
PostgreSQL has seen the connection end, and never before. A process that is stopped keeps its connections: one
that has given no sign of life for half a minute loses its jobs as well. When it goes on, what it has not posted it
reads again, what it posts is asked about again (``scrypath.sync.fence``), and its acknowledgement counts for nothing.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import time
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import psycopg

from scrypath.database import conninfo
from scrypath.queue.args import WORKERS
from scrypath.queue.connection import session_options, statement
from scrypath.redaction import redact

if TYPE_CHECKING:
    from scrypath.config import Config

logger = logging.getLogger(__name__)

# A host that vanishes without closing its connections is noticed after half a minute, not two hours.
_KEEPALIVES = {"tcp_keepalives_idle": 10, "tcp_keepalives_interval": 5, "tcp_keepalives_count": 4}
_PRUNE_EVERY = 60.0


def node_name() -> str:
    """A name that no other worker, living or dead, has."""
    return f"scrypath@{socket.gethostname()}.{os.getpid()}.{uuid4().hex[:8]}"


@dataclass(slots=True)
class Watch:
    """One worker's sign of life, and its look at the others.

    Parameters
    ----------
    config
        Where the oban tables are.
    node
        Name of this worker, as its jobs carry it.
    every
        Seconds between two looks.
    keep
        Seconds that ended sync jobs stay in the table; ``None`` keeps them.
    silent_after
        Seconds after which another worker that gives no sign of life loses its jobs.
    """

    config: Config
    node: str
    every: float
    keep: float | None
    silent_after: float
    _connection: psycopg.AsyncConnection | None = field(default=None, init=False)
    _pruned_at: float = field(default=0.0, init=False)

    async def start(self) -> None:
        """Take the lock of this worker's name, then rescue what dead workers left."""
        connection = await psycopg.AsyncConnection.connect(
            conninfo(self.config), autocommit=True, **session_options(self.config)
        )
        self._connection = connection
        for name, seconds in _KEEPALIVES.items():
            await connection.execute("SELECT set_config(%s, %s, false)", [name, str(seconds)])
        await connection.execute("SELECT pg_advisory_lock(hashtextextended(%s, 0))", [self.node])
        await self._look()

    async def keep_looking(self) -> None:
        """Look at the other workers until cancelled, whatever becomes of the connection."""
        while True:
            await asyncio.sleep(self.every)
            try:
                if self._connection is None:
                    await self.start()
                else:
                    await self._look()
            except psycopg.Error as error:
                logger.warning(
                    "The worker lost its watch connection and will reconnect: %s", redact(str(error))
                )
                await self._drop()

    async def stop(self) -> None:
        """Give back the jobs that this worker did not end, and its name."""
        with suppress(psycopg.Error):
            if self._connection is not None:
                await self._rescue("")
        await self._drop()

    async def _look(self) -> None:
        await self._rescue(self.node)
        if self.keep is not None and time.monotonic() - self._pruned_at > _PRUNE_EVERY:
            self._pruned_at = time.monotonic()
            await self._run(
                "prune", {"workers": list(WORKERS), "queue": self.config.oban_queue, "keep": self.keep}
            )

    async def _rescue(self, spared: str) -> None:
        # This session could take its own lock a second time, so its own name has to be left out.
        row = await self._run("rescue", {"self": spared, "silent": self.silent_after})
        if row and row[0]:
            logger.warning("Gave %d jobs of ended or silent workers back to the queue", row[0])

    async def _run(self, name: str, parameters: dict[str, Any]) -> tuple[Any, ...] | None:
        assert self._connection is not None
        cursor = await self._connection.execute(statement(name, self.config), parameters)
        return await cursor.fetchone() if cursor.description else None

    async def _drop(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(psycopg.Error):
                await connection.close()
