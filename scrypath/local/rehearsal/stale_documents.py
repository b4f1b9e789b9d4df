"""``stale-documents``: a correction of the census came in by SQL, without the application."""

from __future__ import annotations

from random import Random

from scrypath.config import Config
from scrypath.local.catalogue import City
from scrypath.local.rehearsal import ground
from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.wording import counted

DOCUMENTS = 25


def happen(config: Config, random: Random, documents: int | None) -> Incident:
    """Change rows without writing to the index."""
    city = registry.find(City)
    ids = ground.draw(IndexRef.live(city, config), documents or DOCUMENTS, random)
    before = ground.indexed(IndexRef.live(city, config), ids, "population")
    ground.change(
        config,
        "UPDATE cities SET population = population + population / 20 + 1 WHERE id = ANY(:ids) RETURNING id",
        {"ids": ids},
    )
    after = ground.indexed(IndexRef.live(city, config), ids, "population")
    same = sum(1 for name in after if after[name] == before.get(name))
    return Incident(
        IncidentName.STALE_DOCUMENTS,
        f"A correction of the census changed the population of {counted(len(ids), 'city', 'cities')} by SQL, "
        "without the application.",
        city.name,
        city.index_name(config),
        ground.texts(ids),
        (),
        (f"The index still shows the former population of {same} of {counted(len(ids), 'city', 'cities')}.",),
    )
