"""``failed-validation``: one country has invalid coordinates, and the server refuses its batch."""

from __future__ import annotations

from random import Random

from scrypath.config import Config
from scrypath.errors import StackError
from scrypath.local.catalogue import Country
from scrypath.local.rehearsal import ground
from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.meilisearch import tasks
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.sync.verbs import sync_records
from scrypath.wording import counted

DOCUMENTS = 12


def happen(config: Config, random: Random, documents: int | None) -> Incident:
    """Import coordinates as they are written in half of Europe, and sync the rows by the kit's own verb."""
    from sqlalchemy.sql import column

    country = registry.find(Country)
    ids = ground.draw(
        IndexRef.live(country, config), documents or DOCUMENTS, random, column("_geo").is_not(None)
    )
    poison = random.choice(ids)
    ground.change(
        config,
        "UPDATE countries SET population = population + population / 50 + 1 WHERE code = ANY(:ids) RETURNING code",
        {"ids": ids},
    )
    ground.change(config, _DECIMAL_COMMAS, {"code": poison})
    with rows.records(IndexRef.live(country, config), ids) as records:
        written = sync_records(country, records, mode="manual", config=config)
    ended = [tasks.wait(config, int(work_id.partition(":")[2])) for work_id in written.work_ids]
    failed = [task for task in ended if task.status == "failed"]
    if not failed:
        raise StackError(
            f"The server accepted a country at {_DECIMAL_COMMAS!r}.",
            hint="It does not check coordinates: use Meilisearch 1.26 or later.",
        )
    return Incident(
        IncidentName.FAILED_VALIDATION,
        f"An import refreshed {counted(len(ids), 'country', 'countries')} and wrote the place of {poison} "
        "with decimal commas; all of them were synced in one batch.",
        country.name,
        country.index_name(config),
        ground.texts(ids),
        tuple(f"meili:{task.uid}" for task in failed),
        tuple(
            f"Meilisearch refused the batch with {task.error_code}: {task.error_message}" for task in failed
        ),
    )


_DECIMAL_COMMAS = (
    "UPDATE countries SET _geo = jsonb_build_object("
    "'lat', replace(_geo->>'lat', '.', ','), 'lng', replace(_geo->>'lng', '.', ',')) "
    "WHERE code = :code RETURNING code"
)
