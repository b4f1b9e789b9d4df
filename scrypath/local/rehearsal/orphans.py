"""``orphans``: rows were deleted by SQL, and their documents stayed."""

from __future__ import annotations

from random import Random

from scrypath.config import Config
from scrypath.local.catalogue import City
from scrypath.local.rehearsal import ground
from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.wording import counted

DOCUMENTS = 12


def happen(config: Config, random: Random, documents: int | None) -> Incident:
    """Delete rows without writing to the index."""
    city = registry.find(City)
    ids = ground.draw(IndexRef.live(city, config), documents or DOCUMENTS, random)
    gone = ground.change(config, "DELETE FROM cities WHERE id = ANY(:ids) RETURNING id", {"ids": ids})
    left = ground.indexed(IndexRef.live(city, config), gone)
    return Incident(
        IncidentName.ORPHANS,
        f"A clean-up deleted {counted(len(gone), 'city', 'cities')} by SQL, without the application.",
        city.name,
        city.index_name(config),
        ground.texts(gone),
        (),
        (f"The index still finds {len(left)} of {counted(len(gone), 'deleted city', 'deleted cities')}.",),
    )
