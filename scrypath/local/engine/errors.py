"""Errors in Meilisearch's shape: a message, a code, and what follows from the code."""

from __future__ import annotations

from typing import Any, Final

DOCS: Final = "https://docs.meilisearch.com/errors#"

INVALID_REQUEST: Final = "invalid_request"

# Every code that is not listed here is an `invalid_request` answered with 400.
CODES: Final[dict[str, tuple[str, int]]] = {
    "api_key_already_exists": (INVALID_REQUEST, 409),
    "index_already_exists": (INVALID_REQUEST, 409),
    "api_key_not_found": (INVALID_REQUEST, 404),
    "batch_not_found": (INVALID_REQUEST, 404),
    "chat_not_found": (INVALID_REQUEST, 404),
    "document_not_found": (INVALID_REQUEST, 404),
    "dump_not_found": (INVALID_REQUEST, 404),
    "dynamic_search_rule_not_found": (INVALID_REQUEST, 404),
    "index_not_found": (INVALID_REQUEST, 404),
    "not_found": (INVALID_REQUEST, 404),
    "render_document_not_found": (INVALID_REQUEST, 404),
    "task_file_not_found": (INVALID_REQUEST, 404),
    "task_not_found": (INVALID_REQUEST, 404),
    "webhook_not_found": (INVALID_REQUEST, 404),
    "payload_too_large": (INVALID_REQUEST, 413),
    "invalid_content_type": (INVALID_REQUEST, 415),
    "missing_content_type": (INVALID_REQUEST, 415),
    "unsupported_media_type": (INVALID_REQUEST, 415),
    "requires_enterprise_edition": (INVALID_REQUEST, 451),
    "invalid_api_key": ("auth", 403),
    "missing_authorization_header": ("auth", 401),
    "missing_master_key": ("auth", 401),
    "database_size_limit_reached": ("internal", 500),
    "dump_process_failed": ("internal", 500),
    "index_creation_failed": ("internal", 500),
    "internal": ("internal", 500),
    "invalid_state": ("internal", 500),
    "invalid_store_file": ("internal", 500),
    "unretrievable_document": ("internal", 400),
    "io_error": ("system", 422),
    "no_space_left_on_device": ("system", 422),
    "too_many_open_files": ("system", 422),
    "too_many_search_requests": ("system", 503),
    "remote_timeout": ("system", 502),
}

IO_ERROR_HINT: Final = (
    ". This error generally happens when you have no space left on device"
    " or when your database doesn't have read or write right."
)


class ApiError(Exception):
    """An error a client sees: synchronously as a reply, or inside a failed task.

    Parameters
    ----------
    code
        Meilisearch's error code, e.g. ``"index_not_found"``.
    message
        The sentence shown to the client.

    Examples
    --------
    >>> error = ApiError("index_not_found", "Index `x` not found.")
    >>> error.status, error.type
    (404, 'invalid_request')
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message + IO_ERROR_HINT if code == "io_error" else message

    @property
    def type(self) -> str:
        """The class of the error: invalid_request, auth, internal or system."""
        return CODES.get(self.code, (INVALID_REQUEST, 400))[0]

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return CODES.get(self.code, (INVALID_REQUEST, 400))[1]

    @property
    def link(self) -> str:
        """Where Meilisearch documents the code."""
        return DOCS + self.code

    def body(self) -> dict[str, Any]:
        """Return the JSON body of the error, keys in Meilisearch's order."""
        return {"message": self.message, "code": self.code, "type": self.type, "link": self.link}
