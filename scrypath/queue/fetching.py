"""Taking jobs from the table: not more of one index than wait for it here, so that no index keeps another waiting."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from psycopg.rows import class_row

from scrypath.queue.connection import statement
from scrypath.queue.gathering import HELD

if TYPE_CHECKING:
    from oban import Job
    from psycopg_pool import AsyncConnectionPool

    from scrypath.config import Config
    from scrypath.queue.gathering import Gatherer

QUEUE_LIMIT = 10_000  # jobs of all indexes that a worker takes
SHARE = 10  # looking past the jobs of full indexes takes at most a tenth of the time


@dataclass(slots=True)
class Fetcher:
    """Takes jobs for one worker.

    Parameters
    ----------
    config
        Where the table is.
    pool
        Connections to it.
    gatherer
        Knows of which indexes enough jobs wait already.
    """

    config: Config
    pool: AsyncConnectionPool
    gatherer: Gatherer
    _not_before: float = field(default=0.0, init=False)

    async def fetch(self, *, demand: int, queue: str, node: str, uuid: str) -> list[Job]:
        """Jobs that this worker has from now on; as Oban's own fetch, but for those of full indexes."""
        from oban import Job

        full = self.gatherer.full()
        began = time.monotonic()
        if demand <= 0 or (full and began < self._not_before):
            return []
        parameters: dict[str, Any] = {
            "queue": queue,
            "demand": min(demand, HELD),
            "attempted_by": [node, uuid],
            "full": list(full),
        }
        async with (
            self.pool.connection() as connection,
            connection.cursor(row_factory=class_row(Job)) as cursor,
        ):
            await cursor.execute(statement("fetch", self.config), parameters)
            found = await cursor.fetchall()
        if full:
            self._not_before = began + (time.monotonic() - began) * (SHARE + 1)
        return found
