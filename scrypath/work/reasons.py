"""Why work failed: the reason class from the structured error, text last."""

from __future__ import annotations

import polars as pl

from scrypath.errors import BACKEND_REASONS, TRANSPORT_CODES, IndexNotFound
from scrypath.frame_schema import REASON
from scrypath.vocabulary import ReasonClass, WorkSource

# Exception class names, ours and those of the Elixir deployment's jobs.
EXCEPTIONS = {
    ReasonClass.TRANSPORT: (
        "TransportError",
        "Unauthorised",
        "DatabaseError",
        "TaskTimeout",
        "StoreBusy",
        "ConnectionError",
        "ConnectionRefusedError",
        "ConnectionResetError",
        "TimeoutError",
        "OperationalError",
        "HTTPError",
    ),
    ReasonClass.VALIDATION: (
        "ProjectionError",
        "SchemaError",
        "InvalidOptions",
        "ValidationError",
        "KeyError",
        "TypeError",
        "ValueError",
        "ArgumentError",
    ),
    ReasonClass.BACKEND_REJECTED: ("BackendRejected", "TaskFailed", "IndexNotFound", "MeilisearchApiError"),
}

TRANSPORT_WORDS = r"(?i)connection refused|timed? ?out|unreachable|econnrefused|closed|nxdomain|api key"


def reason_class() -> pl.Expr:
    """The reason class of work that carries the columns of ``WORK`` and its evidence."""
    by_exception = pl.col("exception").replace_strict(
        {name: str(reason) for reason, names in EXCEPTIONS.items() for name in names},
        default=None,
        return_dtype=pl.String,
    )
    by_type = pl.col("error_type").replace_strict(
        {name: str(reason) for name, reason in BACKEND_REASONS.items()}, default=None, return_dtype=pl.String
    )
    silent = pl.col("error").is_null() & pl.col("exception").is_null()
    return (
        pl.when(pl.col("malformed").is_not_null())
        .then(pl.lit(str(ReasonClass.VALIDATION)))
        .when(pl.col("error_code").is_in(TRANSPORT_CODES))
        .then(pl.lit(str(ReasonClass.TRANSPORT)))
        # An index that is missing now may be there at the next attempt.
        .when(pl.col("error_code") == IndexNotFound.code)
        .then(pl.lit(str(ReasonClass.BACKEND_REJECTED)))
        .when(by_type.is_not_null())
        .then(by_type)
        .when(by_exception.is_not_null())
        .then(by_exception)
        .when((pl.col("source") == str(WorkSource.OBAN)) & silent)
        .then(pl.lit(str(ReasonClass.QUEUE_EXHAUSTED)))
        .when(pl.col("error").str.contains(TRANSPORT_WORDS))
        .then(pl.lit(str(ReasonClass.TRANSPORT)))
        .otherwise(pl.lit(str(ReasonClass.UNKNOWN)))
        .cast(REASON)
    )
