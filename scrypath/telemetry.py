"""OpenTelemetry spans under the kit's names; nothing happens unless the host installed and configured it."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from scrypath.redaction import redact

ATTRIBUTES = {
    "schema": "Registered name of the search schema",
    "index": "Index name on the server",
    "sync_mode": "`inline`, `manual` or `oban`",
    "backend": "`meilisearch`",
}


@dataclass(frozen=True, slots=True)
class SpanKind:
    """A span that the kit emits.

    Parameters
    ----------
    name
        Its name.
    meaning
        What happens within it.
    attributes
        Names out of ``ATTRIBUTES`` that every such span carries, each with the prefix ``scrypath.``.
    """

    name: str
    meaning: str
    attributes: tuple[str, ...] = ()


# Every span there is: the documentation prints this table, and a test compares it with what the verbs emit.
SPANS = (
    SpanKind("scrypath.search", "One search, or one count of a facet's values", ("schema", "index")),
    SpanKind("scrypath.search_many", "Several searches in one round trip", ("backend",)),
    SpanKind("scrypath.hydration", "Reading the rows of the hits", ("schema",)),
    SpanKind(
        "scrypath.sync.upsert",
        "Writing documents, or the job that will; also those of a fan-out's target",
        ("schema", "index", "sync_mode"),
    ),
    SpanKind(
        "scrypath.sync.delete", "Deleting documents, or the job that will", ("schema", "index", "sync_mode")
    ),
    SpanKind("scrypath.meilisearch.request", "One request to the server, with its repetitions", ("backend",)),
    SpanKind("scrypath.meilisearch.task_wait", "Waiting for tasks of the server to end", ("backend",)),
    SpanKind("scrypath.reconcile", "One report on one schema", ("schema", "index")),
    SpanKind("scrypath.reindex.backfill", "Writing every row of a schema", ("schema", "index")),
    SpanKind("scrypath.reindex.discard", "Deleting the target of an earlier rebuild", ("schema", "index")),
    SpanKind(
        "scrypath.reindex.settings", "Creating a rebuild's target with its settings", ("schema", "index")
    ),
    SpanKind("scrypath.reindex.catch_up", "Bringing a rebuild's target in step", ("schema", "index")),
    SpanKind(
        "scrypath.reindex.gate", "Checking whether the target may replace the live index", ("schema", "index")
    ),
    SpanKind("scrypath.reindex.swap", "Exchanging the two indexes", ("schema", "index")),
    SpanKind("scrypath.reindex.last_catch_up", "Bringing the new live index in step", ("schema", "index")),
    SpanKind("scrypath.reindex.verify", "Checking the new live index", ("schema", "index")),
    SpanKind("scrypath.reindex.keep", "Keeping the old index for a rollback", ("schema", "index")),
    SpanKind("scrypath.operator.failed_work", "Reading failed work, of one schema or of several"),
    SpanKind("scrypath.operator.failed_work.repair", "Applying the plan of a repair", ("schema", "index")),
)
_ALLOWED = {kind.name: frozenset(kind.attributes) for kind in SPANS}


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
        A name in ``SPANS``.
    attributes
        Low-cardinality values only: those that ``SPANS`` names for it. Never query text, ids or keys.

    Raises
    ------
    ValueError
        For a name or an attribute outside ``SPANS``: a high-cardinality value must not slip in.
    """
    if name not in _ALLOWED:
        raise ValueError(f"{name!r} is no span of telemetry.SPANS")
    if extra := set(attributes) - _ALLOWED[name]:
        raise ValueError(f"span attribute {sorted(extra)[0]!r} is not one of {sorted(_ALLOWED[name])}")
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
