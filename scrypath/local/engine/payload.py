"""Documents as they arrive: JSON, NDJSON or CSV, turned into one document a line."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from typing import Any, Final

import orjson

from scrypath.local.engine import serde
from scrypath.local.engine.errors import ApiError

JSON: Final = "application/json"
NDJSON: Final = "application/x-ndjson"
CSV: Final = "text/csv"
NAMES: Final = {JSON: "json", NDJSON: "ndjson", CSV: "csv"}

# A list is read in pieces of this many bytes, so that no reading holds up other threads for long.
PIECE: Final = 1 << 20
_TRIES: Final = 40
_NEITHER: Final = "data are neither an object nor a list of objects"

type Document = dict[str, Any]


def malformed(name: str, reason: str) -> ApiError:
    """Return the refusal of documents that cannot be read.

    Very long reasons keep their first 50 and last 85 bytes.
    """
    if len(reason) > 50 + 85 + 3:
        reason = f"{reason[:50]}...{reason[-85:]}"
    message = f"The `{name}` payload provided is malformed. `Couldn't serialize document value: {reason}`."
    return ApiError("malformed_payload", message)


def loads(data: bytes | str) -> Any:
    """Return the value of JSON text; integers beyond 64 bits become floats.

    Raises
    ------
    ValueError
        When the text is not JSON.
    """
    try:
        return orjson.loads(data)
    except orjson.JSONDecodeError:
        if re.search(rb"\d{19}" if isinstance(data, bytes) else r"\d{19}", data) is None:  # type: ignore[arg-type]
            raise
        return json.loads(data, parse_int=_integer, parse_constant=_constant)


def _integer(text: str) -> int | float:
    number = int(text)
    return number if -(2**63) <= number < 2**64 else float(text)


def _constant(text: str) -> float:
    raise ValueError(f"{text} is not JSON")


def _objects(values: list[Any], data: bytes) -> list[Document]:
    for position, value in enumerate(values):
        if not isinstance(value, dict):
            if position == len(values) - 1:
                raise malformed("json", _NEITHER)
            reader = serde.Reader(data)
            reader.peek()
            reader.at += 1
            for _ in range(position + 1):
                reader.value(1)
                reader.peek()
                reader.at += 1
            reader.peek()
            raise malformed("json", str(reader.fail("trailing characters")))
    return values


def _pieces(body: bytes) -> Iterator[list[Document]]:
    """Yield the documents of a long JSON list piece by piece.

    A piece that starts where an element starts and reads as a list ends where an element ends.
    """
    start = body.index(b"[") + 1
    size = PIECE
    while True:
        end, tries = start + size, 0
        while tries < _TRIES:
            end = body.find(b",", end)
            if end == -1:
                yield loads(b"[" + body[start:])
                return
            try:
                yield loads(b"[" + body[start:end] + b"]")
            except ValueError:
                tries += 1
                end += 1
            else:
                break
        else:
            size *= 2
            continue
        start, size = end + 1, PIECE


def read_json(body: bytes) -> Iterator[list[Document]]:
    """Yield the documents of a JSON object or list of objects."""
    try:
        if len(body) > PIECE and body.lstrip()[:1] == b"[":
            for piece in _pieces(body):
                yield _objects(piece, body)
            return
        value = loads(body)
    except ValueError:
        yield from _first_list(body)
        return
    if isinstance(value, dict):
        yield [value]
    elif isinstance(value, list):
        yield _objects(value, body)
    else:
        raise malformed("json", _NEITHER)


def _first_list(body: bytes) -> Iterator[list[Document]]:
    """Yield the documents of a list that is followed by something else, as the server does."""
    reader = serde.Reader(body)
    if reader.peek() == ord("["):
        start = reader.at
        try:
            reader.value()
        except serde.SerdeError as error:
            raise malformed("json", str(error)) from None
        try:
            yield _objects(loads(body[start : reader.at]), body)
        except ValueError:
            raise malformed("json", serde.complaint(body)) from None
        return
    raise malformed("json", serde.complaint(body))


def read_ndjson(body: bytes) -> Iterator[list[Document]]:
    """Yield the documents of JSON objects that follow each other."""
    lines = io.BytesIO(body)
    start = 0
    while chunk := lines.readlines(PIECE):
        documents: list[Document] = []
        for line in chunk:
            if not line.strip():
                start += len(line)
                continue
            try:
                document = loads(line)
            except ValueError:
                if documents:
                    yield documents
                yield from _stream(body, start)
                return
            if not isinstance(document, dict):
                raise malformed("ndjson", _NEITHER)
            documents.append(document)
            start += len(line)
        yield documents


def _stream(body: bytes, start: int) -> Iterator[list[Document]]:
    """Yield documents that do not sit on a line each."""
    reader = serde.Reader(body)
    reader.at = start
    while (byte := reader.peek()) != -1:
        first = reader.at
        try:
            reader.value()
            document = loads(body[first : reader.at])
        except serde.SerdeError as error:
            raise malformed("ndjson", str(error)) from None
        except ValueError:
            raise malformed("ndjson", serde.complaint(body[first : reader.at])) from None
        if byte != ord("{"):
            raise malformed("ndjson", _NEITHER)
        yield [document]


_INTEGER: Final = re.compile(r"[+-]?[0-9]+")
_FLOAT: Final = re.compile(
    r"[+-]?(?:inf|infinity|nan|(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)", re.IGNORECASE
)


def _csv_error(reason: str) -> ApiError:
    return ApiError("malformed_payload", f"The `csv` payload provided is malformed: `{reason}`.")


def _cell(kind: str, text: str, line: int) -> Any:
    trimmed = text.strip()
    if kind == "string":
        return text or None
    if not trimmed:
        return None
    if kind == "boolean":
        if trimmed not in ("true", "false"):
            raise _csv_error(
                f'Error parsing boolean "{text}" at line {line}: provided string was not `true` or `false`'
            )
        return trimmed == "true"
    if _INTEGER.fullmatch(trimmed) and -(2**63) <= int(trimmed) < 2**63:
        return int(trimmed)
    if _FLOAT.fullmatch(trimmed) is None:
        raise _csv_error(f'Error parsing number "{text}" at line {line}: invalid float literal')
    return float(trimmed)


def read_csv(body: bytes, delimiter: str) -> Iterator[list[Document]]:
    """Yield the documents of a table whose first row names the fields, with their types."""
    try:
        text = body.decode()
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start)
        start = body.rfind(b"\n", 0, error.start) + 1
        raise _csv_error(
            f"CSV parse error: record {line} (line {line + 1}, field: 0, byte: {start}):"
            f" invalid utf-8: invalid UTF-8 in field 0 near byte index {error.start - start}"
        ) from None
    rows = csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter)
    fields: list[tuple[str, str]] = []
    documents: list[Document] = []
    for number, (line, row) in enumerate((rows.line_num, row) for row in rows if row):
        if not fields:
            for header in row:
                name, colon, kind = header.rpartition(":")
                typed = colon and kind in ("string", "boolean", "number")
                fields.append((name, kind) if typed else (header, "string"))
            continue
        if len(row) != len(fields):
            start = sum(len(part.encode()) for part in text.splitlines(keepends=True)[: line - 1])
            raise _csv_error(
                f"CSV error: record {number} (line: {line}, byte: {start}): found record with {len(row)} fields,"
                f" but the previous record has {len(fields)} fields"
            )
        documents.append(
            {name: _cell(kind, cell, number) for (name, kind), cell in zip(fields, row, strict=True)}
        )
        if len(documents) == 1000:
            yield documents
            documents = []
    yield documents


def read(content_type: str, body: bytes, delimiter: str = ",") -> Iterator[list[Document]]:
    """Yield the documents of a payload in pieces.

    Parameters
    ----------
    content_type
        One of ``JSON``, ``NDJSON``, ``CSV``.
    body
        The payload, already decompressed.
    delimiter
        Of CSV fields.

    Raises
    ------
    ApiError
        ``missing_payload`` or ``malformed_payload``.
    """
    if not body:
        raise ApiError("missing_payload", f"A {NAMES[content_type]} payload is missing.")
    if content_type == JSON:
        return read_json(body)
    return read_ndjson(body) if content_type == NDJSON else read_csv(body, delimiter)


def line(document: Document) -> bytes:
    """Return a document as one line of the stored payload."""
    return orjson.dumps(document, option=orjson.OPT_APPEND_NEWLINE)
