"""Several searches in one request, answered side by side or merged into one list."""

from __future__ import annotations

import sqlite3
import uuid
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any, Final

from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.search import federation, multi_request, query

type Opened = tuple[sqlite3.Connection, Mapping[str, Any], str | None]
type OpenIndex = Callable[[str], AbstractContextManager[Opened]]

OPTIONS_OUTSIDE: Final = (
    "Using `federationOptions` is not allowed in a non-federated search.\n"
    " - Hint: remove `federationOptions` from the query or add `federation` to the request."
)


def multi_search(open_index: OpenIndex, body: Any) -> dict[str, Any]:
    """Answer a multi-search.

    Parameters
    ----------
    open_index
        Opens an index by name: database, settings, primary key.
    body
        The JSON body of the request.

    Returns
    -------
    dict
        The reply as the API gives it.

    Raises
    ------
    ApiError
        The request is malformed, or one of its searches is refused.
    """
    queries, merged = multi_request.read(body)
    if merged is not None:
        return federation.answer(open_index, queries, merged)
    request_uid = str(uuid.uuid4())
    results = []
    for index, asked in enumerate(queries):
        try:
            if asked.options is not None:
                raise ApiError("invalid_multi_search_federation_options", OPTIONS_OUTSIDE)
            with open_index(asked.uid) as (conn, settings, _):
                reply = query.answer(conn, settings, asked.search, uid=asked.uid)
        except ApiError as error:
            raise ApiError(error.code, f"Inside `.queries[{index}]`: {error.message}") from None
        results.append({"indexUid": asked.uid, **reply, "requestUid": request_uid})
    return {"results": results}
