"""Cutting a write into payloads that the server takes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.schema.documents import Documents


@dataclass(frozen=True, slots=True)
class Payload:
    """One NDJSON payload and the ids of its documents."""

    ids: tuple[str, ...]
    body: bytes


def cut(documents: Documents, config: Config) -> Iterator[Payload]:
    """Payloads of at most ``batch_size`` documents and ``payload_limit`` bytes.

    Raises
    ------
    InvalidOptions
        For a document that is larger than ``payload_limit`` by itself.
    """
    lines: list[bytes] = []
    ids: list[str] = []
    size = 0
    for document_id, line in zip(documents.ids, documents.lines, strict=True):
        encoded = line.encode()
        if len(encoded) >= config.payload_limit:
            raise InvalidOptions(
                f"Document {document_id!r} has {len(encoded)} bytes; payload_limit is {config.payload_limit}.",
                hint="Project fewer fields, or raise payload_limit here and on the server.",
            )
        if lines and (len(lines) >= config.batch_size or size + len(encoded) + 1 > config.payload_limit):
            yield _payload(ids, lines)
            lines, ids, size = [], [], 0
        lines.append(encoded)
        ids.append(document_id)
        size += len(encoded) + 1
    if lines:
        yield _payload(ids, lines)


def _payload(ids: list[str], lines: list[bytes]) -> Payload:
    return Payload(tuple(ids), b"\n".join(lines) + b"\n")
