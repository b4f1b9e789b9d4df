"""The `_vectors` field of documents: kept as it is, when it has the shape of one."""

from __future__ import annotations

from typing import Any

from scrypath.local.engine.deserr import dumps
from scrypath.local.engine.errors import ApiError


def _called(value: object) -> str:
    """Return what the server's parser calls a value that it did not expect."""
    if value is None:
        return "null"
    if isinstance(value, list):
        return "sequence"
    if isinstance(value, str):
        return f"string {dumps(value)}"
    kind = (
        "boolean" if isinstance(value, bool) else "floating point" if isinstance(value, float) else "integer"
    )
    return f"{kind} `{dumps(value)}`"


def check(id_: str, document: dict[str, Any]) -> None:
    """Refuse a document whose vectors are none.

    Parameters
    ----------
    id_
        Its id.
    document
        A document with ``_vectors``.
    """
    vectors = document["_vectors"]
    if not isinstance(vectors, dict):
        column = 0 if isinstance(vectors, list) else len(dumps(vectors).encode())
        message = f"invalid type: {_called(vectors)}, expected a map at line 1 column {column}"
        raise ApiError("internal", message)
    for name, value in vectors.items():
        place = f"._vectors.{name}"
        message = ""
        if isinstance(value, bool | int | float | str):
            message = (
                f"Expected `{place}` to be an array of floats, an array of arrays of floats, or an object with at"
                f" least the field `regenerate`, but got the {_called(value)}"
            )
        elif isinstance(value, dict) and not isinstance(value.get("regenerate", True), bool):
            wrong = value["regenerate"]
            found = f"invalid type: {_called(wrong)}, expected a boolean"
            column = len(dumps({"regenerate": wrong}).encode())
            message = f"Could not parse `{place}.regenerate`: {found} at line 1 column {column}"
        if message:
            about = f"Bad embedder configuration in the document with id: `{id_}`."
            raise ApiError("invalid_vectors_type", f"{about} {message}")
