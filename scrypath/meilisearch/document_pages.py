"""An index read page by page, as bytes, objects or Arrow columns."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from scrypath.adaptive_count import AdaptiveCount
from scrypath.config import Config
from scrypath.meilisearch.indexes import path
from scrypath.meilisearch.reply import Reply
from scrypath.meilisearch.task_filters import whole_number
from scrypath.meilisearch.wire import TooLong, Wire, connect
from scrypath.reach import submit
from scrypath.schema.identity import several

if TYPE_CHECKING:
    import pyarrow as pa

ANSWER = 16 << 20  # bytes of one answer with whole documents
AHEAD = (
    2  # pages on their way while one is used: the server answers two connections at twice the speed of one
)
_TAIL = re.compile(rb'"offset":\d+,"limit":\d+,"total":(\d{1,18})\}\s*\Z')
_INTEGER = r"^-?[0-9]+$"


@dataclass(frozen=True, slots=True)
class Page:
    """One page of an index, as it came.

    Parameters
    ----------
    reply
        The server's answer.
    offset
        Position of the first document, in the server's internal order.
    total
        Documents in the index when this page was read.
    count
        Documents in this page.
    """

    reply: Reply
    offset: int
    total: int
    count: int

    @property
    def body(self) -> bytes:
        """The server's answer, unparsed."""
        return self.reply.body

    def documents(self) -> list[dict[str, Any]]:
        """The documents as Python objects."""
        found = _results(self.reply)[0]
        if len(found) < self.count:  # what is missing would be taken for deleted
            raise self.reply.malformed()
        return found

    def repeats(self, before: Page) -> bool:
        """Whether this page holds the same documents as the one before, which begins elsewhere."""
        end = self.body.rfind(b"]")  # what follows are the counts
        same_length = self.count > 1 and self.offset != before.offset and end == before.body.rfind(b"]")
        return same_length and self.body[:end] == before.body[:end]


