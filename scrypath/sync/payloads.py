"""Cutting a write into payloads that the server takes."""

from __future__ import annotations

from bisect import bisect_right
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
    ends, ndjson = documents.ends, documents.ndjson
    start = 0
    while start < len(documents):
        within = bisect_right(ends, ends[start] + config.payload_limit, lo=start) - 1
        stop = min(within, start + config.batch_size, len(documents))
        if stop == start:
            size = ends[start + 1] - ends[start] - 1
            raise InvalidOptions(
                f"Document {documents.ids[start]!r} has {size} bytes; payload_limit is {config.payload_limit}.",
                hint="Project fewer fields, or raise payload_limit here and on the server.",
            )
        yield Payload(tuple(documents.ids[start:stop]), bytes(ndjson[ends[start] : ends[stop]]))
        start = stop
