"""Refusals, broken connections and malformed answers as errors of the kit."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import orjson
import urllib3

from scrypath.errors import (
    BackendRejected,
    IndexNotFound,
    ScrypathError,
    TransportError,
    Unauthorised,
    UnknownWork,
)
from scrypath.redaction import Secret, redact

SHOWN_BODY = 120  # characters of a foreign body that a message quotes

_UNLIKE = "The index may lack settings that the schema declares: scrypath.index_contract_drift() says which."
_HINTS = MappingProxyType(
    {
        "index_not_found": "Create it by a backfill of its schema, or check index_prefix and the spelling.",
        "index_already_exists": "Use the index as it is, or delete it first.",
        "payload_too_large": "Lower payload_limit below the server's --http-payload-size-limit.",
        "no_space_left_on_device": "Free disk space or delete finished tasks; the task queue may be full.",
        "missing_task_filters": "Name at least one filter, such as uids or statuses.",
        "task_not_found": "The server deletes old tasks by itself: look in failure_history().",
        "batch_not_found": "The server deletes old batches together with their tasks.",
        "missing_authorization_header": "Set SCRYPATH_MEILISEARCH_KEY or SCRYPATH_MEILISEARCH_KEY_FILE.",
        "invalid_api_key": "Check the key, what it may do, on which indexes, and whether it has expired.",
        "feature_not_enabled": "Turn the feature on in the server's experimental features, or do without it.",
        "invalid_search_filter": _UNLIKE,
        "invalid_search_facets": _UNLIKE,
        "invalid_facet_search_facet_name": _UNLIKE,
        "invalid_search_sort": _UNLIKE,
        "too_many_search_requests": "The server is busy: search again in a moment.",
    }
)
_UNSENT = (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError)


def unreachable(
    error: urllib3.exceptions.HTTPError, origin: str, repeatable: bool, key: Secret | None
) -> TransportError:
    """The error for a request that got no answer."""
    if isinstance(error, urllib3.exceptions.SSLError):
        said, hint = (
            "the TLS connection failed",
            "Check the certificate, and whether the URL should say http://.",
        )
    elif isinstance(error, urllib3.exceptions.NameResolutionError):
        said, hint = "the host name is not known", "Check meilisearch_url."
    elif isinstance(error, urllib3.exceptions.NewConnectionError):
        said, hint = (
            "the connection was refused",
            "Start the server, or check meilisearch_url: scrypath local status",
        )
    elif isinstance(error, urllib3.exceptions.ConnectTimeoutError):
        said, hint = (
            "no connection within connect_timeout",
            "Check host, port and firewall, or raise connect_timeout.",
        )
    elif isinstance(error, urllib3.exceptions.ReadTimeoutError):
        said, hint = (
            "no answer within the timeout",
            "Raise request_timeout, or look at what the server is doing.",
        )
    else:
        said, hint = (
            f"the connection broke off ({_reason(error)})",
            "Look at the server's log; it may be restarting.",
        )
    if not repeatable and not isinstance(error, _UNSENT):
        hint = f"The server may have accepted the request: read its tasks before sending it again. {hint}"
    return TransportError(redact(f"{origin}: {said}.", key), hint=hint)


def refused(status: int, body: bytes, origin: str, key: Secret | None) -> ScrypathError:
    """The error for an answer outside 200 to 299."""
    said = _meilisearch_error(body)
    if said is None:
        return _foreign(status, body, origin, key)
    code, kind = str(said["code"]), str(said.get("type", ""))
    message = redact(f"{origin}: {said['message']}", key)
    hint = _HINTS.get(code, "")
    if kind == "auth" or status in {401, 403}:
        return Unauthorised(message, hint=hint or _HINTS["invalid_api_key"])
    if code in {"task_not_found", "batch_not_found"}:
        return UnknownWork(message, hint=hint)
    rejected = IndexNotFound if code == "index_not_found" else BackendRejected
    if not hint and kind in {"internal", "system"}:
        hint = "The fault is the server's: look at its log and its disk."
    return rejected(
        message, hint=hint or f"Error code {code}.", error_code=code, error_type=kind, status=status
    )


def malformed(origin: str, body: bytes, key: Secret | None) -> TransportError:
    """The error for a successful answer that is not Meilisearch's."""
    return TransportError(
        redact(f"{origin}: the answer is not Meilisearch's: {_excerpt(body)}", key),
        hint="Check that meilisearch_url points to a Meilisearch server and not to a proxy or another service.",
    )


def _foreign(status: int, body: bytes, origin: str, key: Secret | None) -> ScrypathError:
    message = redact(f"{origin}: status {status}, and the body is not Meilisearch's: {_excerpt(body)}", key)
    if status in {401, 403, 407}:
        return Unauthorised(
            message, hint="Something in front of Meilisearch asks for credentials of its own."
        )
    if 300 <= status < 400:
        return TransportError(message, hint="The URL redirects: configure the address it leads to.")
    if status == 413:
        return BackendRejected(message, hint="A proxy limits the size: lower payload_limit.", status=status)
    if status >= 500:
        return TransportError(message, hint="The server or the proxy before it is failing: look at its log.")
    return TransportError(message, hint="Check that meilisearch_url points to a Meilisearch server.")


def _meilisearch_error(body: bytes) -> dict[str, Any] | None:
    try:
        said = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return said if isinstance(said, dict) and "code" in said and "message" in said else None


def _excerpt(body: bytes) -> str:
    text = " ".join(body[: 4 * SHOWN_BODY].decode("utf-8", "replace").split())
    return redact(repr(text[:SHOWN_BODY])) if text else "an empty body"


def _reason(error: Exception) -> str:
    cause = error.args[-1] if error.args else error
    return type(cause).__name__ if isinstance(cause, Exception) else type(error).__name__
