from __future__ import annotations

import json
from typing import Any

import pytest

from scrypath.config import Config
from scrypath.errors import BackendRejected, InvalidOptions, TaskFailed
from scrypath.meilisearch import settings
from tests.support.scripted_server import Answer, Script, enqueued, task, task_list

ACTUAL = dict(settings.DEFAULTS)


@pytest.mark.parametrize(
    ("key", "declared", "actual"),
    [
        ("stopWords", ["the", "a", "the"], ["a", "the"]),
        ("sortableAttributes", ("b", "a"), ["a", "b"]),
        ("displayedAttributes", ["b", "a"], ["a", "b"]),
        ("displayedAttributes", None, ["*"]),
        ("filterableAttributes", ["b", "a"], ["a", "b"]),
        (
            "filterableAttributes",
            ["a"],
            [
                {
                    "attributePatterns": ["a"],
                    "features": {"facetSearch": True, "filter": {"equality": True, "comparison": True}},
                }
            ],
        ),
        (
            "filterableAttributes",
            [{"attributePatterns": ["b", "a"]}],
            [
                {
                    "attributePatterns": ["a", "b"],
                    "features": {"facetSearch": False, "filter": {"equality": True, "comparison": False}},
                }
            ],
        ),
        ("synonyms", {"sofa": ["settee", "couch"]}, {"sofa": ["couch", "settee"]}),
        ("synonyms", None, {}),
        ("rankingRules", None, ["words", "typo", "proximity", "attribute", "sort", "exactness"]),
        ("rankingRules", None, list(settings.DEFAULTS["rankingRules"])),
        ("typoTolerance", {"minWordSizeForTypos": {"oneTypo": 5}}, settings.DEFAULTS["typoTolerance"]),
        ("typoTolerance", {"disableOnWords": ["Shrék"]}, {"disableOnWords": ["shrek"]}),
        ("typoTolerance", {"enabled": None}, {"enabled": True}),
        ("typoTolerance", None, settings.DEFAULTS["typoTolerance"]),
        ("faceting", {"maxValuesPerFacet": 100.0}, {"maxValuesPerFacet": 100, "sortFacetValuesBy": {"*": "alpha"}}),
        ("pagination", {}, {"maxTotalHits": 7}),
        ("searchCutoffMs", None, None),
        ("distinctAttribute", None, None),
        ("localizedAttributes", [{"locales": ["eng", "fra"], "attributePatterns": ["t*"]}],
         [{"attributePatterns": ["t*"], "locales": ["fra", "eng"]}]),
        ("embedders", {"x": {"source": "rest", "apiKey": "secret"}}, {"x": {"source": "rest", "apiKey": "sXXXX..."}}),
        ("facetSearch", None, None),
    ],
)  # fmt: skip
def test_what_means_the_same_is_no_difference(key: str, declared: Any, actual: Any) -> None:
    assert settings.diff({key: declared}, ACTUAL | {key: actual}) == []


@pytest.mark.parametrize(
    ("key", "declared", "actual"),
    [
        ("searchableAttributes", ["b", "a"], ["a", "b"]),
        ("rankingRules", ["typo", "words"], ["words", "typo"]),
        ("rankingRules", None, ["words"]),
        ("stopWords", ["a"], []),
        ("stopWords", [], ["a"]),
        ("synonyms", {"a": ["b"]}, {"a": ["b"], "c": ["d"]}),
        ("synonyms", {}, {"a": ["b"]}),
        ("filterableAttributes", ["a"], [{"attributePatterns": ["a"]}]),
        ("typoTolerance", {"enabled": False}, {"enabled": True}),
        (
            "typoTolerance",
            {"minWordSizeForTypos": {"twoTypos": None}},
            {"minWordSizeForTypos": {"twoTypos": 8}},
        ),
        ("faceting", {"sortFacetValuesBy": {"brand": "count"}}, {"sortFacetValuesBy": {"*": "alpha"}}),
        ("facetSearch", True, False),
        ("searchCutoffMs", 1, True),
        ("distinctAttribute", "sku", None),
    ],
)
def test_what_differs_is_named_with_its_cost(key: str, declared: Any, actual: Any) -> None:
    (found,) = settings.diff({key: declared}, ACTUAL | {key: actual})
    assert (found.key, found.declared) == (key, declared)
    assert found.cost in {"one pass over every document", "every document is indexed again"}
    assert settings.changes([found]) == {key: declared}


