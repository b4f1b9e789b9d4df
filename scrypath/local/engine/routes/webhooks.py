"""Webhooks: there are none, and there never will be."""

from __future__ import annotations

import re
from typing import Any, Final
from uuid import UUID, uuid4

from scrypath.local.engine import checks, deserr
from scrypath.local.engine.errors import ApiError
from scrypath.local.engine.routes.call import Call, Reply, Route, answer
from scrypath.local.engine.routes.off import Fields, read

_FIELDS: Final[Fields] = {
    "url": (deserr.string, "invalid_webhook_url"),
    "headers": (checks.map_of(deserr.string), "invalid_webhook_headers"),
}
_IMMUTABLE: Final = ("uuid", "isEditable")
_GROUPS: Final = (8, 4, 4, 4, 12)


def listing(_call: Call) -> Reply:
    """Answer that there are no webhooks."""
    return answer({"results": []})


def _uuid(text: str) -> UUID:
    strange = re.search(r"[^0-9a-fA-F-]", text)
    groups = [len(group) for group in text.split("-")]
    wrong: str | None = None
    if strange is not None:
        wrong = f"invalid character: found `{strange.group()}` at {strange.start()}"
    elif len(groups) == 1 and groups[0] != 32:
        wrong = f"invalid length: found {len(text)}"
    elif len(groups) not in (1, 5):
        wrong = f"invalid group count: expected 5, found {len(groups)}"
    elif len(groups) == 5:
        wrong = next(
            (
                f"invalid group length in group {n}: expected {expected}, found {found}"
                for n, (expected, found) in enumerate(zip(_GROUPS, groups, strict=True))
                if expected != found
            ),
            None,
        )
    if wrong is not None:
        raise ApiError("invalid_webhook_uuid", f"Invalid UUID: {wrong}")
    return UUID(text)


def _body(call: Call) -> dict[str, Any]:
    return read(call.json(), _FIELDS, immutable=_IMMUTABLE)


def missing(call: Call) -> Reply:
    """Answer that a webhook does not exist."""
    raise ApiError("webhook_not_found", f"Webhook `{_uuid(call.path['uuid'])}` not found.")


def change(call: Call) -> Reply:
    """Answer that a webhook does not exist, whatever is to become of it."""
    _body(call)
    return missing(call)


def create(call: Call) -> Reply:
    """Refuse to call others, which the engine does not do."""
    url = _body(call).get("url")
    if url is None:
        raise ApiError("invalid_webhook_url", f"The URL for the webhook `{uuid4()}` is missing.")
    if ":" not in url:
        raise ApiError("invalid_webhook_url", f"Invalid URL `{url}`: relative URL without a base")
    message = "The embedded engine does not support webhooks; use a Meilisearch server."
    raise ApiError("feature_not_enabled", message)


_ONE: Final = "/webhooks/{uuid}"

ROUTES: Final = (
    Route("GET", "/webhooks", "webhooks.get", listing),
    Route("POST", "/webhooks", "webhooks.create", create),
    Route("GET", _ONE, "webhooks.get", missing),
    Route("PATCH", _ONE, "webhooks.update", change),
    Route("DELETE", _ONE, "webhooks.delete", missing),
)
