"""OpenTelemetry spans under the kit's names; nothing happens unless the host installed and configured it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from scrypath.redaction import redact

SPAN_NAMES = (
    "scrypath.search",
    "scrypath.search_many",
    "scrypath.hydration",
    "scrypath.sync.upsert",
    "scrypath.sync.delete",
    "scrypath.meilisearch.request",
    "scrypath.meilisearch.task_wait",
    "scrypath.reconcile",
    "scrypath.reindex",
    "scrypath.operator.failed_work",
)

ATTRIBUTES = frozenset({"schema", "index", "sync_mode", "backend", "status"})


@cache
def _tracer() -> Any:
    # The API package alone is a no-op until the host configures a provider.
    try:
        from opentelemetry import trace
    except ImportError:
        return None
    return trace.get_tracer("scrypath")


@contextmanager
def span(name: str, **attributes: str) -> Iterator[None]:
    """Run a block inside a span.

    Parameters
    ----------
    name
        One of ``SPAN_NAMES``, or a name below one of them (``scrypath.reindex.swap``).
    attributes
        Low-cardinality values only: names in ``ATTRIBUTES``. Never query text, ids or keys.

    Raises
    ------
    ValueError
        For an attribute outside ``ATTRIBUTES``: a high-cardinality value must not slip in.
    """
    if extra := set(attributes) - ATTRIBUTES:
        raise ValueError(f"span attribute {sorted(extra)[0]!r} is not one of {sorted(ATTRIBUTES)}")
    tracer = _tracer()
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(
        name,
        attributes={f"scrypath.{key}": value for key, value in attributes.items()},
        record_exception=False,  # as it is, an exception of the host's own code may quote a password
        set_status_on_exception=False,
    ) as current:
        try:
            yield
        except Exception as error:
            _note(current, error)
            raise


def _note(current: Any, error: Exception) -> None:
    """What went wrong, with the names that OpenTelemetry gives it, without secrets."""
    from opentelemetry.trace import Status, StatusCode

    message = redact(str(error))
    current.add_event(
        "exception",
        {
            "exception.type": f"{type(error).__module__}.{type(error).__qualname__}",
            "exception.message": message,
            "exception.stacktrace": redact("".join(traceback.format_exception(error))),
        },
    )
    current.set_status(Status(StatusCode.ERROR, f"{type(error).__name__}: {message}"))
