"""Fields of documents: flattened names, attribute patterns, and what settings allow of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

WILDCARD: Final = "*"
FLAT: Final = frozenset({str, int, float, bool})

type Settings = Mapping[str, Any]


def covers(name: str, field: str) -> bool:
    """Tell whether a plain name stands for a field: itself or what is inside it.

    Examples
    --------
    >>> covers("maker", "maker.country"), covers("maker", "makers")
    (True, False)
    """
    return field == name or field.startswith(name + ".")


def matches(pattern: str, field: str) -> bool:
    """Tell whether a pattern, perhaps with a ``*`` at an end, stands for exactly this field.

    Examples
    --------
    >>> matches("ma*", "maker"), matches("*er", "maker"), matches("maker", "maker.country")
    (True, True, False)
    """
    if pattern in {WILDCARD, field}:
        return True
    if len(pattern) > 1 and pattern[0] == pattern[-1] == WILDCARD:
        return pattern[1:-1] in field
    if pattern.startswith(WILDCARD):
        return field.endswith(pattern[1:])
    return pattern.endswith(WILDCARD) and field.startswith(pattern[:-1])


def leaves(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """Yield ``(dotted name, value)`` of every field, objects included, lists not taken apart.

    Examples
    --------
    >>> list(leaves({"a": {"b": 1}, "c": [{"d": 2}, 3]}))
    [('a', {'b': 1}), ('a.b', 1), ('c', [{'d': 2}, 3]), ('c.d', 2)]
    """
    for name, value in document.items():
        yield name, value
        if isinstance(value, dict):
            for inner, found in leaves(value):
                yield f"{name}.{inner}", found
        elif isinstance(value, list) and not FLAT.issuperset(map(type, value)):
            yield from _inside(name, value)


def _inside(name: str, values: list[Any]) -> Iterator[tuple[str, Any]]:
    for value in values:
        if isinstance(value, dict):
            for inner, found in leaves(value):
                yield f"{name}.{inner}", found
        elif isinstance(value, list):
            yield from _inside(name, value)


def scalars(value: Any) -> Iterator[Any]:
    """Yield the strings, numbers and booleans of a value, lists taken apart."""
    if isinstance(value, list):
        if FLAT.issuperset(map(type, value)):
            yield from value
            return
        for element in value:
            yield from scalars(element)
    elif value is not None and not isinstance(value, dict):
        yield value


def searchable_weight(settings: Settings, field: str) -> int | None:
    """Return the rank of a searchable field (0 is the best), None when it is not searchable."""
    if covers("_vectors", field):
        return None
    for rank, name in enumerate(settings["searchableAttributes"]):
        if name == WILDCARD:
            return 0
        if covers(name, field):
            return rank
    return None


def displayed(settings: Settings, field: str) -> bool:
    """Tell whether searchers may see a field."""
    names = settings["displayedAttributes"]
    return WILDCARD in names or covered(names, field)


HIDDEN: Final = "<..hidden-attributes>"


def listed(names: Iterable[str], settings: Settings) -> str:
    """Return names as messages list them; those that searchers may not see are only hinted at."""
    known = set(names)
    shown = set(settings["displayedAttributes"])
    visible = known if WILDCARD in shown else known & shown
    return ", ".join([*sorted(visible), *([HIDDEN] if len(visible) < len(known) else [])])


@dataclass(frozen=True, slots=True)
class Rule:
    """What one entry of ``filterableAttributes`` allows.

    Parameters
    ----------
    number
        Its place in the settings.
    patterns
        The fields it is about.
    plain
        Whether it is a plain name, which covers what is inside the field too.
    facet_search, equality, comparison
        What it allows.
    """

    number: int
    patterns: tuple[str, ...]
    plain: bool
    facet_search: bool = True
    equality: bool = True
    comparison: bool = True

    @property
    def filters(self) -> bool:
        """Whether one may filter in any way."""
        return self.equality or self.comparison

    def about(self, field: str) -> bool:
        """Tell whether the rule is about a field."""
        return any((covers if self.plain else matches)(pattern, field) for pattern in self.patterns)

    def touches(self, pattern: str) -> bool:
        """Tell whether the rule and a pattern of fields have fields in common."""
        if self.plain:
            name = self.patterns[0]
            return covers(pattern, name) or covers(name, pattern) or matches(pattern, name)
        return any(
            matches(pattern, own) or matches(own, pattern) or covers(own, pattern) or covers(pattern, own)
            for own in self.patterns
        )


class Filterable:
    """What the ``filterableAttributes`` of an index allow.

    Parameters
    ----------
    settings
        Settings of the index, in the shape of the wire.
    """

    def __init__(self, settings: Settings) -> None:
        self.rules = [_rule(number, entry) for number, entry in enumerate(settings["filterableAttributes"])]

    def rule(self, field: str) -> Rule | None:
        """Return the first rule about a field, None without one."""
        return next((rule for rule in self.rules if rule.about(field)), None)

    def allows(self, field: str) -> bool:
        """Tell whether a field may be filtered on in any way."""
        rule = self.rule(field)
        return rule is not None and rule.filters

    def patterns(self) -> list[str]:
        """Return the patterns one may filter on, sorted."""
        return sorted({pattern for rule in self.rules if rule.filters for pattern in rule.patterns})

    def facet_patterns(self) -> list[str]:
        """Return the patterns whose values one may search, sorted."""
        return sorted({pattern for rule in self.rules if rule.facet_search for pattern in rule.patterns})


def _rule(number: int, entry: str | Mapping[str, Any]) -> Rule:
    if isinstance(entry, str):
        return Rule(number, (entry,), plain=True)
    features = entry.get("features") or {}
    chosen = features.get("filter") or {}
    return Rule(
        number,
        tuple(entry["attributePatterns"]),
        plain=False,
        facet_search=bool(features.get("facetSearch", False)),
        equality=bool(chosen.get("equality", True)),
        comparison=bool(chosen.get("comparison", False)),
    )


@dataclass(frozen=True, slots=True)
class Faceted:
    """The fields whose values are kept for filters, facets, sorting and distinct.

    Parameters
    ----------
    names
        Plain names, which cover what is inside a field too.
    patterns
        Patterns with ``*``.
    """

    names: frozenset[str]
    patterns: frozenset[str]

    @staticmethod
    def of(settings: Settings) -> Faceted:
        """Return the faceted fields of an index."""
        names = {*settings["sortableAttributes"]}
        patterns: set[str] = set()
        for entry in settings["filterableAttributes"]:
            if isinstance(entry, str):
                names.add(entry)
            else:
                patterns.update(entry["attributePatterns"])
        if settings["distinctAttribute"]:
            names.add(settings["distinctAttribute"])
        names.update(
            rule.rpartition(":")[0] for rule in settings["rankingRules"] if rule.endswith((":asc", ":desc"))
        )
        return Faceted(frozenset(names), frozenset(patterns))

    def __bool__(self) -> bool:
        return bool(self.names or self.patterns)

    def has(self, field: str) -> bool:
        """Tell whether the values of a field are kept."""
        return covered(self.names, field) or any(matches(pattern, field) for pattern in self.patterns)


def covered(names: Iterable[str], field: str) -> bool:
    """Tell whether one of the plain names stands for a field."""
    return any(covers(name, field) for name in names)
