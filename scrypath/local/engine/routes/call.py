"""One request as a route sees it, and the reply it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import orjson

from scrypath.local.engine import names, serde
from scrypath.local.engine.access import Access
from scrypath.local.engine.bodies import Body
from scrypath.local.engine.deserr import Params
from scrypath.local.engine.engine import Engine
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.payload import loads

_ACCEPTED: Final = ("application/json",)


@dataclass(frozen=True, slots=True)
class Reply:
    """What a request gets.

    Parameters
    ----------
    body
        JSON text, empty for none.
    status
        HTTP status.
    """

    body: bytes = b""
    status: int = 200


def answer(value: Any, status: int = 200) -> Reply:
    """Return a value as a reply."""
    return Reply(orjson.dumps(value), status)


def content_type(headers: Mapping[str, str], accepted: Sequence[str]) -> str:
    """Return the media type of a request, refuse what a route does not take."""
    listed = ", ".join(f"`{name}`" for name in accepted)
    header = headers.get("content-type")
    if header is None:
        message = (
            f"A Content-Type header is missing. Accepted values for the Content-Type header are: {listed}"
        )
        raise ApiError("missing_content_type", message)
    media = header.partition(";")[0].strip().lower().partition("+")[0]
    if media not in accepted:
        message = f"The Content-Type `{media}` is invalid. Accepted values for the Content-Type header are: {listed}"
        raise ApiError("invalid_content_type", message)
    return media


@dataclass(frozen=True, slots=True)
class Call:
    """A request that was admitted.

    Parameters
    ----------
    engine
        The engine it is for.
    path
        Values of the variable parts of the path.
    query
        The raw query string.
    headers
        Names in lower case.
    sent
        The body as it was sent.
    access
        What the caller may reach.
    """

    engine: Engine
    path: Mapping[str, str]
    query: str
    headers: Mapping[str, str]
    sent: Body
    access: Access

    @property
    def body(self) -> bytes:
        """The whole body, decompressed; refused when it is too large or broken."""
        return self.sent.plain()

    @property
    def index_uid(self) -> str:
        """The index of the path."""
        return names.index_uid(self.path["index_uid"])

    @property
    def visible(self) -> Callable[[str], bool] | None:
        """Whether the caller may see an index, None for all."""
        return None if self.access.everything else self.access.sees

    def params(self, *accepted: str) -> Params:
        """Return the query parameters, of which the route takes these."""
        return Params(self.query, accepted)

    def asked[T](self, read: Callable[[Params], T], *accepted: str) -> T:
        """Return what the query parameters ask for; the first of them that is wrong is refused."""
        last = {part.partition("=")[0]: part for part in self.query.split("&") if part}
        parts = list(last.values())  # of a parameter that is given twice, only the last counts
        for count in range(1, len(parts)):
            read(Params("&".join(parts[:count]), accepted))
        return read(Params("&".join(parts), accepted))

    def json(self) -> Any:
        """Return the JSON body."""
        content_type(self.headers, _ACCEPTED)
        if not self.body:
            raise ApiError("missing_payload", "A json payload is missing.")
        try:
            return loads(self.body)
        except ValueError:
            reason = serde.complaint(self.body)
            raise ApiError(
                "malformed_payload", f"The json payload provided is malformed. `{reason}`."
            ) from None


@dataclass(frozen=True, slots=True)
class Route:
    """One verb on one path.

    Parameters
    ----------
    method, path
        What it answers; parts in braces vary.
    action
        What a key must allow, None for everybody.
    handle
        Makes the reply.
    """

    method: str
    path: str
    action: str | None
    handle: Callable[[Call], Reply]
