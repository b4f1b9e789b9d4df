from __future__ import annotations

import gzip
import zlib
from collections.abc import Callable

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrypath.local.engine.bodies import Body
from scrypath.local.engine.errors import ApiError

SENT = b'{"q":"hello"}'


def brotli(data: bytes) -> bytes:
    compressed: bytes = pa.Codec("brotli").compress(data, asbytes=True)
    return compressed


def body(sent: bytes, encoding: str = "", *, limit: int = 1000, documents: bool = False) -> Body:
    found = Body(limit, {"content-encoding": encoding} if encoding else {}, documents=documents)
    found.add(sent)
    return found


CODERS = {"gzip": gzip.compress, "deflate": zlib.compress, "br": brotli}


@pytest.mark.parametrize("encoding", CODERS)
@given(data=st.binary(min_size=1, max_size=200), cut=st.integers(0, 200))
def test_what_was_compressed_comes_back_however_it_arrives(encoding: str, data: bytes, cut: int) -> None:
    sent = CODERS[encoding](data)
    found = Body(1000, {"content-encoding": f" {encoding.upper()} "}, documents=False)
    for chunk in (sent[:cut], sent[cut:]):
        found.add(chunk)
    assert found.plain() == found.plain() == data


@pytest.mark.parametrize("encoding", ["", "identity", "zstd", "foo", "gzip, br"])
def test_an_encoding_that_the_server_does_not_know_is_none(encoding: str) -> None:
    assert body(SENT, encoding).plain() == SENT


@pytest.mark.parametrize(
    ("encoding", "spoil", "reason"),
    [
        (
            "gzip",
            lambda sent: sent[:-1],
            'Custom { kind: InvalidInput, error: "corrupt gzip stream does not have a matching checksum" }',
        ),
        (
            "gzip",
            lambda _: b"",
            'Custom { kind: InvalidInput, error: "corrupt gzip stream does not have a matching checksum" }',
        ),
        (
            "gzip",
            lambda sent: b"x" + sent,
            'Custom { kind: InvalidInput, error: "invalid gzip header" }',
        ),
        (
            "gzip",
            lambda sent: sent + b"x",
            'Error { kind: WriteZero, message: "failed to write whole buffer" }',
        ),
        (
            "deflate",
            lambda sent: b"x" + sent,
            'Custom { kind: InvalidInput, error: "corrupt deflate stream" }',
        ),
        (
            "deflate",
            lambda sent: sent + b"x",
            'Error { kind: WriteZero, message: "failed to write whole buffer" }',
        ),
        ("br", lambda sent: b"garbage" + sent, 'Custom { kind: InvalidData, error: "Invalid Data" }'),
    ],
)
def test_a_broken_body_is_refused_in_the_words_of_the_server(
    encoding: str, spoil: Callable[[bytes], bytes], reason: str
) -> None:
    broken = spoil(CODERS[encoding](SENT))
    with pytest.raises(ApiError) as refused:
        body(broken, encoding).plain()
    assert refused.value.code == "bad_request"
    assert refused.value.message == (
        f"Error that occur during reading payload: payload reached EOF before completing: Some({reason})"
    )
    with pytest.raises(ApiError, match="The provided payload is incomplete and cannot be parsed"):
        body(broken, encoding, documents=True).plain()


def test_a_deflated_body_that_is_cut_short_is_as_long_as_it_is() -> None:
    assert body(zlib.compress(SENT)[:-1], "deflate").plain() == SENT


@pytest.mark.parametrize("encoding", ["", *CODERS])
def test_a_body_beyond_the_limit_is_refused_compressed_or_not(encoding: str) -> None:
    sent = CODERS.get(encoding, bytes)(b"a" * 2048)
    with pytest.raises(ApiError) as refused:
        body(sent, encoding, limit=1024, documents=True).plain()
    assert (refused.value.code, refused.value.status) == ("payload_too_large", 413)
    assert "The maximum accepted payload size is 1 KiB." in refused.value.message
    with pytest.raises(ApiError, match="larger than allowed") as internal:
        body(sent, encoding, limit=1024).plain()
    assert internal.value.code == "internal"
