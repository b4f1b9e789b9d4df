from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.errors import InvalidOptions
from scrypath.vocabulary import WorkSource
from scrypath.work.ids import WorkId, parse


@given(st.sampled_from(WorkSource), st.integers(0, 10**18 - 1))
def test_a_work_id_reads_back_as_itself(source: WorkSource, number: int) -> None:
    assert parse(str(WorkId(source, number))) == WorkId(source, number)


@given(st.one_of(st.text(), st.integers(), st.none()))
def test_anything_else_is_refused_with_a_hint(given_: object) -> None:
    if isinstance(given_, str) and given_.startswith(("meili:", "oban:")):
        return
    with pytest.raises(InvalidOptions) as caught:
        parse(given_)
    assert "meili:" in caught.value.hint
    assert "oban:" in caught.value.hint
