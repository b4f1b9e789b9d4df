"""Searching in the server's own words: the body goes as it is, the answer comes as it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch.indexes import path
from scrypath.meilisearch.wire import connect


def search(config: Config, index: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Search one index and return the raw answer.

    Parameters
    ----------
    body
        The server's own search body in camelCase, such as ``{"q": "paris", "attributesToHighlight": ["name"]}``.

    Raises
    ------
    IndexNotFound
        When the server has no index of this name; ``BackendRejected`` for a body that it refuses.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.meilisearch import search
    >>> index = scrypath.schema_config("Product")["index"]
    >>> search(scrypath.configure(), index, {"q": "lamp", "attributesToRetrieve": ["name"]})["hits"]
    [{'name': 'Lamp'}]
    """
    return _post(config, path(index, "search"), {} if body is None else body)


def multi_search(config: Config, body: Mapping[str, Any], *, deadline: float | None = None) -> dict[str, Any]:
    """Search several indexes in one request, federated or not, and return the raw answer.

    Parameters
    ----------
    body
        The server's own body: ``{"queries": [{"indexUid": …, "q": …}, …]}``.
    deadline
        Seconds for the request and its repetitions; default: the configuration's timeouts alone.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.meilisearch import multi_search
    >>> indexes = [scrypath.schema_config(schema)["index"] for schema in ("Brand", "Product")]
    >>> queries = [{"indexUid": index, "q": "", "limit": 1} for index in indexes]
    >>> answer = multi_search(scrypath.configure(), {"queries": queries})
    >>> [result["hits"][0]["name"] for result in answer["results"]]
    ['Acme', 'Lamp']
    """
    return _post(config, "/multi-search", body, deadline)


def facet_search(config: Config, index: str, body: Mapping[str, Any]) -> dict[str, Any]:
    """Search among the values of a facet and return the raw answer."""
    return _post(config, path(index, "facet-search"), body)


def _post(
    config: Config, route: str, body: Mapping[str, Any], deadline: float | None = None
) -> dict[str, Any]:
    if not isinstance(body, Mapping):
        raise InvalidOptions(
            f"A raw search body cannot be a {type(body).__name__}.",
            hint='Give a mapping, as in {"q": "paris"}.',
        )
    return (
        connect(config).request("POST", route, json=dict(body), deadline=deadline, idempotent=True).mapping()
    )
