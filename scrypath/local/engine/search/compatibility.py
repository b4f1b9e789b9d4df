"""Whether the hits of two searches can be merged: their ranking rules must say the same things in turn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import sorting
from scrypath.local.engine.search.request import Search
from scrypath.local.engine.search.sorting import Criterion


@dataclass(frozen=True, slots=True)
class Step:
    """One thing hits are ordered by.

    Parameters
    ----------
    kind
        ``"relevancy"``, ``"sort"`` or ``"geosort"``.
    ascending
        Direction of a sort.
    text
        How messages describe it.
    """

    kind: str
    ascending: bool
    text: str


@dataclass(frozen=True, slots=True)
class Order:
    """How the hits of one search are ordered, and what of its rules had no part in it.

    Parameters
    ----------
    position
        Number of the search in the request.
    steps
        What hits are ordered by, in turn.
    notes
        Why rules were left out.
    """

    position: int
    steps: list[Step]
    notes: list[str]


def order_of(search: Search, settings: Mapping[str, Any], uid: str, position: int) -> Order:
    """Return how the hits of a search are ordered."""
    reader = _Reader(uid, position)
    words = bool((search.q or "").strip())
    criteria = sorting.read(search.sort or [])
    for number, rule in enumerate(settings["rankingRules"]):
        if rule == "sort":
            reader.sort(number, criteria, given=search.sort is not None)
        elif ":" in rule:
            field, _, direction = rule.rpartition(":")
            reader.field(number, Criterion(field, direction == "asc"))
        elif not words:
            reader.note(
                f"Removed relevancy rule `{rule}` at position #{number} in ranking rules"
                f' because the query is a placeholder search (`q`: "{search.q or ""}")'
            )
        elif rule == "words" and search.matching_strategy == "all":
            reader.note(
                f"Removed rule `words` at position #{number} in ranking rules"
                " because `query.matchingWords` is set to `all`"
            )
        else:
            reader.relevancy(rule)
    reader.close()
    return Order(position, reader.steps, reader.notes)


class _Reader:
    def __init__(self, uid: str, position: int) -> None:
        self.uid, self.position = uid, position
        self.steps: list[Step] = []
        self.notes: list[str] = []
        self.rules: list[str] = []
        self.kept = 0
        self.seen: dict[str, str] = {}

    def note(self, text: str, indent: str = "    ") -> None:
        self.notes.append(f"{indent}{len(self.notes) + 1}. {text}")

    def relevancy(self, rule: str) -> None:
        self.rules.append(rule)
        self.kept += 1

    def close(self) -> None:
        if self.rules:
            place = f"`{self.uid}.rankingRules[{self.kept - len(self.rules)}..={self.kept - 1}]`"
            listed = ", ".join(self.rules)
            text = f"`queries[{self.position}]`, {place}: relevancy rule(s) {listed}"
            self.steps.append(Step("relevancy", False, text))
            self.rules = []

    def sort(self, number: int, criteria: list[Criterion], *, given: bool) -> None:
        if not given:
            self.note(
                f"Removed rule `sort` at position #{number} in ranking rules because `query.sort` is empty",
                "   ",
            )
            return
        self.close()
        place = f"`{self.uid}.rankingRules[{self.kept}]`"
        for index, criterion in enumerate(criteria):
            where = f"at position #{index} in `query.sort` (as `sort` is #{number} in ranking rules)"
            if self._known(criterion, where):
                continue
            self._step(criterion, f"`queries[{self.position}].sort[{index}]`, {place}")
        self.kept += 1

    def field(self, number: int, criterion: Criterion) -> None:
        if self._known(criterion, f"at position #{number} in ranking rules"):
            return
        self.close()
        self._step(criterion, f"`queries[{self.position}]`, `{self.uid}.rankingRules[{self.kept}]`")
        self.kept += 1

    def _known(self, criterion: Criterion, where: str) -> bool:
        earlier = self.seen.setdefault(criterion.field or "_geo", where)
        if earlier is not where:
            self.note(f"Removed duplicate rule `{criterion.name}` {where} as it already appears {earlier}")
        return earlier is not where

    def _step(self, criterion: Criterion, place: str) -> None:
        direction = "ascending" if criterion.ascending else "descending"
        kind = "sort" if criterion.place is None else "geosort"
        what = f"sort rule(s) on field `{criterion.field}`" if criterion.place is None else "geo sort rule(s)"
        self.steps.append(Step(kind, criterion.ascending, f"{place}: {direction} {what}"))


def check(previous: Order, current: Order) -> None:
    """Refuse to merge hits that are ordered by things that cannot be compared."""
    for left, right in zip(previous.steps, current.steps, strict=False):
        reason = _clash(left, right)
        if reason is None:
            continue
        lines = [
            f"The results of queries #{previous.position} and #{current.position} are incompatible: ",
            f"  1. {left.text}",
            f"  2. {right.text}",
            f"  - {reason}",
        ]
        for order in (previous, current):
            if order.notes:
                number = order.position
                lines.append(
                    f"  - note: The ranking rules of query #{number} were modified during canonicalization:"
                )
                lines += order.notes
        raise ApiError("invalid_multi_search_query_ranking_rules", "\n".join([*lines, ""]))


def _clash(left: Step, right: Step) -> str | None:
    kinds = {left.kind, right.kind}
    if len(kinds) == 2:
        first, second = sorted(kinds, key=["relevancy", "sort", "geosort"].index)
        return f"cannot compare a {first} rule with a {second} rule"
    if left.kind == "relevancy" or left.ascending == right.ascending:
        return None
    return f"cannot compare two {left.kind} rules in opposite directions"
