"""Documents that cannot be written do not keep the others of their write from being written."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.errors import InvalidOptions, ProjectionError, ScrypathError, TaskFailed, TransportError
from scrypath.sync.poison import SAME_ANSWER, around

REFUSED = TaskFailed("Refused.", task_uid=7, error_code="invalid_document_id", error_type="invalid_request")


class Writer:
    """Writes all or none, as a server does."""

    def __init__(self, poison: Sequence[str], error: ScrypathError = REFUSED) -> None:
        self.poison, self.error = frozenset(poison), error
        self.written: set[str] = set()
        self.calls = 0

    def __call__(self, ids: Sequence[str]) -> None:
        self.calls += 1
        if self.poison.intersection(ids):
            raise self.error
        self.written.update(ids)


@given(st.sets(st.integers(0, 199), max_size=3))
def test_exactly_the_others_are_written(poison: set[int]) -> None:
    ids = [str(number) for number in range(200)]
    write = Writer([str(number) for number in poison])
    if poison:
        with pytest.raises(TaskFailed) as caught:
            around(ids, write)
        assert caught.value.message.startswith(f"{len(poison)} of 200 documents cannot be written")
        assert all(repr(str(number)) in caught.value.message for number in poison)
        assert (caught.value.error_code, caught.value.task_uid) == ("invalid_document_id", 7)
    else:
        around(ids, write)
    assert write.written == set(ids) - write.poison
    assert write.calls <= 1 + 2 * 8 * max(1, len(poison))


def test_one_document_keeps_its_own_error() -> None:
    with pytest.raises(TaskFailed) as caught:
        around(["1"], Writer(["1"]))
    assert caught.value is REFUSED


@pytest.mark.parametrize("error", [ProjectionError("Not a number."), InvalidOptions("Too large.")])
def test_the_kind_of_the_error_is_kept(error: ScrypathError) -> None:
    with pytest.raises(type(error), match=r"1 of 2 documents .*: '2' \(.*\)\."):
        around(["1", "2"], Writer(["2"], error))


def test_what_is_the_fault_of_no_document_is_raised_as_it_is() -> None:
    write = Writer(["2"], TransportError("The server is down."))
    with pytest.raises(TransportError):
        around(["1", "2", "3"], write)
    assert write.calls == 1


def test_where_every_document_is_refused_the_search_ends_early() -> None:
    ids = [str(number) for number in range(1_000)]
    write = Writer(ids)
    with pytest.raises(TaskFailed) as caught:
        around(ids, write)
    assert caught.value is REFUSED
    assert write.calls < 20 + 4 * SAME_ANSWER
