"""Names of indexes: what they may be made of."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from scrypath.local.engine.errors import ApiError

_UID: Final = re.compile(r"[A-Za-z0-9_-]{1,400}")


def complaint(uid: str) -> str:
    """Return what is said about a uid that cannot name an index."""
    return (
        f"`{uid}` is not a valid index uid. Index uid can be an integer or a string containing only"
        " alphanumeric characters, hyphens (-) and underscores (_), and can not be more than 512 bytes."
    )


def index_uid(uid: str, refuse: Callable[[str], ApiError] | None = None) -> str:
    """Return the uid when it may name an index.

    Parameters
    ----------
    uid
        The name as it was sent.
    refuse
        Makes the error of a message; by default the one of a name in a path.

    Examples
    --------
    >>> index_uid("films-2")
    'films-2'
    """
    if _UID.fullmatch(uid) is None:
        message = complaint(uid)
        raise refuse(message) if refuse else ApiError("invalid_index_uid", message)
    return uid


def not_found(uid: str) -> ApiError:
    """Return the refusal of an index that does not exist."""
    return ApiError("index_not_found", f"Index `{uid}` not found.")
