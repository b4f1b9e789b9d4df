"""The words of the kit, each a StrEnum, and the polars Enum of the same values."""

from __future__ import annotations

from enum import StrEnum


class SyncMode(StrEnum):
    """How a write reaches the index."""

    INLINE = "inline"  # wait until Meilisearch finished the task
    MANUAL = "manual"  # hand the task back as soon as Meilisearch accepted it
    OBAN = "oban"  # commit a job with the caller's transaction


class SyncStatus(StrEnum):
    """What a returned write means."""

    ACCEPTED = "accepted"
    COMPLETED = "completed"
    NOOP = "noop"


class Outcome(StrEnum):
    """What became of one unit of an action."""

    ACCEPTED = "accepted"
    COMPLETED = "completed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    SKIPPED = "skipped"


class WorkState(StrEnum):
    """The state of one unit of work."""

    PENDING = "pending"  # in the backend's queue, or being processed there
    QUEUED = "queued"  # in the job queue, or being executed by a worker
    RETRYING = "retrying"
    FAILED = "failed"
    COMPLETED = "completed"
    UNKNOWN = "unknown"


class WorkSource(StrEnum):
    """Who keeps the record of a unit of work."""

    MEILISEARCH = "meilisearch"
    OBAN = "oban"


class Operation(StrEnum):
    """What a unit of work does to an index."""

    UPSERT = "upsert"
    DELETE = "delete"
    SETTINGS = "settings"
    INDEX = "index"
    FAN_OUT = "fan_out"
    UNKNOWN = "unknown"


class ReasonClass(StrEnum):
    """Why work failed, by what an operator does next. The order is fixed."""

    TRANSPORT = "transport"
    VALIDATION = "validation"
    BACKEND_REJECTED = "backend_rejected"
    QUEUE_EXHAUSTED = "queue_exhausted"
    UNKNOWN = "unknown"


class DocumentDrift(StrEnum):
    """How one document differs between the database and the index."""

    MISSING = "missing"  # a row without a document
    ORPHAN = "orphan"  # a document without a row
    STALE = "stale"  # both, with different content
    IN_FLIGHT = "in_flight"  # changing while we looked: not drift
    UNKNOWN = "unknown"  # could not be compared


class RecoveryAction(StrEnum):
    """What an operator may do about a report."""

    RETRY = "retry"
    REPAIR = "repair"
    BACKFILL = "backfill"
    REINDEX = "reindex"
    ROLLBACK = "rollback"


class Signal(StrEnum):
    """One question a reconcile report answers with yes, no or 'not checked'."""

    PENDING_BACKEND_WORK = "pending_backend_work"
    PENDING_QUEUE_WORK = "pending_queue_work"
    FAILED_SYNC_WORK = "failed_sync_work"
    REINDEX_VISIBILITY_AVAILABLE = "reindex_visibility_available"
    REINDEX_IN_PROGRESS = "reindex_in_progress"
    REINDEX_CUTOVER_PENDING = "reindex_cutover_pending"
    DOCUMENT_DRIFT = "document_drift"
    CONTRACT_DRIFT = "contract_drift"
    VERSION_UNSUPPORTED = "version_unsupported"
    FOREIGN_WRITES = "foreign_writes"


class Verification(StrEnum):
    """What a comparison of documents reads from the index."""

    FINGERPRINT = "fingerprint"
    CONTENT = "content"


class ComparisonMethod(StrEnum):
    """How many of the documents a comparison read."""

    FULL = "full"  # all of them
    INCREMENTAL = "incremental"  # those that may have changed since an earlier comparison
    SAMPLE = "sample"  # some, chosen at random: an estimate


class ComparisonBasis(StrEnum):
    """What an incremental comparison knows by which documents and rows it need not read."""

    ROW_VERSIONS = "row_versions"  # exact, whoever wrote
    UPDATED_AT = "updated_at"  # as good as the writers who keep it


class TaskState(StrEnum):
    """The state of a rebuild's backend work."""

    IDLE = "idle"
    PENDING = "pending"
    COMPLETED = "completed"
    FAILED = "failed"


class Cutover(StrEnum):
    """The state of the swap of a rebuilt index."""

    NOT_STARTED = "not_started"
    PENDING = "pending"
    COMPLETED = "completed"