def test_only_what_is_declared_is_compared() -> None:
    assert settings.diff({}, ACTUAL | {"stopWords": ["a"]}) == []


def test_the_defaults_differ_from_themselves_nowhere() -> None:
    assert settings.diff(dict(settings.DEFAULTS), ACTUAL) == []
    assert settings.diff(dict.fromkeys(settings.DEFAULTS), ACTUAL) == []
    assert settings.diff(dict(settings.DEFAULTS), {}) == []


def test_an_unknown_setting_is_refused() -> None:
    with pytest.raises(InvalidOptions, match=r"no setting 'stopWord'.*Did you mean 'stopWords'"):
        settings.diff({"stopWord": []}, ACTUAL)
    with pytest.raises(InvalidOptions, match="no setting 'stop_words'"):
        settings.patch(Config(meilisearch_url="http://127.0.0.1:1"), "x", {"stop_words": []})


def test_an_empty_patch_is_never_sent(server: Script, config: Config) -> None:
    with pytest.raises(InvalidOptions, match="nothing to change"):
        settings.patch(config, "cities", {})
    assert not server.asked


def test_a_hot_apply_sends_only_what_differs_and_keeps_what_was(server: Script, config: Config) -> None:
    after = ACTUAL | {"stopWords": ["the"]}
    server.say(Answer(ACTUAL | {"synonyms": {"a": ["b"]}}), enqueued(4), task_list([task(4)]), Answer(after))
    done = settings.hot_apply(
        config, "cities", {"stop_words": ["the"], "synonyms": {"a": ["b"]}}, acknowledge=True
    )
    assert (server.asked[1].method, json.loads(server.asked[1].body)) == ("PATCH", {"stopWords": ["the"]})
    assert (done.task_uid, done.previous, done.applied) == (4, {"stopWords": []}, {"stopWords": ["the"]})


def test_an_equal_hot_apply_costs_nothing(server: Script, config: Config) -> None:
    server.say(Answer(ACTUAL))
    done = settings.hot_apply(
        config, "cities", {"typo_tolerance": {"min_word_size_for_typos": {"one_typo": 5}}}, acknowledge=True
    )
    assert (done.task_uid, done.previous) == (None, {})
    assert [asked.method for asked in server.asked] == ["GET"]


@pytest.mark.parametrize(
    ("changes", "acknowledge", "message"),
    [
        ({"stop_words": []}, False, "Pass acknowledge=True"),
        ({"stop_words": []}, 1, "Pass acknowledge=True"),
        ({"ranking_rules": ["words"]}, True, r"does not change 'ranking_rules'.*reindex"),
        ({}, True, "nothing to change"),
    ],
)
def test_a_hot_apply_is_refused_without_need_or_leave(
    server: Script, config: Config, changes: dict[str, Any], acknowledge: Any, message: str
) -> None:
    with pytest.raises(InvalidOptions, match=message):
        settings.hot_apply(config, "cities", changes, acknowledge=acknowledge)
    assert not server.asked


def test_a_hot_apply_whose_task_failed_says_why(server: Script, config: Config) -> None:
    error = {
        "message": "No.",
        "code": "invalid_settings_typo_tolerance",
        "type": "invalid_request",
        "link": "",
    }
    server.say(Answer(ACTUAL), enqueued(4), task_list([task(4, status="failed", error=error)]))
    with pytest.raises(TaskFailed, match=r"Task 4 .* is failed: No"):
        settings.hot_apply(config, "cities", {"stop_words": ["a"]}, acknowledge=True)


def test_a_hot_apply_that_does_not_hold_is_not_called_done(server: Script, config: Config) -> None:
    server.say(Answer(ACTUAL), enqueued(4), task_list([task(4)]), Answer(ACTUAL))
    with pytest.raises(BackendRejected, match=r"Task 4 succeeded, but stopWords .* reads \[\]"):
        settings.hot_apply(config, "cities", {"stop_words": ["a"]}, acknowledge=True)
