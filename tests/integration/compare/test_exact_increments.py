"""Whoever writes what in whatever way: an increment finds what a comparison finds that shares nothing with it."""

from __future__ import annotations

import os
import random
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

import scrypath
from scrypath.config import Config
from tests.support.notes import Note
from tests.support.raw_changes import World, Writers
from tests.support.reports import drift_of

pytestmark = [pytest.mark.integration, pytest.mark.slow]

ROUNDS = int(os.environ.get("SCRYPATH_TEST_ROUNDS", "6"))  # 200 in the long run
SEED = int(os.environ.get("SCRYPATH_TEST_SEED", "0")) or random.randrange(1, 10**9)


@pytest.mark.timeout(60 + 30 * ROUNDS)
@pytest.mark.parametrize("partitioned", [False, True], ids=["plain", "partitioned"])
def test_increments_find_what_an_independent_comparison_finds(
    config: Config, tmp_path: Path, *, partitioned: bool
) -> None:
    config = replace(config, schemas=("tests.support.notes:Note",))
    methods: Counter[str | None] = Counter()
    with World(config, tmp_path / "other.duckdb", random.Random(SEED), partitioned=partitioned) as world:
        scrypath.reconcile_sync(Note, config=config)
        for number in range(max(1, ROUNDS // 2)):
            done = [world.change() for _ in range(world.chance.randint(1, 6))]
            if world.chance.random() < 0.5:
                with Writers(world):
                    scrypath.reconcile_sync(Note, config=config)
                    done += [world.change() for _ in range(world.chance.randint(1, 3))]
                    scrypath.reconcile_sync(Note, config=config)
            world.wait()
            report = scrypath.reconcile_sync(Note, config=config)
            methods[report.method] += 1
            assert report.rows is not None, (SEED, number, done, report.note)
            assert drift_of(report) == world.drift(), (SEED, number, done, report.method, report.note)
    assert methods["incremental"] >= ROUNDS // 20, methods  # the others had a reason to read everything
