"""A task's metadata says which request it was, and of a few documents which."""

from __future__ import annotations

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from scrypath.memory import ledger, task_metadata
from scrypath.schema.identity import ID_PATTERN

IDS = st.lists(st.from_regex(ID_PATTERN, fullmatch=True), max_size=120)


def read(text: str | None) -> tuple[str | None, list[str] | None]:
    frame = pl.DataFrame({"text": [text]}, schema={"text": pl.String()})
    found = frame.select(reference=task_metadata.reference("text"), ids=task_metadata.ids("text"))
    reference, ids = found.row(0)
    return reference, ids


@given(IDS)
def test_what_is_put_in_comes_out_or_nothing_of_it(ids: list[str]) -> None:
    reference = ledger.new_reference()
    text = task_metadata.metadata(reference, ids)
    assert len(text) <= task_metadata.MOST_BYTES
    assert task_metadata.reference_of(text) == reference
    assert read(text) in ((reference, ids), (reference, None))
    if 0 < len(ids) <= task_metadata.MOST_IDS and sum(map(len, ids)) < 3_000:
        assert read(text) == (reference, ids)


@given(st.one_of(st.none(), st.text()))
def test_metadata_of_others_is_left_as_it_is(text: str | None) -> None:
    if text is None or not text.startswith("scry-"):
        assert read(text) == (text, None)


def test_a_hundred_uuids_travel_and_a_hundred_and_one_ids_do_not() -> None:
    uuids = [f"{n:08x}-0000-4000-8000-000000000000" for n in range(100)]
    assert read(task_metadata.metadata("scry-a", uuids)) == ("scry-a", uuids)
    assert task_metadata.metadata("scry-a", [str(n) for n in range(101)]) == "scry-a"


def test_an_id_that_the_server_refuses_is_not_carried() -> None:
    assert task_metadata.metadata("scry-a", ["1", "no.good"]) == "scry-a"
