"""``queue-outage``: the server is down until the queue has discarded some jobs, and then comes back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from random import Random
from typing import Any

from scrypath.config import Config
from scrypath.errors import StackError
from scrypath.local.catalogue import City
from scrypath.local.process import wait_until
from scrypath.local.rehearsal import ground
from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.local.stack import Stack, outage
from scrypath.queue import jobs, worker
from scrypath.queue.worker import Backoff
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine, translated
from scrypath.sync.jobs import perform
from scrypath.sync.verbs import sync_records
from scrypath.wording import counted

DOCUMENTS = 30
JOBS = 3
PATIENCE = 60.0  # seconds until every job must have been discarded


def happen(config: Config, random: Random, documents: int | None, stack: Stack) -> Incident:
    """Change rows through the application while the server is down, until their jobs are discarded."""
    city = registry.find(City)
    ids = ground.draw(IndexRef.live(city, config), documents or DOCUMENTS, random)
    impatient = replace(config, oban_max_attempts=1)
    groups = [ids[start::JOBS] for start in range(min(JOBS, len(ids)))]
    with outage(stack):
        work_ids = [_write(group, impatient) for group in groups]
        numbers = [int(work_id.partition(":")[2]) for work_id in work_ids]
        # The stack's worker may take these jobs as well as this one.
        worker.run(
            impatient, partial(perform, config=impatient), drain=True, backoff=Backoff(first=0, ceiling=0)
        )
        if not wait_until(lambda: _all_discarded(config, numbers), PATIENCE):
            raise StackError(
                f"The jobs {', '.join(work_ids)} were not discarded within {PATIENCE:.0f} s.",
                hint="Look at them with: scrypath failed City",
            )
    errors = jobs.listing(config, ids=numbers).frame["error"].unique().drop_nulls().sort().to_list()
    return Incident(
        IncidentName.QUEUE_OUTAGE,
        f"The application changed {counted(len(ids), 'city', 'cities')} in {counted(len(work_ids), 'transaction')} "
        "while Meilisearch was down; the queue gave the jobs up, and then Meilisearch came back.",
        city.name,
        city.index_name(config),
        ground.texts(ids),
        tuple(work_ids),
        (
            f"{counted(len(work_ids), 'job is', 'jobs are')} discarded: {', '.join(work_ids)}.",
            *(f"They say: {error}" for error in errors),
        ),
    )


def _write(ids: Sequence[int], config: Config) -> str:
    from sqlalchemy import select
    from sqlalchemy.orm import Session

    with translated(config), Session(engine(config)) as session, session.begin():
        cities: Sequence[Any] = session.scalars(select(City).where(City.id.in_(ids)).order_by(City.id)).all()
        for city in cities:
            city.population += 1 + city.population // 10
        written = sync_records(City, cities, mode="oban", session=session, config=config)
    return written.work_ids[0]


def _all_discarded(config: Config, numbers: Sequence[int]) -> bool:
    states = jobs.listing(config, ids=numbers).frame["state"].to_list()
    return len(states) == len(numbers) and set(states) == {"discarded"}
