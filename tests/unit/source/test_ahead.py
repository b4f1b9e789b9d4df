"""Fetching ahead: the same items, in order, no further than is allowed, and nothing left open."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from threading import Event

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.source.ahead import ahead

PATIENCE = 10  # seconds


class Source:
    """Numbers from 0, and what became of them."""

    def __init__(self, last: int = 10, *, breaks_at: int | None = None) -> None:
        self.last, self.breaks_at = last, breaks_at
        self.made = [Event() for _ in range(last)]
        self.closed = False

    def numbers(self) -> Generator[int]:
        try:
            for number in range(self.last):
                if number == self.breaks_at:
                    raise LookupError(f"no {number}")
                self.made[number].set()
                yield number
        finally:
            self.closed = True


@given(st.lists(st.integers()), st.lists(st.booleans()))
def test_items_come_in_order_whatever_is_allowed(items: list[int], answers: list[bool]) -> None:
    asked = iter(answers)
    twice = ahead(ahead(item for item in items), allowed=lambda: next(asked, True))
    assert list(twice) == items


def test_the_next_item_is_made_while_one_is_used() -> None:
    source = Source()
    with closing(ahead(source.numbers())) as items:
        assert next(items) == 0
        assert source.made[1].wait(PATIENCE)
        assert not source.made[2].is_set()


def test_nothing_is_made_ahead_where_that_is_not_allowed() -> None:
    source = Source()
    with closing(ahead(source.numbers(), allowed=lambda: False)) as items:
        assert [next(items), next(items)] == [0, 1]
        assert not source.made[2].is_set()


def test_an_error_comes_after_the_items_before_it_and_the_source_is_closed() -> None:
    source = Source(breaks_at=2)
    items = ahead(source.numbers())
    assert [next(items), next(items)] == [0, 1]
    with pytest.raises(LookupError, match="no 2"):
        next(items)
    assert source.closed


def test_whoever_stops_early_closes_the_source() -> None:
    source = Source()
    items = ahead(ahead(source.numbers()))
    assert next(items) == 0
    items.close()
    assert source.closed
