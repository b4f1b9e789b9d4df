"""Every error of the kit: one tree, sorted by what the caller can do about it.

::

    ScrypathError
    ├── ConfigError                 complete or correct the configuration
    │   └── ReplicaSource           write from the primary database
    ├── SchemaError                 correct the declaration of the schema
    │   └── ProjectionError         correct the record, or the schema's projection
    ├── InvalidOptions              correct the options of the call
    │   ├── InvalidParams           show the user of the web page which parameters to correct
    │   └── UnknownWork             look for the id of the work again
    ├── UsageError                  correct the command line
    ├── TransportError              start or reach the service, then try again
    │   ├── Unauthorised            give the right credentials
    │   └── DatabaseError           look at the database
    │       └── QueueNotInstalled   install the oban tables
    ├── BackendRejected             correct what was sent to Meilisearch
    │   └── IndexNotFound           create the index: backfill
    ├── TaskFailed                  read why, correct it, then retry
    ├── TaskTimeout                 wait longer: the task may still finish
    ├── JobFailed                   nothing: the queue tries again
    ├── PartFailed                  look at the executor and its workers
    ├── HistoryTruncated            raise the limit
    ├── NotRetryable                correct the cause first
    ├── StalePlan                   plan again
    ├── GateFailed                  read which check of the rebuild failed, correct it, then resume
    ├── StoreBusy                   try again when the other process is done
    ├── StoreError                  look at the DuckDB file
    ├── OutOfSpace                  free memory, or space in the temporary folder
    ├── StackError                  look at the log of the local stack
    └── FrameMismatch               pass the frame as the kit returned it

The docstring of a class is its default message. Each error carries a ``hint``: the next step.
"""

from __future__ import annotations

import difflib
import traceback
from collections.abc import Iterable, Mapping
from inspect import cleandoc
from typing import TYPE_CHECKING, ClassVar, NoReturn

from scrypath.redaction import mask
from scrypath.vocabulary import ReasonClass

if TYPE_CHECKING:
    import polars as pl

# What Meilisearch's word for the kind of an error says about the reason.
BACKEND_REASONS = {
    "auth": ReasonClass.TRANSPORT,
    "invalid_request": ReasonClass.VALIDATION,
    "internal": ReasonClass.BACKEND_REJECTED,
    "system": ReasonClass.BACKEND_REJECTED,
}
# Codes whose type says invalid_request although the fault is not in the document.
TRANSPORT_CODES = ("vector_embedding_error", "remote_timeout", "remote_could_not_send_request")


class ScrypathError(Exception):
    """Something in Scrypath went wrong."""

    code: ClassVar[str] = "scrypath_error"

    def __init__(self, message: str | None = None, *, hint: str | None = None) -> None:
        # Whatever an error quotes: the secrets of this process are no part of it.
        self.message = mask(message or cleandoc(type(self).__doc__ or "").split("\n\n", 1)[0])
        self.hint = mask(hint or "")
        super().__init__(self.message)

    def __str__(self) -> str:
        stop = "." if self.hint and self.message[-1:] not in {".", "!", "?"} else ""
        return f"{self.message}{stop} {self.hint}".strip()

    def as_dict(self) -> dict[str, str]:
        """The error as the command line's ``--json`` prints it."""
        return {"error": self.code, "message": self.message, "hint": self.hint}


class ConfigError(ScrypathError):
    """The configuration is incomplete or contradicts itself."""

    code = "config"


class ReplicaSource(ConfigError):
    """The database is a replica: it may be behind what others have committed, and have written to the index."""

    code = "replica_source"


class SchemaError(ScrypathError):
    """A search schema is unknown, or its declaration is not valid."""

    code = "schema"


class ProjectionError(SchemaError):
    """A record cannot be projected into a document."""

    code = "projection"


class InvalidOptions(ScrypathError):
    """An option has a value that this call does not take."""

    code = "invalid_options"


class InvalidParams(InvalidOptions):
    """Parameters of a web request cannot be searched with."""

    code = "invalid_params"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        errors: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.errors = dict(errors or {})  # parameter → what is wrong with it


class UnknownWork(InvalidOptions):
    """No unit of work has this id."""

    code = "unknown_work"


class UsageError(ScrypathError):
    """The command line cannot be read."""

    code = "usage"


class TransportError(ScrypathError):
    """A service could not be reached, or refused the credentials."""

    code = "transport"


class Unauthorised(TransportError):
    """The service refused the credentials."""

    code = "unauthorised"


class DatabaseError(TransportError):
    """The database refused the connection or the statement."""

    code = "database"


class QueueNotInstalled(DatabaseError):
    """The database has no oban tables."""

    code = "queue_not_installed"


