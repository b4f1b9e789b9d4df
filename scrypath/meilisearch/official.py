"""The official Python client, configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from scrypath.config import Config

if TYPE_CHECKING:
    import meilisearch


def client(config: Config) -> meilisearch.Client:
    """The official ``meilisearch`` client for everything that the kit does not wrap.

    It opens a connection per request and raises errors of its own; it is not for hot paths or for threads.

    Raises
    ------
    ConfigError
        When no Meilisearch URL is configured.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.meilisearch import client
    >>> index = client(scrypath.configure()).index(scrypath.schema_config("Product")["index"])
    >>> index.get_document("1").name
    'Lamp'
    """
    from meilisearch import Client

    key = config.meilisearch_key.reveal() if config.meilisearch_key is not None else None
    encoding = "gzip" if config.compress else "identity"
    return Client(
        config.need_meilisearch_url().base,
        key,
        timeout=max(1, round(config.request_timeout)),
        custom_headers={"Accept-Encoding": encoding},
    )
