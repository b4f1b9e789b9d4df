"""Bodies of requests: bounded in size, decompressed when somebody looks at them."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Mapping
from typing import Final

from scrypath.local.engine.errors import ApiError

_WHOLE: Final = "failed to write whole buffer"
_UNFINISHED: Final = "corrupt gzip stream does not have a matching checksum"


class Broken(Exception):
    """A compressed body that cannot be read, in the words of the server's decoder."""


def _custom(kind: str, reason: str) -> Broken:
    return Broken(f'Custom {{ kind: {kind}, error: "{reason}" }}')


def _trailing() -> Broken:
    return Broken(f'Error {{ kind: WriteZero, message: "{_WHOLE}" }}')


def _gzip(body: bytes, most: int) -> bytes:
    reader = zlib.decompressobj(31)
    try:
        plain = reader.decompress(body, most)
    except zlib.error as error:
        reason = "invalid gzip header" if "header" in str(error) else "corrupt deflate stream"
        raise _custom("InvalidInput", reason) from None
    if reader.unused_data:
        raise _trailing()
    if len(plain) < most and not reader.eof:
        raise _custom("InvalidInput", _UNFINISHED)
    return plain


def _deflate(body: bytes, most: int) -> bytes:
    # What is cut short is as long as it is: the server does not ask for the end of such a body.
    reader = zlib.decompressobj(15)
    try:
        plain = reader.decompress(body, most)
    except zlib.error:
        raise _custom("InvalidInput", "corrupt deflate stream") from None
    if reader.unused_data:
        raise _trailing()
    return plain


def _brotli(body: bytes, most: int) -> bytes:
    if not body:
        return body
    import pyarrow as pa

    try:
        with pa.CompressedInputStream(pa.py_buffer(body), "brotli") as stream:
            plain: bytes = stream.read(most)
    except OSError:
        raise _custom("InvalidData", "Invalid Data") from None
    return plain


_DECODERS: Final[dict[str, Callable[[bytes, int], bytes]]] = {
    "gzip": _gzip,
    "deflate": _deflate,
    "br": _brotli,
}


def worded(size: int) -> str:
    """Return a size as the server words it: binary units when it divides by 1024, else decimal ones.

    Examples
    --------
    >>> worded(104_857_600), worded(1500)
    ('100 MiB', '1.5 KB')
    """
    base, units = (1024, ("B", "KiB", "MiB", "GiB")) if size % 1024 == 0 else (1000, ("B", "KB", "MB", "GB"))
    shown, step = float(size), 0
    while shown >= base and step < len(units) - 1:
        shown, step = shown / base, step + 1
    return f"{shown:g} {units[step]}"


class Body:
    """The body of one request, as it was sent.

    Parameters
    ----------
    limit
        Most bytes, before and after decompression.
    headers
        Of the request, names in lower case; they say how the body is compressed. An encoding that the server does
        not know is none.
    documents
        Whether the body is made of documents, about which refusals are worded differently.
    """

    def __init__(self, limit: int, headers: Mapping[str, str], *, documents: bool) -> None:
        self._limit = limit
        self._documents = documents
        self._chunks: list[bytes] = []
        self._encoding = headers.get("content-encoding", "").strip().lower()
        self._plain: bytes | None = None
        self.size = 0

    def add(self, chunk: bytes) -> None:
        """Keep one more chunk, unless the body is too large already."""
        self.size += len(chunk)
        if self.size <= self._limit:
            self._chunks.append(chunk)
        else:
            self._chunks.clear()

    def plain(self) -> bytes:
        """Return the whole body, decompressed.

        Raises
        ------
        ApiError
            When it is too large, or compressed in a way that cannot be undone.
        """
        if self._plain is None:
            if self.size > self._limit:
                raise self._too_large(self.size)
            sent = b"".join(self._chunks)
            self._chunks.clear()
            self._plain = self._decompressed(sent)
        return self._plain

    def _decompressed(self, sent: bytes) -> bytes:
        decode = _DECODERS.get(self._encoding)
        if decode is None:
            return sent
        try:
            plain = decode(sent, self._limit + 1)
        except Broken as broken:
            message = (
                "The provided payload is incomplete and cannot be parsed"
                if self._documents
                else f"Error that occur during reading payload: payload reached EOF before completing: Some({broken})"
            )
            raise ApiError("bad_request", message) from None
        if len(plain) > self._limit:
            raise self._too_large(len(plain))
        return plain

    def _too_large(self, size: int) -> ApiError:
        if self._documents:
            accepted = f"The maximum accepted payload size is {worded(self._limit)}."
            return ApiError("payload_too_large", f"The provided payload reached the size limit. {accepted}")
        message = f"JSON payload ({size} bytes) is larger than allowed (limit: {self._limit} bytes)."
        return ApiError("internal", message)
