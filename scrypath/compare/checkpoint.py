"""What a later comparison needs to know of an earlier one, to read only what may have changed since."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from scrypath.compare.definition import definition
from scrypath.meilisearch.indexes import IndexInfo
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows


@dataclass(frozen=True, slots=True)
class Baseline:
    """Both sides as they stood just before a comparison began to read.

    Parameters
    ----------
    definition
        A hash of what a row is and of its fingerprint: another one means that every document may differ.
    index_created_at
        Which index it was; a swap or a new index of the same name has another one.
    task
        Greatest uid of which, and of all before it, the tasks had ended; -1 when there was none.
    stable_until
        Up to when the database's rows could no longer change unseen, UTC.
    """

    definition: str
    index_created_at: datetime
    task: int
    stable_until: datetime

    def as_dict(self) -> dict[str, Any]:
        """As JSON can say it."""
        return {
            "definition": self.definition,
            "index_created_at": self.index_created_at.isoformat(),
            "task": self.task,
            "stable_until": self.stable_until.isoformat(),
        }


def parse(found: Mapping[str, Any] | None) -> Baseline | None:
    """A baseline as a snapshot keeps it; None where it keeps none that can be read.

    Examples
    --------
    >>> parse({"task": 7}) is None
    True
    """
    try:
        return Baseline(
            str((found or {})["definition"]),
            datetime.fromisoformat((found or {})["index_created_at"]),
            int((found or {})["task"]),
            datetime.fromisoformat((found or {})["stable_until"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def observe(ref: IndexRef, index: IndexInfo | None, *, ended: int) -> Baseline | None:
    """What stands before a comparison reads; None when nothing later can start from it.

    Parameters
    ----------
    ref
        What will be compared.
    index
        As the server lists it, None when there is none.
    ended
        As :func:`scrypath.compare.in_flight.ended_up_to` says.
    """
    if index is None or index.created_at is None or ref.schema.updated_at is None:
        return None
    if not rows.in_columns(ref):
        return None  # a value may change without its row
    return Baseline(
        definition(ref.schema, moments=True), index.created_at, ended, rows.stable_until(ref.config)
    )
