"""Names in the package are those that an engineer of this field would use."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

import scrypath

ROOT = Path(scrypath.__file__).parent
# The embedded engine follows the wording of the server.
MODULES = sorted(path for path in ROOT.rglob("*.py") if ROOT / "local" / "engine" not in path.parents)
QUAINT = frozenset(
    {"settled", "told", "stands", "torn", "nameless", "misfit", "misfits", "mend", "mended", "heed"}
)


def names(tree: ast.AST) -> set[str]:
    """Every name that a module gives to something."""
    found: set[str] = set()
    for node in ast.walk(tree):
        match node:
            case ast.FunctionDef(name=name) | ast.ClassDef(name=name) | ast.arg(arg=name):
                found.add(name)
            case ast.Name(id=name, ctx=ast.Store()):
                found.add(name)
            case ast.alias(asname=str(name)):
                found.add(name)
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_names_are_plain_english(path: Path) -> None:
    words = {
        word for name in names(ast.parse(path.read_text("utf-8"))) for word in re.split("_+", name.lower())
    }
    assert not QUAINT & words
