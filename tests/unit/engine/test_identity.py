from __future__ import annotations

from typing import Any

import pytest

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.identity import document_id, guess


@pytest.mark.parametrize(
    ("document", "key", "expected"),
    [
        ({"id": 7}, "id", "7"),
        ({"id": "a-_1"}, "id", "a-_1"),
        ({"a": {"b": {"id": 3}}}, "a.b.id", "3"),
        ({"a.b": {"id": 4}}, "a.b.id", "4"),
        ({"a.id": 5, "a": {"id": 6}}, "a.id", "5"),
        ({"id": 2**64 - 1}, "id", str(2**64 - 1)),
    ],
)
def test_ids_are_found_under_plain_and_nested_keys(document: dict[str, Any], key: str, expected: str) -> None:
    assert document_id(document, key) == expected


@pytest.mark.parametrize("value", ["", "a b", "é", "a/b", "x" * 512, 1.5, True, None, [1], {"a": 1}])
def test_what_cannot_be_an_id_is_refused(value: Any) -> None:
    with pytest.raises(ApiError) as refused:
        document_id({"id": value}, "id")
    assert refused.value.code == "invalid_document_id"


def test_a_document_without_the_key_is_quoted() -> None:
    with pytest.raises(ApiError, match=r"Document doesn't have a `id` attribute: `\{\"title\":\"x\"\}`\."):
        document_id({"title": "x"}, "id")


def test_the_primary_key_is_the_one_field_that_ends_with_id() -> None:
    assert guess({"title": 1, "filmID": 2}) == "filmID"
    with pytest.raises(ApiError, match="found 3 fields ending with `id` in their names: 'a_id' and 'bid'"):
        guess({"cid": 1, "bid": 2, "a_id": 3})
    with pytest.raises(ApiError, match="did not find any field ending with `id`"):
        guess({"title": 1})
