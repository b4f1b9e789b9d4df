"""A module imports only from its own floor or from below, in no circle, and the first import stays light."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
MODULES = sorted((ROOT / "scrypath").rglob("*.py"))


def test_the_floors_hold_and_imports_make_no_circle() -> None:
    # Imports within functions count as well: a circle of them is one all the same.
    from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), cache_dir=None) == EXIT_STATUS_SUCCESS


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_stays_readable(module: Path) -> None:
    lines = module.read_text("utf-8").splitlines()
    assert len(lines) <= 400, "split it by nouns"
    assert module.stem not in ("utils", "util", "helpers", "misc", "common")


HEAVY = (
    "sqlalchemy",
    "duckdb",
    "pyarrow",
    "psycopg",
    "meilisearch",
    "pandas",
    "oban",
    "IPython",
    "starlette",
)


def test_the_package_itself_imports_nothing_heavy() -> None:
    code = f"import sys, scrypath; print(*[name for name in {HEAVY!r} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, cwd=ROOT)
    assert done.stdout.split() == []


def test_no_lock_file_names_a_host() -> None:
    for lock in (ROOT / "requirements").glob("*.txt"):
        assert "://" not in lock.read_text("utf-8"), lock.name
