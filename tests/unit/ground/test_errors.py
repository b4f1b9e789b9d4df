from __future__ import annotations

import inspect
import pickle

import pytest

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
