"""The settings of an index: defaults, what may be set, and how a change is merged."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from scrypath.local.engine import checks, deserr, experimental
from scrypath.local.engine.checks import Check
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search.locales import LOCALES

WILDCARD: Final = ["*"]

DEFAULTS: Final[dict[str, Any]] = {
    "displayedAttributes": ["*"],
    "searchableAttributes": ["*"],
    "filterableAttributes": [],
    "sortableAttributes": [],
    "rankingRules": ["words", "typo", "proximity", "attributeRank", "sort", "wordPosition", "exactness"],
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
    "pagination": {"maxTotalHits": 1000},
    "embedders": {},
    "searchCutoffMs": None,
    "localizedAttributes": None,
    "facetSearch": True,
    "prefixSearch": "indexingTime",
}

_RULES: Final = (
    "words",
    "typo",
    "sort",
    "proximity",
    "attribute",
    "attributeRank",
    "wordPosition",
    "exactness",
)
_CUSTOM_RULE: Final = re.compile(r"(.*):(asc|desc)", re.DOTALL)
_RESERVED: Final = {
    "_geo": "",
    "_geoDistance": "",
    "_geoPoint": ". `_geoPoint` can only be used for sorting at search time",
    "_geoRadius": ". `_geoRadius` can only be used for filtering at search time",
    "_geoBoundingBox": ". `_geoBoundingBox` can only be used for filtering at search time",
}
_SOURCES: Final = ("openAi", "huggingFace", "ollama", "userProvided", "rest", "composite")


def _rule(value: Any, code: str, where: str) -> str:
    rule = deserr.string(value, code, where)
    custom = _CUSTOM_RULE.fullmatch(rule)
    reserved = custom[1].partition("(")[0] if custom else ""
    if reserved in _RESERVED:
        message = f"`{reserved}` is a reserved keyword and thus can't be used as a ranking rule{_RESERVED[reserved]}"
        raise deserr.value_error(code, where, message)
    if rule not in _RULES and custom is None:
        valid = "words, typo, sort, proximity, attribute, exactness and custom ranking rules"
        message = f"`{rule}` ranking rule is invalid. Valid ranking rules are {valid}."
        raise deserr.value_error(code, where, message)
    return rule


_FILTER: Final = checks.object_of({"equality": deserr.boolean, "comparison": deserr.boolean}, nullable=False)
_FEATURES: Final = checks.object_of({"facetSearch": deserr.boolean, "filter": _FILTER}, nullable=False)
_PATTERNS: Final = checks.object_of(
    {"attributePatterns": deserr.strings, "features": _FEATURES},
    required=("attributePatterns",),
    nullable=False,
)


def _filterable(value: Any, code: str, where: str) -> Any:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict):
        raise deserr.type_error(code, where, deserr.STRING, value)
    rule = _PATTERNS(value, code, where)
    features = rule.get("features") or {}
    chosen = features.get("filter") or {}
    return {
        "attributePatterns": rule["attributePatterns"],
        "features": {
            "facetSearch": features.get("facetSearch", False),
            "filter": {
                "equality": chosen.get("equality", True),
                "comparison": chosen.get("comparison", False),
            },
        },
    }


def _min_word_size(value: Any, code: str, where: str) -> dict[str, Any]:
    sizes: dict[str, Any] = checks.object_of({"oneTypo": checks.byte, "twoTypos": checks.byte})(
        value, code, where
    )
    one, two = sizes.get("oneTypo"), sizes.get("twoTypos")
    if one is not None and two is not None and one > two:
        raise deserr.value_error(code, where, word_sizes(one, two))
    return sizes


def word_sizes(one: int, two: int) -> str:
    """Return what is said about word sizes that contradict each other."""
    return (
        "`minWordSizeForTypos` setting is invalid. `oneTypo` and `twoTypos` fields should be between `0` and `255`,"
        f" and `twoTypos` should be greater or equals to `oneTypo` but found `oneTypo: {one}` and twoTypos: {two}`."
    )


_EMBEDDER: Final = (
    "source",
    "model",
    "revision",
    "pooling",
    "apiKey",
    "dimensions",
    "binaryQuantized",
    "documentTemplate",
    "documentTemplateMaxBytes",
    "url",
    "indexingFragments",
    "searchFragments",
    "request",
    "response",
    "headers",
    "searchEmbedder",
    "indexingEmbedder",
    "distribution",
)


def _embedder(value: Any, code: str, where: str) -> Any:
    if value is None:
        return None
    found = deserr.expect_object(value, code, where)
    for key in found:
        if key not in _EMBEDDER:
            raise deserr.unknown_field(code, where, key, _EMBEDDER)
    source = found.get("source", "openAi")
    if source not in _SOURCES:
        raise deserr.unknown_value(
            code, f"{where}.source", deserr.string(source, code, f"{where}.source"), _SOURCES
        )
    if source != "userProvided":
        reason = (
            f"source `{source}` needs a model, which the embedded engine does not run; use `userProvided`"
        )
        raise ApiError(code, f"`{where}`: {reason}")
    place = where if where.startswith(".embedders") else f".embedders{where}"
    fields = {"source": deserr.string, "dimensions": checks.unsigned, "binaryQuantized": deserr.boolean}
    checked = checks.object_of(fields)(found, code, where)
    if checked.get("dimensions") == 0:
        raise ApiError(code, f"`{place}.dimensions`: `dimensions` cannot be zero")
    if checked.get("dimensions") is None:
        note = "(note: this field is mandatory for source `userProvided`)"
        raise ApiError(code, f"`{place}`: Missing field `dimensions` {note}")
    return checked


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting.

    Parameters
    ----------
    name
        Key on the wire.
    method
        Verb of the sub-route that changes it.
    check
        Returns the value to keep, or refuses it.
    """

    name: str
    method: str
    check: Check

    @property
    def slug(self) -> str:
        """Name of the sub-route."""
        return re.sub("([A-Z])", lambda match: "-" + match[1].lower(), self.name)

    @property
    def code(self) -> str:
        """Error code of a wrong value."""
        return "invalid_settings_" + self.slug.replace("-", "_")


