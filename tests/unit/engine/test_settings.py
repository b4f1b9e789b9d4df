from __future__ import annotations

from typing import Any

import pytest

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.settings import DEFAULTS, SETTINGS, check, merge, reset


def after(*changes: dict[str, Any]) -> dict[str, Any]:
    settings: dict[str, Any] = DEFAULTS
    for change in changes:
        settings = merge(settings, check(change))
    return settings


def test_there_are_twenty_settings_with_a_route_each() -> None:
    assert list(DEFAULTS) == list(SETTINGS)
    assert len({setting.slug for setting in SETTINGS.values()}) == 20
    assert SETTINGS["searchCutoffMs"].slug == "search-cutoff-ms"


def test_sets_are_sorted_and_lists_are_not() -> None:
    settings = after({"sortableAttributes": ["b", "a", "b"], "searchableAttributes": ["b", "a"]})
    assert settings["sortableAttributes"] == ["a", "b"]
    assert settings["searchableAttributes"] == ["b", "a"]


def test_parts_of_objects_are_merged_and_null_resets_them() -> None:
    first = {
        "typoTolerance": {
            "enabled": False,
            "minWordSizeForTypos": {"oneTypo": 4},
            "disableOnWords": ["B", "a"],
        }
    }
    settings = after(first, {"typoTolerance": {"enabled": None}})
    assert settings["typoTolerance"] == {
        "enabled": True,
        "minWordSizeForTypos": {"oneTypo": 4, "twoTypos": 9},
        "disableOnWords": ["a", "b"],
        "disableOnAttributes": [],
        "disableOnNumbers": False,
    }
    assert after(first, {"typoTolerance": None}) == DEFAULTS


def test_facet_orders_replace_each_other_and_always_name_the_rest() -> None:
    changes = [{"faceting": {"sortFacetValuesBy": {name: "count"}}} for name in ("a", "b")]
    assert after(*changes)["faceting"]["sortFacetValuesBy"] == {"*": "alpha", "b": "count"}
    assert after(*changes, {"faceting": {"sortFacetValuesBy": None}}) == DEFAULTS


def test_two_changes_can_contradict_each_other_only_together() -> None:
    with pytest.raises(ApiError, match="`oneTypo: 12` and twoTypos: 9"):
        after({"typoTolerance": {"minWordSizeForTypos": {"oneTypo": 12}}})


def test_a_reset_brings_the_defaults_back() -> None:
    settings = after({"stopWords": ["a"], "pagination": {"maxTotalHits": 5}, "displayedAttributes": ["id"]})
    assert merge(settings, reset()) == DEFAULTS


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"nope": 1}, "bad_request"),
        ({"rankingRules": ["nope"]}, "invalid_settings_ranking_rules"),
        ({"rankingRules": ["attribute", "wordPosition"]}, "invalid_settings_ranking_rules"),
        ({"pagination": {"maxTotalHits": 0}}, "invalid_settings_pagination"),
        ({"embedders": {"e": {"source": "openAi"}}}, "invalid_settings_embedders"),
        ({"chat": {}}, "feature_not_enabled"),
        ({"localizedAttributes": [{"attributePatterns": ["a"]}]}, "invalid_settings_localized_attributes"),
    ],
)
def test_what_is_wrong_is_refused(change: dict[str, Any], code: str) -> None:
    with pytest.raises(ApiError) as refused:
        check(change)
    assert refused.value.code == code
