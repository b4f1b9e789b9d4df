"""The wire without the kit: what a benchmark's ratios are taken against."""

from __future__ import annotations

import http.client
from collections.abc import Callable
from urllib.parse import urlsplit

from scrypath.config import Config


def raw_requests(config: Config) -> Callable[..., bytes]:
    """Requests over one kept connection of the standard library, the answer unread."""
    parts = urlsplit(config.need_meilisearch_url())
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port)
    headers = {"Accept-Encoding": "identity"}
    if config.meilisearch_key is not None:
        headers["Authorization"] = f"Bearer {config.meilisearch_key.reveal()}"

    def ask(method: str, path: str, body: bytes | None = None, kind: str = "application/json") -> bytes:
        connection.request(method, path, body, headers | ({} if body is None else {"Content-Type": kind}))
        return connection.getresponse().read()

    return ask