def pages(
    config: Config,
    index: str,
    *,
    fields: Sequence[str] | None = None,
    page_size: int | None = None,
    start: int = 0,
    stop: int | None = None,
    ahead: int = AHEAD,
    overlap: int = 0,
    most: int | None = None,
) -> Iterator[Page]:
    """Read an index from ``start`` to ``stop``, in order, with the next pages already on their way.

    The order is the server's internal one and the reading is not a snapshot: compare ``total`` between pages, remove
    doubles by id, and confirm suspects with ``get_many``.

    Parameters
    ----------
    fields
        Fields to read; default: all of them.
    page_size
        Documents in one read; default: the configuration's.
    start, stop
        Positions, ``stop`` exclusive; default: all of them.
    ahead
        Pages requested before they are needed, each over a connection of its own.
    overlap
        Documents of the page before that every page but the first repeats; then a page that is empty by the time it is
        read is not left out. A page that does not begin as the one before ended shows that documents moved.

    most
        Bytes of one page: then it has fewer documents than ``page_size`` where they are long, and one at least.
        Default: no limit, for fields that are known to be short.

    Raises
    ------
    IndexNotFound
        When the server has no index of this name, also when it vanishes on the way.
    """
    size = config.page_size if page_size is None else page_size
    whole_number("page_size", size)
    whole_number("ahead", ahead)
    whole_number("start", start, least=0)
    if stop is not None:
        whole_number("stop", stop, least=0)
    wire, route = connect(config), path(index, "documents", "fetch")
    chosen = {} if fields is None else {"fields": list(several("fields", fields))}
    with ThreadPoolExecutor(max_workers=ahead, thread_name_prefix="scrypath-pages") as reader:
        coming: deque[tuple[int, int, Future[Page]]] = deque()
        count = None if most is None else AdaptiveCount(largest=size, most=most // 2)

        def ask(offset: int, stretch: int) -> None:
            begin = max(start, offset - overlap)
            limit = (offset + stretch if stop is None else min(offset + stretch, stop)) - begin
            enough = None if limit <= 1 + overlap else most  # one document is read, however long
            wanted = chosen | {"offset": begin, "limit": limit}
            coming.append((offset, stretch, submit(reader, _read, wire, route, wanted, enough)))

        end = start + 1 if stop is None else stop  # until the first page tells, one page is known to exist
        following = start
        before: Page | None = None
        try:
            while True:
                while following < end and len(coming) < ahead:
                    stretch = size if count is None else count.items
                    ask(following, stretch)
                    following += stretch
                if not coming:
                    return
                offset, stretch, reading = coming.popleft()
                try:
                    page = reading.result()
                except TooLong:
                    assert count is not None, "without a limit, no answer is too long"
                    count.halve(stretch)
                    following = offset
                    _forget(coming)
                    continue
                if count is not None:
                    count.learn(items=page.count, size=len(page.body))
                if before is not None and page.repeats(before):
                    raise page.reply.malformed()  # or this would go on for as long as it claims to have documents
                before = page
                # A server that counts more documents than it gives has given all of them.
                end = (
                    min(page.total, page.total if stop is None else stop)
                    if page.count
                    else min(end, page.offset)
                )
                if page.count or overlap or page.offset == start:
                    yield page
        finally:
            _forget(coming)


def _forget(coming: deque[tuple[int, int, Future[Page]]]) -> None:
    while coming:
        coming.pop()[2].cancel()


def columns(page: Page, fields: Sequence[str], *, id_field: str | None = None) -> pa.Table:
    """Fields of a page as Arrow columns of text.

    Strings are kept as they are, other values become JSON, absent ones and null are null. So the ids 1 and "1",
    which are one document to Meilisearch, both read "1".

    Parameters
    ----------
    fields
        Names of the columns, in order.
    id_field
        Adds a column ``id_kind``, ``number`` or ``string``, that keeps ids apart which differ by type only.

    Returns
    -------
    pyarrow.Table
        One ``large_string`` column per field.
    """
    import polars as pl

    wanted = pl.Struct(dict.fromkeys(fields, pl.String()))
    try:
        read = (
            pl.Series([page.body.decode()])
            .str.json_decode(pl.Struct({"results": pl.List(wanted)}))
            .struct.field("results")
            .explode(empty_as_null=False)
            .struct.unnest()
        )
    except (UnicodeDecodeError, pl.exceptions.PolarsError):
        return _slow_columns(page, fields, id_field)
    if read.height != page.count:
        return _slow_columns(page, fields, id_field)
    if id_field is not None:
        digits = read.get_column(id_field).str.contains(_INTEGER)
        if digits.any() and not _only_numbers(page, id_field):
            return _slow_columns(page, fields, id_field)
        kind = pl.when(digits).then(pl.lit("number")).otherwise(pl.lit("string"))
        read = read.with_columns((pl.lit("number") if digits.all() else kind).alias("id_kind"))
    return read.to_arrow(compat_level=pl.CompatLevel.oldest())


def _only_numbers(page: Page, id_field: str) -> bool:
    return page.body.count(b'"' + id_field.encode() + b'":"') == 0


def _slow_columns(page: Page, fields: Sequence[str], id_field: str | None) -> pa.Table:
    import pyarrow as pa

    found = page.documents()
    read = {
        field: pa.array([_text(document.get(field)) for document in found], pa.large_string())
        for field in fields
    }
    if id_field is not None:
        kinds = ["string" if isinstance(document.get(id_field), str) else "number" for document in found]
        read["id_kind"] = pa.array(kinds, pa.large_string())
    return pa.table(read)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return orjson.dumps(value).decode()


def _read(wire: Wire, route: str, wanted: dict[str, Any], most: int | None) -> Page:
    reply = wire.request("POST", route, json=wanted, idempotent=True, most=most)
    offset, limit = int(wanted["offset"]), int(wanted["limit"])
    if reply.body.startswith(b'{"results":[]'):
        return Page(reply, offset, _results(reply)[1], 0)
    # The last bytes tell the total: the page itself is parsed once, by its user.
    tail = _TAIL.search(reply.body[-120:])
    if tail is not None and reply.body.startswith(b'{"results":['):
        total = int(tail[1])
        return Page(reply, offset, total, max(0, min(limit, total - offset)))
    results, total = _results(reply)
    if results and len(results) < min(limit, total - offset):
        raise reply.malformed()
    return Page(reply, offset, total, len(results))


def _results(reply: Reply) -> tuple[list[dict[str, Any]], int]:
    return reply.objects("results"), reply.count("total")
