"""Cutting documents into payloads: nothing lost, nothing too large."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.schema.documents import Documents
from scrypath.sync.payloads import cut


def documents(lines: list[str]) -> Documents:
    ids = [str(place) for place in range(len(lines))]
    return Documents(ids, pa.array([f"{line}\n" for line in lines], pa.string()), ["-"] * len(lines))


@given(st.lists(st.text(max_size=200)), st.integers(1, 7), st.integers(1_000, 1_500))
def test_payloads_hold_every_document_once_in_order_and_within_the_limits(
    lines: list[str], batch_size: int, payload_limit: int
) -> None:
    made = documents(lines)
    found = list(cut(made, Config(batch_size=batch_size, payload_limit=payload_limit)))
    assert b"".join(payload.body for payload in found) == bytes(made.ndjson)
    assert [item for payload in found for item in payload.ids] == made.ids
    sizes = [len(f"{line}\n".encode()) for line in lines]
    following = 0
    for payload in found:
        following += len(payload.ids)
        assert len(payload.ids) <= batch_size
        assert len(payload.body) <= payload_limit
        full = len(payload.ids) == batch_size
        assert full or following == len(lines) or len(payload.body) + sizes[following] > payload_limit


def test_a_document_that_no_payload_can_hold_is_named_with_its_size() -> None:
    made = documents(["{}", "é" * 500, "{}"])
    with pytest.raises(InvalidOptions, match="Document '1' has 1000 bytes; payload_limit is 1000"):
        list(cut(made, Config(payload_limit=1_000)))
    assert [payload.ids for payload in cut(made, Config(payload_limit=1_001))] == [("0",), ("1",), ("2",)]


def test_no_documents_make_no_payload() -> None:
    assert list(cut(documents([]), Config())) == []
    assert bytes(documents([]).ndjson) == b""
