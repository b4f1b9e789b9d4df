"""Documents of an index: write and delete them in batches, read them by ids."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Literal

import orjson

from scrypath.adaptive_count import AdaptiveCount
from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch.document_pages import ANSWER, Page, columns, pages
from scrypath.meilisearch.indexes import path
from scrypath.meilisearch.moments import moment
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.wire import TooLong, connect
from scrypath.schema.identity import several, usable

__all__ = [
    "ANSWER",
    "Content",
    "Page",
    "SentTask",
    "columns",
    "delete",
    "delete_all",
    "get_in_portions",
    "get_many",
    "pages",
    "write",
    "write_payload",
]

type Content = Literal["replace", "update"]

IDS_PAGE = 1_000  # ids in one read
_METHODS: dict[str, str] = {"replace": "POST", "update": "PUT"}


@dataclass(frozen=True, slots=True)
class SentTask:
    """What the server answered to one accepted write. Accepted work is not searchable work."""

    uid: int
    index: str
    document_count: int | None  # documents in the payload, None when the caller gave ready bytes uncounted
    enqueued_at: datetime | None  # UTC


def write(
    config: Config,
    index: str,
    documents: Iterable[dict[str, Any] | bytes],
    *,
    primary_key: str | None = None,
    reference: str | None = None,
    content: Content = "replace",
    on_sent: Callable[[SentTask], None] | None = None,
) -> list[SentTask]:
    """Send documents as NDJSON, in batches that respect ``batch_size`` and ``payload_limit``.

    Parameters
    ----------
    documents
        Mappings, or documents that are JSON bytes already. Read as they are sent: a generator needs no memory.
    primary_key
        Name of the id field; the server needs it for an index that has none yet.
    reference
        Attached to every task as ``customMetadata``.
    content
        ``replace`` the documents, or ``update`` the given fields.
    on_sent
        Called after each accepted batch, so that nothing is forgotten when a later one is refused.

    Returns
    -------
    list of SentTask
        One per batch, empty without documents.

    Raises
    ------
    InvalidOptions
        For a document that is larger than ``payload_limit`` or that is not JSON, named by its position.
    """
    _method(content)
    sent: list[SentTask] = []

    def accepted(future: Future[SentTask]) -> None:
        sent.append(future.result())
        if on_sent is not None:
            on_sent(sent[-1])

    send = partial(
        write_payload, config, index, primary_key=primary_key, reference=reference, content=content
    )
    # One batch is on its way while the next is encoded; the order of the writes is kept.
    with ThreadPoolExecutor(max_workers=1, thread_name_prefix="scrypath-write") as sender:
        under_way: Future[SentTask] | None = None
        try:
            for payload, count in batches(documents, config.batch_size, config.payload_limit):
                last, under_way = under_way, None
                if last is not None:
                    accepted(last)
                under_way = sender.submit(send, payload, document_count=count)
        finally:
            if under_way is not None:
                accepted(under_way)
    return sent


def write_payload(
    config: Config,
    index: str,
    ndjson: bytes,
    *,
    primary_key: str | None = None,
    reference: str | None = None,
    content: Content = "replace",
    document_count: int | None = None,
) -> SentTask:
    """Send one ready NDJSON payload; parameters as in :func:`write`."""
    reply = connect(config).request(
        _method(content),
        path(index, "documents"),
        params={"primaryKey": primary_key, "customMetadata": reference},
        body=ndjson,
        content_type="application/x-ndjson",
    )
    return _sent(reply, index, document_count)


def delete(
    config: Config,
    index: str,
    ids: Sequence[str],
    *,
    reference: str | None = None,
    on_sent: Callable[[SentTask], None] | None = None,
) -> list[SentTask]:
    """Delete documents by id, in batches of ``batch_size``; ids that the index does not have are harmless."""
    sent: list[SentTask] = []
    ids = list(several("ids", ids))
    for start in range(0, len(ids), config.batch_size):
        chunk = list(ids[start : start + config.batch_size])
        reply = connect(config).request(
            "POST", path(index, "documents", "delete-batch"), params={"customMetadata": reference}, json=chunk
        )
        sent.append(_sent(reply, index, len(chunk)))
        if on_sent is not None:
            on_sent(sent[-1])
    return sent


def delete_all(config: Config, index: str, *, reference: str | None = None) -> SentTask:
    """Empty an index; its settings stay."""
    reply = connect(config).request("DELETE", path(index, "documents"), params={"customMetadata": reference})
    return _sent(reply, index, None)


def get_many(
    config: Config,
    index: str,
    ids: Sequence[str],
    *,
    fields: Sequence[str] | None = None,
    matching: str | None = None,
) -> list[dict[str, Any]]:
    """Read documents by id, in the server's order; ids that the index does not have, or cannot, are left out.

    Parameters
    ----------
    fields
        Fields to read; default: all of them.
    matching
        A filter expression of the server: documents that it does not select are left out too.

    Raises
    ------
    IndexNotFound
        When the server has no index of this name.
    """
    # One that cannot be an id, and the server refuses them all.
    possible = [item for item in several("ids", ids) if usable(item)]
    found: list[dict[str, Any]] = []
    for start in range(0, len(possible), IDS_PAGE):
        chunk = possible[start : start + IDS_PAGE]
        found += _fetched(config, index, chunk, fields=fields, matching=matching).documents
    return found


def get_in_portions(
    config: Config, index: str, ids: Sequence[str], *, fields: Sequence[str] | None = None
) -> Iterator[list[dict[str, Any]]]:
    """As :func:`get_many`, as many documents at a time as are held at once, however long they are."""
    possible = [item for item in ids if usable(item)]
    count = AdaptiveCount(largest=IDS_PAGE, most=ANSWER // 2)
    start = 0
    while chunk := possible[start : start + count.items]:
        most = ANSWER if len(chunk) > 1 else None  # one document is read, however long
        try:
            found = _fetched(config, index, chunk, fields=fields, most=most)
        except TooLong:
            count.halve(len(chunk))
            continue
        start += len(chunk)
        count.learn(items=len(found.documents), size=found.size)
        yield found.documents


@dataclass(frozen=True, slots=True)
class _Fetched:
    documents: list[dict[str, Any]]
    size: int  # bytes of the answer


def _fetched(
    config: Config,
    index: str,
    ids: Sequence[str],
    *,
    fields: Sequence[str] | None,
    matching: str | None = None,
    most: int | None = None,
) -> _Fetched:
    wanted: dict[str, Any] = {"ids": list(ids), "limit": len(ids)}
    if fields is not None:
        wanted["fields"] = list(several("fields", fields))
    if matching is not None:
        wanted["filter"] = matching
    reply = connect(config).request(
        "POST", path(index, "documents", "fetch"), json=wanted, idempotent=True, most=most
    )
    return _Fetched(reply.objects("results"), len(reply.body))


def batches(
    documents: Iterable[dict[str, Any] | bytes], most: int, limit: int
) -> Iterator[tuple[bytes, int]]:
    r"""NDJSON payloads of at most ``most`` documents and ``limit`` bytes, with their document counts.

    Examples
    --------
    >>> list(batches([{"id": 1}, {"id": 2}, b'{"id":3}'], most=2, limit=1_000))
    [(b'{"id":1}\n{"id":2}', 2), (b'{"id":3}', 1)]
    """
    lines: list[bytes] = []
    size = 0
    for position, document in enumerate(several("documents", documents)):
        line = document if isinstance(document, bytes) else _line(document, position)
        if len(line) > limit:
            raise InvalidOptions(
                f"Document number {position} has {len(line)} bytes, more than payload_limit ({limit}).",
                hint="Project fewer or shorter fields, or raise payload_limit together with the server's limit.",
            )
        if lines and (len(lines) == most or size + len(line) > limit):
            yield b"\n".join(lines), len(lines)
            lines, size = [], 0
        lines.append(line)
        size += len(line) + 1
    if lines:
        yield b"\n".join(lines), len(lines)


def _line(document: dict[str, Any], position: int) -> bytes:
    try:
        return orjson.dumps(document)
    except orjson.JSONEncodeError as error:
        raise InvalidOptions(
            f"Document number {position} is not JSON: {error}.",
            hint="Project plain values: text, numbers, booleans, lists, mappings with text keys, or None.",
        ) from error


def _method(content: str) -> str:
    if not isinstance(content, str) or content not in _METHODS:
        raise InvalidOptions(f"content cannot be {content!r}.", hint="Write 'replace' or 'update'.")
    return _METHODS[content]


def _sent(reply: Reply, index: str, count: int | None) -> SentTask:
    return SentTask(
        uid=reply.task_uid(),
        index=index,
        document_count=count,
        enqueued_at=moment(reply.mapping().get("enqueuedAt")),
    )
