"""Real incidents of the catalogue, caused through public means only, each with its runbook."""

from scrypath.local.rehearsal.incident import Incident, IncidentName
from scrypath.local.rehearsal.rehearse import SEED, rehearse

__all__ = ["SEED", "Incident", "IncidentName", "rehearse"]
