"""The embedded engine answers like the recorded server."""

from __future__ import annotations

import functools
import itertools
import tempfile
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scrypath.local.engine.engine import PAYLOAD_LIMIT, Engine
from scrypath.local.engine.serving import serving
from tests.contract.replay import Figures, Replay, Scenario, scenarios

FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text(encoding="utf-8"))
LIMIT = "--http-payload-size-limit"

# One process plays them all, so that what is said about them together need not play them again.
pytestmark = [pytest.mark.contract, pytest.mark.xdist_group("contract")]
SCENARIOS = {scenario.name: scenario for scenario in scenarios()}


# What is recorded here happens only when the tasks wait together, which the recorded server was slow enough for.
HELD = ("tasks-delete-index-behind-writes",)


@contextmanager
def served(folder: Path, scenario: Scenario) -> Iterator[Replay]:
    """Start an empty engine the way a recording wants it."""
    options = dict(itertools.batched(scenario.options, 2))
    limit = int(options.get(LIMIT, PAYLOAD_LIMIT))
    engine = Engine(folder, master_key=scenario.master_key, payload_limit=limit)

    waiting = itertools.count()

    def let_wait(wanted: bool) -> None:
        if scenario.name not in HELD:
            return
        if not wanted:
            engine.hooks.resume()
        elif not engine.hooks.paused and next(waiting):
            replay.settle_all()  # the first task was at work alone while the others came
            engine.hooks.pause()

    with engine, serving(engine) as url:
        replay = Replay(url, scenario.master_key, let_wait)
        yield replay


@functools.cache
def played(name: str) -> Figures:
    """Return how far the engine agrees with one recording."""
    scenario = SCENARIOS[name]
    with tempfile.TemporaryDirectory() as folder, served(Path(folder), scenario) as replay:
        return replay.play(scenario)


def below(shares: dict[str, float], floor: dict[str, float]) -> dict[str, tuple[float, float]]:
    """Return the shares that are too low, each with what it must be."""
    return {name: (share, floor[name]) for name, share in shares.items() if share < floor[name]}


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_engine_answers_like_the_recorded_server(
    name: str, record_property: Callable[[str, object], None]
) -> None:
    figures = played(name)
    record_property("recording", [name, figures.steps, figures.shares(), figures.summary()])
    fallen = below(figures.shares(), FLOORS[name])
    assert not fallen, f"{name} fell below its floor: {fallen}{''.join(map(str, figures.differences))}"


@pytest.mark.parametrize("part", ["outside", "search"])
def test_the_recordings_together(part: str, record_property: Callable[[str, object], None]) -> None:
    names = [name for name, scenario in SCENARIOS.items() if scenario.is_search == (part == "search")]
    together = sum(map(played, names), Figures())
    shares, floor = together.shares(), FLOORS["together"][part]
    record_property("together", [part, together.steps, shares, floor])
    fallen = below(shares, floor)
    assert not fallen, f"the recordings {part} search fell below what the engine promises: {fallen}"


def test_no_recorded_exchange_is_left_out() -> None:
    assert sum(played(name).steps for name in SCENARIOS) == 1124
