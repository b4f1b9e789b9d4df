from __future__ import annotations

import ast
import inspect
import pickle
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

import scrypath
from scrypath import errors
from scrypath.errors import BackendRejected, ScrypathError, TaskFailed, TaskTimeout, did_you_mean

EVERY = [kind for _, kind in inspect.getmembers(errors, inspect.isclass) if issubclass(kind, ScrypathError)]


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_an_error_explains_itself(kind: type[ScrypathError]) -> None:
    bare = kind()
    assert bare.message == inspect.cleandoc(kind.__doc__ or "").split("\n\n")[0]
    assert bare.hint == ""
    told = kind("Index 'x' is gone.", hint="Create it.")
    assert str(told) == "Index 'x' is gone. Create it."
    assert told.as_dict() == {"error": kind.code, "message": "Index 'x' is gone.", "hint": "Create it."}


@pytest.mark.parametrize("kind", EVERY, ids=lambda kind: kind.__name__)
def test_an_error_survives_the_way_back_from_another_process(kind: type[ScrypathError]) -> None:
    found = pickle.loads(pickle.dumps(kind("Gone.", hint="Create it.")))
    assert type(found) is kind
    assert str(found) == "Gone. Create it."


def drawn(kind: type[ScrypathError], margin: str = "") -> Iterator[str]:
    """The errors below one, drawn as lines of a tree in the order of their definition."""
    below = kind.__subclasses__()
    for child in below:
        last = child is below[-1]
        yield f"{margin}{'└── ' if last else '├── '}{child.__name__}"
        yield from drawn(child, margin + ("    " if last else "│   "))


def test_the_docstring_draws_the_tree() -> None:
    assert errors.__doc__ is not None
    picture = [line[4:] for line in errors.__doc__.splitlines() if line.startswith("    ")]
    assert picture[0] == "ScrypathError"
    for line, expected in zip(picture[1:], drawn(ScrypathError), strict=True):
        assert re.fullmatch(re.escape(expected) + r" {2,}\w.*", line)


def test_no_error_is_declared_outside_of_the_tree() -> None:
    names = {kind.__name__ for kind in EVERY}
    root = Path(scrypath.__file__).parent
    for path in root.rglob("*.py"):
        if path == root / "errors.py":
            continue
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            bases = node.bases if isinstance(node, ast.ClassDef) else []
            found = {ast.unparse(base).rpartition(".")[2] for base in bases}
            assert names.isdisjoint(found), f"{path}: {ast.unparse(node).splitlines()[0]}"


def test_codes_are_unique() -> None:
    codes = [kind.code for kind in EVERY]
    assert len(set(codes)) == len(codes)


def test_structured_errors_carry_what_the_server_said() -> None:
    rejected = BackendRejected(
        "No.", error_code="invalid_document_id", error_type="invalid_request", status=400
    )
    assert (rejected.error_code, rejected.error_type, rejected.status) == (
        "invalid_document_id",
        "invalid_request",
        400,
    )
    assert TaskFailed("No.", task_uid=7).task_uid == 7
    assert TaskTimeout(task_uid=8).task_uid == 8
    assert "may still finish" in TaskTimeout().message


def test_the_nearest_name_else_all_of_them() -> None:
    assert did_you_mean("Citty", ["City", "Country"]) == "Did you mean 'City'?"
    assert did_you_mean("zzz", ["b", "a"]) == "Known: a, b."
