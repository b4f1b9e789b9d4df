"""Reports and recommendations in a terminal."""

from __future__ import annotations

from collections.abc import Callable

from scrypath.cli.rendering.report import show_actions
from scrypath.frames import ACTIONS

Lines = Callable[[], list[str]]


def test_the_same_recommendation_for_several_units_is_on_one_line(
    lines: Lines,
) -> None:
    retry = {"action": "retry", "schema": "City", "reason": "It failed: the server was away."}
    repair = {
        "action": "repair",
        "schema": "City",
        "target": "cities",
        "count": 34006,
        "reason": "They drift.",
    }
    show_actions(ACTIONS.rows([*(retry | {"target": f"oban:{n}", "count": 500} for n in (9, 8, 7)), repair]))
    assert lines() == [
        "Recommended  Target                  Documents  Why",
        "retry        oban:9, oban:8, oban:7      1,500  It failed: the server was away.",
        "repair       cities                     34,006  They drift.",
    ]


def test_recommendations_of_unknown_size_are_not_summed_up_as_if_known(
    lines: Lines,
) -> None:
    retry = {"action": "retry", "schema": "City", "reason": "It failed."}
    unknown = {"action": "reindex", "schema": "City", "target": "cities", "reason": "The settings drift."}
    none = {"action": "backfill", "schema": "City", "target": "cities", "count": 0, "reason": "It is empty."}
    first, second = retry | {"target": "oban:9", "count": 500}, retry | {"target": "oban:8"}
    show_actions(ACTIONS.rows([first, second, unknown, none]))
    counts = [line.split("  ")[-2].strip() for line in lines()]
    assert counts == ["Documents", "500+", "–", "0"]