SETTINGS: Final = {
    setting.name: setting
    for setting in (
        Setting("displayedAttributes", "PUT", deserr.strings),
        Setting("searchableAttributes", "PUT", deserr.strings),
        Setting("filterableAttributes", "PUT", checks.list_of(_filterable)),
        Setting("sortableAttributes", "PUT", checks.string_set),
        Setting("rankingRules", "PUT", checks.list_of(_rule)),
        Setting("stopWords", "PUT", checks.string_set),
        Setting("nonSeparatorTokens", "PUT", checks.string_set),
        Setting("separatorTokens", "PUT", checks.string_set),
        Setting("dictionary", "PUT", checks.string_set),
        Setting("synonyms", "PUT", checks.map_of(deserr.strings)),
        Setting("distinctAttribute", "PUT", deserr.string),
        Setting("proximityPrecision", "PUT", checks.choice("byWord", "byAttribute")),
        Setting(
            "typoTolerance",
            "PATCH",
            checks.object_of(
                {
                    "enabled": deserr.boolean,
                    "minWordSizeForTypos": _min_word_size,
                    "disableOnWords": checks.string_set,
                    "disableOnAttributes": checks.string_set,
                    "disableOnNumbers": deserr.boolean,
                }
            ),
        ),
        Setting(
            "faceting",
            "PATCH",
            checks.object_of(
                {
                    "maxValuesPerFacet": checks.unsigned,
                    "sortFacetValuesBy": checks.map_of(checks.choice("alpha", "count")),
                }
            ),
        ),
        Setting("pagination", "PATCH", checks.object_of({"maxTotalHits": checks.not_zero})),
        Setting("embedders", "PATCH", checks.map_of(_embedder)),
        Setting("searchCutoffMs", "PUT", checks.unsigned),
        Setting(
            "localizedAttributes",
            "PUT",
            checks.list_of(
                checks.object_of(
                    {"locales": checks.list_of(checks.choice(*LOCALES)), "attributePatterns": deserr.strings},
                    required=("locales", "attributePatterns"),
                )
            ),
        ),
        Setting("facetSearch", "PUT", deserr.boolean),
        Setting("prefixSearch", "PUT", checks.choice("indexingTime", "disabled")),
    )
}

