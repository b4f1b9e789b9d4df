"""``rehearse``: one command, one incident."""

from __future__ import annotations

from random import Random
from types import ModuleType

from scrypath.config import Config, check_option
from scrypath.errors import StackError
from scrypath.local.rehearsal import failed_validation, ground, orphans, queue_outage, stale_documents
from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.local.stack import Stack, current, up

SEED = 20
_DRIFT: dict[IncidentName, ModuleType] = {
    IncidentName.FAILED_VALIDATION: failed_validation,
    IncidentName.STALE_DOCUMENTS: stale_documents,
    IncidentName.ORPHANS: orphans,
}


def rehearse(
    name: str,
    *,
    stack: Stack | None = None,
    config: Config | None = None,
    documents: int | None = None,
    seed: int = SEED,
) -> Incident:
    """Cause an incident in the catalogue, and return what it left.

    The catalogue is loaded and indexed first where that has not been done. The same seed over the same rows
    touches the same documents.

    Parameters
    ----------
    name
        ``failed-validation``, ``queue-outage``, ``stale-documents`` or ``orphans``.
    stack
        Where it happens; default: the stack of the configured home, which is started when it is not up.
    config
        What to work with instead of the stack's own configuration.
    documents
        How many rows it touches; default: a few dozen, which is written in the incident's module.
    seed
        Chooses the rows.

    Raises
    ------
    InvalidOptions
        For an incident that does not exist, or more documents than there are rows.
    StackError
        For ``queue-outage`` on a server that the stack did not start.
    """
    which: IncidentName = check_option("incident", name, IncidentName)
    place = stack or current(config.home if config is not None else None)
    if place is None and config is None:
        place = up()
    chosen = config if config is not None or place is None else place.config()
    assert chosen is not None
    random = Random(seed)  # noqa: S311 - it chooses rows, it keeps no secret
    ground.prepare(chosen)
    if which is IncidentName.QUEUE_OUTAGE:
        if place is None:
            raise StackError(
                "queue-outage stops the server of a local stack, and none is up.",
                hint="Start it with: scrypath local up",
            )
        return queue_outage.happen(chosen, random, documents, place)
    incident: Incident = _DRIFT[which].happen(chosen, random, documents)
    return incident
