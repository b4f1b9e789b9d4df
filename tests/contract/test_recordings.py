"""The embedded engine answers like the recorded server."""

from __future__ import annotations

import itertools
import os
import sys
import tomllib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from scrypath.local.engine.engine import PAYLOAD_LIMIT, Engine
from scrypath.local.engine.serving import serving
from tests.contract.replay import Replay, Scenario, scenarios

FLOORS = tomllib.loads(Path(__file__).with_name("floors.toml").read_text(encoding="utf-8"))
LIMIT = "--http-payload-size-limit"

pytestmark = pytest.mark.contract


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


@pytest.mark.parametrize("scenario", list(scenarios()), ids=lambda scenario: scenario.name)
def test_replay(scenario: Scenario, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with served(tmp_path, scenario) as replay:
        figures = replay.play(scenario)
    shares = figures.shares()
    floor = FLOORS[scenario.name]
    shown = " ".join(f"{name} {share:.1f} %" for name, share in shares.items())
    with capsys.disabled():
        sys.stdout.write(f"\n{scenario.name}: {figures.steps} steps, {shown}")
        if os.environ.get("CONTRACT_DIFFERENCES"):
            sys.stdout.writelines(map(str, figures.differences))
    below = {name: (share, floor[name]) for name, share in shares.items() if share < floor[name]}
    assert not below, f"{scenario.name} fell below its floor: {below}"
