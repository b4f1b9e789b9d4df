"""What identifies a document: its primary key, found or guessed, and its id."""

from __future__ import annotations

import re
from typing import Any, Final

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError

_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,511}")
_MISSING: Final = object()


def invalid_id(value: object) -> ApiError:
    """Return the refusal of a value that cannot be a document id."""
    return ApiError(
        "invalid_document_id",
        f"Document identifier `{dumps(value)}` is invalid. A document identifier can be of type integer or string,"
        " only composed of alphanumeric characters (a-z A-Z 0-9), hyphens (-) and underscores (_), and can not be"
        " more than 511 bytes.",
    )


def text_id(value: object) -> str:
    """Return the id as it is stored, refuse what cannot be one.

    Examples
    --------
    >>> text_id(7), text_id("a-1")
    ('7', 'a-1')
    """
    if isinstance(value, str):
        if _ID.fullmatch(value) is None:
            raise invalid_id(value)
        return value
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    raise invalid_id(value)


def guess(document: dict[str, Any]) -> str:
    """Return the one field of a document whose name ends with ``id``."""
    names = sorted(name for name in document if name.lower().endswith("id"))
    please = "Please specify the primary key manually using the `primaryKey` query parameter."
    if not names:
        raise ApiError(
            "index_primary_key_no_candidate_found",
            "The primary key inference failed as the engine did not find any field ending with `id` in its name."
            f" {please}",
        )
    if len(names) > 1:
        raise ApiError(
            "index_primary_key_multiple_candidates_found",
            f"The primary key inference failed as the engine found {len(names)} fields ending with `id` in their"
            f" names: '{names[0]}' and '{names[1]}'. {please}",
        )
    return names[0]


def key_taken(primary_key: str) -> ApiError:
    """Return the refusal of a second primary key."""
    return ApiError("index_primary_key_already_exists", f"Index already has a primary key: `{primary_key}`.")


def _find(document: dict[str, Any], primary_key: str) -> Any:
    if primary_key in document:
        return document[primary_key]
    head, dot, rest = primary_key.partition(".")
    while dot:
        inner = document.get(head)
        if isinstance(inner, dict):
            found = _find(inner, rest)
            if found is not _MISSING:
                return found
        more, dot, rest = rest.partition(".")
        head = f"{head}.{more}"
    return _MISSING


def document_id(document: dict[str, Any], primary_key: str) -> str:
    """Return the id of a document under a primary key, nested keys included."""
    found = _find(document, primary_key)
    if found is _MISSING:
        raise ApiError(
            "missing_document_id", f"Document doesn't have a `{primary_key}` attribute: `{dumps(document)}`."
        )
    return text_id(found)
