"""How fast the package and the command line start, as ratios of one run.

Whole processes, one after another and in turns; the fastest of each counts, as it was disturbed least. The stack of
``scrypath local up`` is used when it is up in this folder; otherwise one is started for the run, with a slice of the
catalogue and an incident, and removed again.

    python benchmarks/start.py --rounds 9
"""

from __future__ import annotations

import argparse
import compileall
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import scrypath
from scrypath.local import catalogue, rehearsal, stack

CITIES = 2_000
POLARS = ("import polars", "-c", "import polars")
BARE = ("import polars, sqlalchemy.orm", "-c", "import polars, sqlalchemy.orm")
MEASURED = (
    POLARS,
    BARE,
    ("import scrypath", "-c", "import scrypath"),
    ("import scrypath and use it", "-c", "import scrypath; scrypath.sync_status"),
    ("scrypath --help", "-m", "scrypath", "--help"),
    ("scrypath status", "-m", "scrypath", "status"),
    ("scrypath failed", "-m", "scrypath", "failed"),
)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument(
        "--rounds", type=int, default=7, help="the best of so many counts (default: %(default)s)"
    )
    options = parser.parse_args()
    # Where Python is told not to keep compiled modules, each start would compile this package again.
    compileall.compile_dir(str(Path(scrypath.__file__).parent), quiet=1)
    with stack_up() as home:
        best = measured(options.rounds, home)
    base, polars = best[BARE[0]], best[POLARS[0]]
    print(f"{'':<30} {'seconds':>8} {'× polars':>9} {'× polars and SQLAlchemy':>24}")
    for name, *_ in MEASURED:
        print(f"{name:<30} {best[name]:>8.3f} {best[name] / polars:>9.2f} {best[name] / base:>24.2f}")


def measured(rounds: int, home: Path) -> dict[str, float]:
    """Seconds that the fastest run of each took."""
    environment = os.environ | {"SCRYPATH_HOME": str(home)}
    best: dict[str, float] = {}
    for _ in range(rounds):
        for name, *arguments in MEASURED:
            began = time.perf_counter()
            ended = subprocess.run(
                [sys.executable, *arguments], env=environment, capture_output=True, check=False
            )
            took = time.perf_counter() - began
            if ended.returncode not in {0, 2}:
                raise SystemExit(f"{name}: {ended.stderr.decode()}")
            best[name] = min(took, best.get(name, took))
    return best


@contextmanager
def stack_up() -> Iterator[Path]:
    """The folder of a stack that is up."""
    found = stack.current()
    if found is not None:
        yield found.home
        return
    home = Path(tempfile.mkdtemp(prefix="scry-"))
    try:
        made = stack.up(home=home)
        config = made.configure()
        catalogue.load(config, limit=CITIES)
        scrypath.backfill("City", config=config)
        scrypath.backfill("Country", config=config)
        rehearsal.rehearse("queue-outage", stack=made)
        yield home
    finally:
        stack.down(home=home, purge=True)


if __name__ == "__main__":
    main()
