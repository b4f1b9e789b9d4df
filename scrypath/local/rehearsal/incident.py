"""What a rehearsal leaves behind: what was done, what can be seen, where to go."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class IncidentName(StrEnum):
    """The incidents that can be rehearsed."""

    FAILED_VALIDATION = "failed-validation"  # the server refuses a document, and its batch with it
    QUEUE_OUTAGE = "queue-outage"  # the server is down until jobs are discarded
    STALE_DOCUMENTS = "stale-documents"  # rows changed without the application
    ORPHANS = "orphans"  # rows deleted without the application


@dataclass(frozen=True, slots=True)
class Incident:
    """One incident that has happened.

    Parameters
    ----------
    name
        Which one.
    story
        What was done, in one or two sentences.
    schema, index
        Whose documents it is about.
    document_ids
        The documents it touches, sorted.
    work_ids
        The failed work it left, empty where it left none.
    evidence
        What was seen afterwards, one sentence each.
    runbook
        The notebook that answers it.
    """

    name: IncidentName
    story: str
    schema: str
    index: str
    document_ids: tuple[str, ...] = field(repr=False)
    work_ids: tuple[str, ...]
    evidence: tuple[str, ...]
    runbook: str = "runbooks/00_first_response.ipynb"

    def __str__(self) -> str:
        return "\n".join((self.story, *(f"  · {line}" for line in self.evidence), f"Runbook: {self.runbook}"))

    def as_dict(self) -> dict[str, Any]:
        """The incident as the command line's ``--json`` prints it."""
        return {
            "incident": str(self.name),
            "story": self.story,
            "schema": self.schema,
            "index": self.index,
            "document_ids": list(self.document_ids),
            "work_ids": list(self.work_ids),
            "evidence": list(self.evidence),
            "runbook": self.runbook,
        }
