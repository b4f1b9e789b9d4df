"""A successful answer, and its parts in the shape that they have from Meilisearch."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import orjson

from scrypath.errors import TransportError, raise_alone
from scrypath.meilisearch import faults, shapes
from scrypath.redaction import Secret


@dataclass(frozen=True, slots=True)
class Reply:
    """A successful answer.

    Parameters
    ----------
    status
        HTTP status, 200 to 299.
    body
        The bytes as they came, decompressed.
    origin
        Method, path and server, for messages.
    """

    status: int
    body: bytes = field(repr=False)
    origin: str
    key: Secret | None = None  # to be kept out of messages that quote the body

    def malformed(self) -> TransportError:
        """The error for an answer that is not Meilisearch's."""
        return faults.malformed(self.origin, self.body, self.key)

    def json(self) -> Any:
        """The body as Python objects.

        Raises
        ------
        TransportError
            When it is not JSON: whatever answered is not Meilisearch.
        """
        try:
            return orjson.loads(self.body)
        except orjson.JSONDecodeError:
            raise_alone(self.malformed())

    def mapping(self) -> dict[str, Any]:
        """The body as a JSON object; anything else is a ``TransportError``."""
        found = self.json()
        if not isinstance(found, dict):
            raise self.malformed()
        return found

    def task_uid(self) -> int:
        """The uid of the task that the server enqueued for this request."""
        return self.count("taskUid")

    def objects(self, name: str) -> list[dict[str, Any]]:
        """The list of JSON objects that the answer has under a name; anything else is a ``TransportError``."""
        found = shapes.objects(self.mapping().get(name))
        if found is None:
            raise self.malformed()
        return found

    def count(self, name: str) -> int:
        """The number of things that the answer has under a name; anything else is a ``TransportError``."""
        found = shapes.count(self.mapping().get(name))
        if found is None:
            raise self.malformed()
        return found
