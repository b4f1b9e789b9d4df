"""Numbers that the server gives back a last digit off, and documents that differ from their rows in nothing else.

A server reads ``0.9452706955539223`` and keeps ``0.9452706955539224``: of numbers with 16 or 17 digits, one in nine. No
writing again fixes that, so a comparison by content does not call it drift. A fingerprint is made before the server
reads anything, and is exact.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from scrypath.compare.fingerprints import document_fingerprints, id_of
from scrypath.errors import IndexNotFound, ProjectionError
from scrypath.meilisearch import documents as index_documents
from scrypath.schema.fields import Kind
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.current_documents import current

STEPS = 4  # from one float to the next: what a server may be off, read twice
LOSSY = frozenset({Kind.NUMBER, Kind.NUMBERS, Kind.JSON})


def as_sent(held: Any, sent: Any) -> Any:
    """What a document holds, with each number that the server only read inexactly as it was sent.

    Examples
    --------
    >>> as_sent({"a": [0.9452706955539224, 2]}, {"a": [0.9452706955539223, 1]})
    {'a': [0.9452706955539223, 2]}
    >>> as_sent(9007199254740993, 9007199254740992), as_sent(0.3, 0.30000000000001)
    (9007199254740993, 0.3)
    """
    match held, sent:
        case dict(), dict():
            return {name: as_sent(value, sent.get(name)) for name, value in held.items()}
        case list(), list() if len(held) == len(sent):
            return [as_sent(*pair) for pair in zip(held, sent, strict=True)]
        case (float(), float() | int()) | (int(), float()) if not isinstance(sent, bool):
            return sent if abs(held - sent) <= STEPS * math.ulp(sent) else held
    return held


def as_their_rows(ref: IndexRef, ids: Sequence[str]) -> set[str]:
    """Which of these documents say what their rows say, but for digits that the server lost."""
    lossy = {field.name for field in ref.schema.fields if field.kind in LOSSY}
    if not ids or not lossy:
        return set()
    try:
        rows, _ = current(ref, ids)
        read = index_documents.get_many(
            ref.config, ref.uid, ids, fields=[field.name for field in ref.schema.fields]
        )
    except (IndexNotFound, ProjectionError):  # it changed since it was read: then it is not as its row
        return set()
    sent = dict(zip(rows.ids, map(orjson.loads, rows.lines), strict=True))
    held = [_fixed(document, sent.get(id_of(ref.schema, document), {}), lossy) for document in read]
    wanted = dict(zip(rows.ids, rows.fingerprints, strict=True))
    found = document_fingerprints(ref.schema, held)
    pairs = zip(found.column("id").to_pylist(), found.column("fingerprint").to_pylist(), strict=True)
    return {
        document_id for document_id, mark in pairs if mark is not None and wanted.get(document_id) == mark
    }


def _fixed(document: Mapping[str, Any], sent: Mapping[str, Any], lossy: set[str]) -> dict[str, Any]:
    return {
        name: as_sent(value, sent.get(name)) if name in lossy else value for name, value in document.items()
    }
