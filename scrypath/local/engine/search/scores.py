"""Ranking scores: how well a document did in every ranking rule."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scrypath.local.engine.search.fields import displayed
from scrypath.local.engine.search.sorting import Criterion

MATCH_TYPES: Final = {3: "exactMatch", 2: "matchesStart", 1: "noExactMatch"}


@dataclass(frozen=True, slots=True)
class Detail:
    """The rank of a document in one rule: `best` is the first, 1 the last.

    Parameters
    ----------
    rule
        Name of the rule; for a sort, the criterion as written.
    rank, best
        Rank of the document and the highest one; both 0 for a sort.
    value
        What was sorted by.
    hidden
        Whether searchers may not see that.
    """

    rule: str
    rank: int = 0
    best: int = 0
    value: Any = None
    hidden: bool = False

    @property
    def score(self) -> float:
        """The rank between 0 and 1."""
        return self.rank / self.best


def sorted_by(criterion: Criterion, value: Any, settings: Mapping[str, Any]) -> Detail:
    """Return what a document was sorted by; the value is left out if searchers may not see the field."""
    if criterion.place is None and not displayed(settings, criterion.field):
        return Detail(criterion.name, value=value, hidden=True)
    return Detail(criterion.name, value=value)


def total(details: Iterable[Detail]) -> float:
    """Return the score of a document between 0 and 1; sorts do not count.

    Examples
    --------
    >>> total([Detail("typo", 2, 2), Detail("exactness", 2, 3)])
    0.8333333333333334
    """
    rank = best = 1
    for detail in details:
        if detail.best:
            rank = max(0, rank - 1) * detail.best + detail.rank
            best *= detail.best
    return rank / best


def described(details: Iterable[Detail]) -> dict[str, Any]:
    """Return the details as they are shown to a searcher."""
    shown: dict[str, Any] = {}
    order = 0
    exactness: Detail | None = None
    field_rank: Detail | None = None
    for detail in details:
        match detail.rule:
            case "words":
                shown["words"] = {
                    "order": order,
                    "matchingWords": detail.rank,
                    "maxMatchingWords": detail.best,
                    "score": detail.score,
                }
            case "typo":
                shown["typo"] = {
                    "order": order,
                    "typoCount": detail.best - detail.rank,
                    "maxTypoCount": detail.best - 1,
                    "score": detail.score,
                }
            case "exactAttribute":
                exactness = detail
                shown["exactness"] = {
                    "order": order,
                    "matchType": MATCH_TYPES[detail.rank],
                    "score": detail.score,
                }
            case "exactWords":
                if exactness is not None and exactness.rank == 1:
                    entry = shown["exactness"]
                    del entry["score"]
                    entry["matchingWords"] = detail.rank - 1
                    entry["maxMatchingWords"] = detail.best - 1
                    entry["score"] = total([exactness, detail])
                continue
            case "attribute":
                field_rank = detail
                shown["attribute"] = {"order": order, "attributeRankingOrderScore": detail.score}
            case "position" if field_rank is not None:
                shown["attribute"]["queryWordDistanceScore"] = detail.score
                shown["attribute"]["score"] = total([field_rank, detail])
                continue
            case _ if detail.hidden:
                shown[f"<hidden-rule-{order}>"] = {"order": order, "value": "<hidden>"}
            case _ if detail.best == 0:
                shown[detail.rule] = {"order": order, "value": detail.value}
            case _:
                shown[detail.rule] = {"order": order, "score": detail.score}
        order += 1
    return shown
