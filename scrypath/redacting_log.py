"""Log records without secrets and control characters, tracebacks included, whichever library wrote them."""

from __future__ import annotations

import logging
from typing import override

from scrypath.redaction import shown


class RedactingFormatter(logging.Formatter):
    """Formats like the one of Python, and takes out what must not show.

    Examples
    --------
    >>> record = logging.LogRecord("x", logging.WARNING, "", 0, "password=%s", ("hunter2",), None)
    >>> RedactingFormatter("%(levelname)s %(message)s").format(record)
    'WARNING password=********'
    """

    @override
    def format(self, record: logging.LogRecord) -> str:
        """The record as text."""
        return shown(super().format(record))


def log_to_stderr() -> None:
    """Let warnings and errors of this process go to the standard error stream, as Python does by itself."""
    handler = logging.StreamHandler()
    handler.setFormatter(RedactingFormatter())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
