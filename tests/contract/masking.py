"""What two honest servers may answer differently, taken out of their answers."""

from __future__ import annotations

import re
from typing import Any

DATES = frozenset({"enqueuedAt", "startedAt", "finishedAt", "createdAt", "updatedAt", "lastUpdate"})
VOLATILE = frozenset(
    {
        "processingTimeMs",
        "requestUid",
        "commitSha",
        "commitDate",
        "databaseSize",
        "usedDatabaseSize",
        "rawDocumentDbSize",
        "avgDocumentSize",
        "progress",
        "dumpUid",
        "_rankingScore",
        "_rankingScoreDetails",
    }
)
# How the work went inside the server; even its presence depends on pages of a database of another kind.
INSIDE = frozenset({"progressTrace", "writeChannelCongestion", "internalDatabaseSizes"})
TIMED = frozenset({"batchUid", "batchStrategy"})

DATE = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,9})?Z")
DURATION = re.compile(r"P(\d+D)?(T\d+(\.\d{3}|\.\d{6}|\.\d{9})?S)?")
NUMBERS_OF_TIME = re.compile(r"\b\d{10}\b")


def _masked(key: str, value: Any, timed: bool) -> Any:
    if value is None:
        return None
    if key in DATES:
        return "date" if isinstance(value, str) and DATE.fullmatch(value) else f"not a date: {value}"
    if key == "duration":
        return (
            "duration" if isinstance(value, str) and DURATION.fullmatch(value) else f"not a duration: {value}"
        )
    if key in VOLATILE or (timed and key in TIMED):
        return "volatile"
    return mask(value, timed=timed)


def mask(value: Any, *, timed: bool = False) -> Any:
    """Return a body without what differs between two runs of one server.

    Parameters
    ----------
    value
        Decoded JSON.
    timed
        Whether tasks were left to wait together, so that batches depend on the machine.
    """
    if isinstance(value, dict):
        if str(value.get("name", "")).startswith("Default ") and "key" in value:
            value = {**value, "key": "random", "uid": "random"}
        return {key: _masked(key, inner, timed) for key, inner in value.items() if key not in INSIDE}
    if isinstance(value, list):
        return [mask(inner, timed=timed) for inner in value]
    if isinstance(value, str):
        return NUMBERS_OF_TIME.sub("time", DATE.sub("date", value))
    return value


def hits(body: Any) -> list[frozenset[str]] | None:
    """Return the sets of hits of a search answer, None when it is none."""
    if not isinstance(body, dict):
        return None
    if isinstance(body.get("hits"), list):
        return [frozenset(map(_identity, body["hits"]))]
    results = body.get("results")
    if (
        isinstance(results, list)
        and results
        and all(isinstance(one, dict) and "hits" in one for one in results)
    ):
        return [frozenset(map(_identity, one["hits"])) for one in results]
    return None


def _identity(hit: dict[str, Any]) -> str:
    return str(hit.get("id", sorted(hit.items(), key=str)))
