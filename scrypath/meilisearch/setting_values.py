"""When two values of a setting mean the same, what the defaults are, and what a change costs."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

PASS = "one pass over every document"  # noqa: S105 - a price, not a password
REINDEX = "every document is indexed again"

COSTS: Mapping[str, str] = MappingProxyType(
    {
        "displayedAttributes": PASS,
        "searchableAttributes": REINDEX,
        "filterableAttributes": PASS,
        "sortableAttributes": PASS,
        "foreignKeys": REINDEX,
        "rankingRules": PASS,
        "stopWords": REINDEX,
        "nonSeparatorTokens": REINDEX,
        "separatorTokens": REINDEX,
        "dictionary": REINDEX,
        "synonyms": PASS,
        "distinctAttribute": PASS,
        "proximityPrecision": REINDEX,
        "typoTolerance": PASS,
        "faceting": PASS,
        "pagination": PASS,
        "embedders": REINDEX,
        "searchCutoffMs": PASS,
        "localizedAttributes": REINDEX,
        "facetSearch": PASS,
        "prefixSearch": REINDEX,
        "chat": PASS,
    }
)

RANKING_RULES = ("words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness")
RANKING_RULES_BEFORE_1_50 = ("words", "typo", "proximity", "attribute", "sort", "exactness")

DEFAULTS: Mapping[str, Any] = MappingProxyType(
    {
        "displayedAttributes": ["*"],
        "searchableAttributes": ["*"],
        "filterableAttributes": [],
        "sortableAttributes": [],
        "foreignKeys": [],
        "rankingRules": list(RANKING_RULES),
        "stopWords": [],
        "nonSeparatorTokens": [],
        "separatorTokens": [],
        "dictionary": [],
        "synonyms": {},
        "distinctAttribute": None,
        "proximityPrecision": "byWord",
        "typoTolerance": {
            "enabled": True,
            "minWordSizeForTypos": {"oneTypo": 5, "twoTypos": 9},
            "disableOnWords": [],
            "disableOnAttributes": [],
            "disableOnNumbers": False,
        },
        "faceting": {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}},
        "pagination": {"maxTotalHits": 1_000},
        "embedders": {},
        "searchCutoffMs": None,
        "localizedAttributes": None,
        "facetSearch": True,
        "prefixSearch": "indexingTime",
        "chat": None,
    }
)

_SETS = frozenset(
    {
        "displayedAttributes",
        "sortableAttributes",
        "stopWords",
        "nonSeparatorTokens",
        "separatorTokens",
        "dictionary",
    }
)
_MERGED = frozenset(
    {"typoTolerance", "faceting", "pagination", "embedders", "chat"}
)  # a PATCH leaves the rest
_NAME_FEATURES = (True, True, True)  # what a plain name allows: facet search, equality, comparison


def same(key: str, declared: Any, actual: Any) -> bool:
    """Whether an index's value is what was declared; nested keys that were not declared do not count.

    Examples
    --------
    >>> same("sortableAttributes", ["b", "a", "a"], ["a", "b"])
    True
    >>> same("searchableAttributes", ["b", "a"], ["a", "b"])  # here the order ranks
    False
    >>> same("pagination", None, {"maxTotalHits": 1000.0})
    True
    """
    if key == "rankingRules" and declared is None:
        # Which list is the default depends on the server's version: either is one.
        return actual is None or tuple(actual) in {RANKING_RULES, RANKING_RULES_BEFORE_1_50}
    default = DEFAULTS[key]
    wanted = _canonical(key, default if declared is None else declared, default)
    return _covers(wanted, _canonical(key, default if actual is None else actual, default))


def restrict(key: str, actual: Any, declared: Any) -> Any:
    """An index's value cut down to the nested keys that were declared, for showing side by side.

    Examples
    --------
    >>> restrict("faceting", {"maxValuesPerFacet": 100, "sortFacetValuesBy": {}}, {"maxValuesPerFacet": 7})
    {'maxValuesPerFacet': 100}
    """
    if key in _MERGED and isinstance(declared, Mapping) and isinstance(actual, Mapping):
        return {name: actual.get(name) for name in declared}
    return actual


def camel_case(value: Any) -> Any:
    """Keys of nested mappings as the wire writes them.

    Examples
    --------
    >>> camel_case({"min_word_size_for_typos": {"one_typo": 4}, "disableOnWords": ["a_b"]})
    {'minWordSizeForTypos': {'oneTypo': 4}, 'disableOnWords': ['a_b']}
    """
    if not isinstance(value, Mapping):
        return value
    return {_camel(key): camel_case(nested) for key, nested in value.items()}


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part[:1].upper() + part[1:] for part in rest)


def _canonical(key: str, value: Any, default: Any) -> Any:
    if key in _SETS and isinstance(value, list | tuple | set | frozenset):
        return frozenset(value)
    if key == "filterableAttributes" and isinstance(value, list | tuple | set | frozenset):
        return frozenset(_filterable(item) for item in value)
    if key == "synonyms" and isinstance(value, Mapping):
        # Replaced completely by a PATCH, so that a word which only the index has is a difference as well.
        return frozenset((word, frozenset(others)) for word, others in value.items())
    if key == "localizedAttributes" and isinstance(value, list | tuple):
        return [
            {name: frozenset(words) for name, words in rule.items()} if isinstance(rule, Mapping) else rule
            for rule in value
        ]
    if key == "typoTolerance" and isinstance(value, Mapping):
        return _typo_tolerance(_filled(value, default))
    if isinstance(value, Mapping):
        return _filled(value, default if isinstance(default, Mapping) else {})
    return list(value) if isinstance(value, tuple) else value


def _filled(value: Mapping[str, Any], default: Mapping[str, Any]) -> dict[str, Any]:
    # A declared None means the default, on every level; an api key is masked by the server and cannot be compared.
    filled: dict[str, Any] = {}
    for key, nested in value.items():
        if key == "apiKey":
            continue
        nested_default = default.get(key) if isinstance(default, Mapping) else None
        known = nested_default if nested is None else nested
        if isinstance(known, Mapping):
            filled[key] = _filled(known, nested_default if isinstance(nested_default, Mapping) else {})
        else:
            filled[key] = known
    return filled


def _typo_tolerance(value: dict[str, Any]) -> dict[str, Any]:
    if isinstance(words := value.get("disableOnWords"), list | tuple | set | frozenset):
        value["disableOnWords"] = frozenset(_plain(word) for word in words)
    if isinstance(names := value.get("disableOnAttributes"), list | tuple | set | frozenset):
        value["disableOnAttributes"] = frozenset(names)
    return value


def _plain(word: Any) -> str:
    # The server stores such words in lower case and without accents.
    decomposed = unicodedata.normalize("NFKD", str(word).lower())
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))


def _filterable(item: Any) -> Any:
    if not isinstance(item, Mapping):
        return (frozenset({item}), *_NAME_FEATURES)
    features = item.get("features") or {}
    filters = features.get("filter") or {}
    return (
        frozenset(item.get("attributePatterns") or ()),
        bool(features.get("facetSearch", False)),
        bool(filters.get("equality", True)),
        bool(filters.get("comparison", False)),
    )


def _covers(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(_covers(value, found.get(key)) for key, value in wanted.items())
    # True equals 1 in Python, but not in JSON.
    return isinstance(wanted, bool) == isinstance(found, bool) and bool(wanted == found)
