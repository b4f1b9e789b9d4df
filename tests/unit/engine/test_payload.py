from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.local.engine import payload, serde
from scrypath.local.engine.errors import ApiError


def read(media: str, body: bytes, delimiter: str = ",") -> list[payload.Document]:
    return [document for piece in payload.read(media, body, delimiter) for document in piece]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{bad", "key must be a string at line 1 column 2"),
        ('[{"id":1},', "EOF while parsing a value at line 1 column 10"),
        ('{"id":tru}', "expected ident at line 1 column 10"),
        ('{"id":"\\x"}', "invalid escape at line 1 column 9"),
        ('{"a":01}', "invalid number at line 1 column 7"),
        ('{"a":1', "EOF while parsing an object at line 1 column 6"),
        ('{"a" 1}', "expected `:` at line 1 column 6"),
        ('{"a":"b', "EOF while parsing a string at line 1 column 7"),
        ('[{"a":-}]', "invalid number at line 1 column 8"),
        ('[{"a":1.}]', "invalid number at line 1 column 9"),
        ('[{"a":[1,]}]', "expected value at line 1 column 10"),
        ('[{"a":{"b":1,}}]', "key must be a string at line 1 column 14"),
        ('[{"id":1} x]', "expected `,` or `]` at line 1 column 11"),
        ('{"a":"\\ud800"}', "unexpected end of hex escape at line 1 column 13"),
        ('{"a":1}\n{bad}', "trailing characters at line 2 column 1"),
    ],
)
def test_broken_json_is_refused_where_the_server_refuses_it(text: str, reason: str) -> None:
    assert serde.complaint(text.encode()) == reason


def test_a_long_reason_is_cut_in_the_middle() -> None:
    error = payload.malformed("json", "a" * 100 + "b" * 100)
    assert f"`Couldn't serialize document value: {'a' * 50}...{'b' * 85}`" in error.message


@pytest.mark.parametrize("body", [b"null", b'"x"', b"[1]", b'[{"id":1},[2]]'])
def test_documents_are_objects(body: bytes) -> None:
    with pytest.raises(ApiError, match="neither an object nor a list of objects"):
        read(payload.JSON, body)


def test_a_list_may_be_followed_by_anything() -> None:
    assert read(payload.JSON, b'[{"id":1}]]x') == [{"id": 1}]


def test_integers_beyond_64_bits_become_floats() -> None:
    assert read(payload.JSON, b'{"id":1,"n":123456789012345678901234567890}') == [
        {"id": 1, "n": 1.2345678901234568e29}
    ]
    assert read(payload.JSON, b'{"n":18446744073709551615}') == [{"n": 2**64 - 1}]


def test_ndjson_needs_no_line_breaks() -> None:
    assert read(payload.NDJSON, b'{"a":1}{"b":\n2}\n\n{"c":3}') == [{"a": 1}, {"b": 2}, {"c": 3}]


def test_csv_types_and_empty_cells() -> None:
    table = b'id,title:string,price:number,ok:boolean,x:y\n1,"a, ""b""",1.5,true,z\n2,,,,\n'
    assert read(payload.CSV, table) == [
        {"id": "1", "title": 'a, "b"', "price": 1.5, "ok": True, "x:y": "z"},
        {"id": "2", "title": None, "price": None, "ok": None, "x:y": None},
    ]


def test_csv_delimiter() -> None:
    assert read(payload.CSV, b"id;t\n1;a,b\n", ";") == [{"id": "1", "t": "a,b"}]


@pytest.mark.parametrize("media", [payload.JSON, payload.NDJSON, payload.CSV])
def test_nothing_is_a_missing_payload(media: str) -> None:
    with pytest.raises(ApiError) as refused:
        read(media, b"")
    assert refused.value.code == "missing_payload"


TRICKY = st.text(st.sampled_from('},{"[]\\ \n,a'), max_size=12)
DOCUMENTS = st.lists(
    st.dictionaries(
        TRICKY,
        st.one_of(TRICKY, st.lists(st.dictionaries(TRICKY, TRICKY, max_size=2), max_size=3)),
        max_size=3,
    ),
    max_size=12,
)


@given(DOCUMENTS)
def test_a_list_read_in_pieces_is_the_list(documents: list[payload.Document]) -> None:
    whole = json.dumps(documents).encode()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(payload, "PIECE", 16)
        assert read(payload.JSON, whole) == documents