# The keys a settings object may have, in the order messages list them.
KEYS: Final = (*list(SETTINGS)[:4], "foreignKeys", *list(SETTINGS)[4:], "chat")


def check_value(name: str, value: Any, where: str) -> Any:
    """Return one setting as it is kept in a task; null resets it."""
    if value is None:
        return WILDCARD if name in ("displayedAttributes", "searchableAttributes") else None
    setting = SETTINGS[name]
    return setting.check(value, setting.code, where)


def check(body: Any) -> dict[str, Any]:
    """Return the settings of a PATCH, checked and in order.

    Raises
    ------
    ApiError
        In Meilisearch's words, for the first thing that is wrong.
    """
    found = deserr.expect_object(body)
    for key in found:
        if key not in KEYS:
            raise deserr.unknown_field("bad_request", "", key, KEYS)
        if key in SETTINGS:
            check_value(key, found[key], f".{key}")
        else:
            experimental.check(key, found[key], f".{key}")
    experimental.refuse(found)
    checked = {
        key: check_value(key, found[key], f".{key}") if key in SETTINGS else None
        for key in KEYS
        if key in found
    }
    check_rules(checked.get("rankingRules"))
    return checked


def check_rules(rules: list[str] | None) -> None:
    """Refuse ranking rules that judge attributes in two ways."""
    if rules and "attribute" in rules and ("attributeRank" in rules or "wordPosition" in rules):
        raise ApiError(
            "invalid_settings_ranking_rules",
            "Mixed usage of the attribute, attributeRank, and wordPosition ranking rules. You must either use the"
            " attribute ranking rule alone or the attributeRank and wordPosition ranking rules.",
        )


def reset() -> dict[str, Any]:
    """Return the change that resets every setting."""
    return {key: check_value(key, None, "") if key in SETTINGS else None for key in KEYS}


def _merge(default: Any, current: Any, change: Any) -> Any:
    """Return an object after a change of some of its parts; a null part is reset."""
    if change is None:
        return default
    if not isinstance(change, dict) or not isinstance(default, dict):
        return change
    return {
        part: _merge(default[part], current[part], change[part]) if part in change else current[part]
        for part in default
    }


def _facet_sorts(change: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return a change of the faceting with its orders whole: they replace each other, and always name `*`."""
    if change is None or change.get("sortFacetValuesBy") is None:
        return change
    return {**change, "sortFacetValuesBy": None}


def merge(current: Mapping[str, Any], change: Mapping[str, Any]) -> dict[str, Any]:
    """Return the settings after a change.

    Parameters
    ----------
    current
        All settings.
    change
        A checked change; null resets a setting or a part of one.

    Raises
    ------
    ApiError
        When two changes contradict each other only together.
    """
    merged = dict(current)
    for key, value in change.items():
        match key:
            case "embedders" if value is not None:
                kept = {**current[key], **value}
                merged[key] = {name: embedder for name, embedder in kept.items() if embedder is not None}
            case "faceting":
                merged[key] = _merge(DEFAULTS[key], current[key], _facet_sorts(value))
                sorts = (value or {}).get("sortFacetValuesBy")
                if sorts is not None:
                    merged[key]["sortFacetValuesBy"] = dict(sorted({"*": "alpha", **sorts}.items()))
            case "typoTolerance":
                merged[key] = _merge(DEFAULTS[key], current[key], value)
                words = sorted({word.lower() for word in merged[key]["disableOnWords"]})
                merged[key] = {**merged[key], "disableOnWords": words}
            case "pagination":
                merged[key] = _merge(DEFAULTS[key], current[key], value)
            case _ if key in DEFAULTS:
                merged[key] = DEFAULTS[key] if value is None else value
    sizes = merged["typoTolerance"]["minWordSizeForTypos"]
    if sizes["oneTypo"] > sizes["twoTypos"]:
        raise ApiError("invalid_settings_typo_tolerance", word_sizes(sizes["oneTypo"], sizes["twoTypos"]))
    check_rules(merged["rankingRules"])
    return merged