class BackendRejected(ScrypathError):
    """Meilisearch refused the request."""

    code = "backend_rejected"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        error_code: str | None = None,
        error_type: str | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.error_code = error_code
        self.error_type = error_type
        self.status = status


class IndexNotFound(BackendRejected):
    """The index does not exist on the server."""

    code = "index_not_found"


class TaskFailed(ScrypathError):
    """Meilisearch ran the task and it failed."""

    code = "task_failed"

    def __init__(
        self,
        message: str | None = None,
        *,
        hint: str | None = None,
        task_uid: int | None = None,
        error_code: str | None = None,
        error_type: str | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.task_uid = task_uid
        self.error_code = error_code
        self.error_type = error_type


class TaskTimeout(ScrypathError):
    """The wait for a task ended before the task did: it may still finish."""

    code = "task_timeout"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, task_uid: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.task_uid = task_uid


class JobFailed(ScrypathError):
    """A sync job failed; its message is the traceback, redacted."""

    code = "job_failed"


class PartFailed(ScrypathError):
    """A part of the work could not be done on the executor."""

    code = "part_failed"


class HistoryTruncated(ScrypathError):
    """A limit cut the history before its end."""

    code = "history_truncated"


class NotRetryable(ScrypathError):
    """Retrying this unit of work cannot help, or is not allowed."""

    code = "not_retryable"


class StalePlan(ScrypathError):
    """What the plan was made from has changed since."""

    code = "stale_plan"


class GateFailed(ScrypathError):
    """A rebuilt index does not pass the gate: it may not replace the live one."""

    code = "gate_failed"

    def __init__(
        self, message: str | None = None, *, hint: str | None = None, gate: pl.DataFrame | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.gate = gate  # frames.GATE


class StoreBusy(ScrypathError):
    """Another process held the DuckDB file for longer than the stated wait."""

    code = "store_busy"


class StoreError(ScrypathError):
    """The DuckDB file cannot be read or written."""

    code = "store"


class OutOfSpace(ScrypathError):
    """No room is left on this machine for what is being computed."""

    code = "out_of_space"


class StackError(ScrypathError):
    """A part of the local stack did not start or stop."""

    code = "stack"


class FrameMismatch(ScrypathError):
    """A frame does not have the columns that its schema names."""

    code = "frame_mismatch"


def presentable(error: BaseException) -> BaseException | None:
    """An error of code that is not ours, to be the cause of one of ours; none when its traceback shows a secret."""
    text = "".join(traceback.format_exception(error))
    return error if mask(text) == text else None


def raise_alone(error: BaseException) -> NoReturn:
    """Raise an error without the one that is being handled: neither its text nor its frames show a secret.

    Examples
    --------
    >>> try:
    ...     try:
    ...         raise ValueError("password=hunter2")
    ...     except ValueError:
    ...         raise_alone(DatabaseError())
    ... except DatabaseError as error:
    ...     print(error.__cause__, error.__context__)
    None None
    """
    try:
        raise error from None
    except BaseException:
        error.__context__ = None
        raise


def refused_for_good(error: BaseException) -> bool:
    """Whether Meilisearch refused what was sent, and would refuse the same again.

    Examples
    --------
    >>> refused_for_good(TaskFailed(error_code="invalid_document_id", error_type="invalid_request"))
    True
    >>> refused_for_good(TaskFailed(error_code="internal", error_type="internal"))
    False
    """
    return (
        isinstance(error, TaskFailed | BackendRejected)
        and BACKEND_REASONS.get(error.error_type or "") is ReasonClass.VALIDATION
        # An index that is missing now may be there at the next attempt.
        and error.error_code not in (*TRANSPORT_CODES, IndexNotFound.code)
    )


def certainly_failed(error: BaseException) -> bool:
    """Whether nothing of what was tried is still under way: it was refused, or the server says that it failed.

    Examples
    --------
    >>> certainly_failed(BackendRejected()), certainly_failed(TaskTimeout()), certainly_failed(KeyboardInterrupt())
    (True, False, False)
    """
    return isinstance(error, ScrypathError) and not isinstance(error, TransportError | TaskTimeout)


def did_you_mean(given: str, known: Iterable[str]) -> str:
    """A hint for a name that is not known: the nearest one, or all of them.

    Examples
    --------
    >>> did_you_mean("Ctiy", ["City", "Country"])
    "Did you mean 'City'?"
    >>> did_you_mean("x", ["City", "Country"])
    'Known: City, Country.'
    >>> did_you_mean("x", [])
    'None is known yet.'
    """
    names = sorted(known)
    near = difflib.get_close_matches(given, names, n=1)
    if near:
        return f"Did you mean {near[0]!r}?"
    return f"Known: {', '.join(names)}." if names else "None is known yet."
