"""The schema of every public frame: column, dtype, unit, meaning."""

from __future__ import annotations

from scrypath import search_frames
from scrypath.frame_schema import (
    ACTION,
    COUNT,
    DRIFT,
    DURATION,
    FLAG,
    IDS,
    MODE,
    NUMBER,
    OPERATION,
    OUTCOMES,
    REASON,
    SIGNAL,
    SOURCE,
    STATE,
    TEXT,
    UTC,
    Column,
    FrameSchema,
)


def _schema(name: str, meaning: str, *columns: Column) -> FrameSchema:
    return FrameSchema(name, meaning, columns)


WORK = _schema(
    "WORK",
    "One row per backend task or queue job.",
    Column("work_id", TEXT, "`meili:123` or `oban:456`"),
    Column("schema", TEXT, "Registered name of the search schema, null when no registered schema claims it"),
    Column("index", TEXT, "Index name on the server"),
    Column("mode", MODE, "Sync mode the work was sent in, null when unknown"),
    Column("source", SOURCE, "Who keeps the record"),
    Column("operation", OPERATION, "What the work does"),
    Column("state", STATE, "Its state"),
    Column("attempt", COUNT, "Attempts made", "attempts"),
    Column("max_attempts", COUNT, "Attempts allowed", "attempts"),
    Column("enqueued_at", UTC, "When it was accepted", "UTC"),
    Column("started_at", UTC, "When work on it began", "UTC"),
    Column("finished_at", UTC, "When it ended", "UTC"),
    Column("duration", DURATION, "Time from start to end", "µs"),
    Column("error_code", TEXT, "Code of the structured error"),
    Column("error_type", TEXT, "Type of the structured error"),
    Column("error", TEXT, "Message of the error, redacted"),
    Column("document_ids", IDS, "Documents it touches, null when not known"),
    Column("document_count", COUNT, "How many documents it touches, null when not known", "documents"),
    Column("reference", TEXT, "The kit's own reference carried as customMetadata, null for others' work"),
)

STATUS = _schema(
    "STATUS",
    "One row per schema and source.",
    Column(
        "schema", TEXT, "Registered name of the search schema, null for jobs whose arguments name no index"
    ),
    Column("index", TEXT, "Index name on the server"),
    Column("source", SOURCE, "Which record was asked"),
    Column("observed", FLAG, "False: this source was not checked; its numbers are null, not zero"),
    Column("pending", COUNT, "Accepted and not finished", "units of work"),
    Column("retrying", COUNT, "Failed at least once and to be run again", "units of work"),
    Column("failed", COUNT, "Ended without effect", "units of work"),
    Column("last_succeeded_id", TEXT, "Work id of the last success"),
    Column("last_succeeded_at", UTC, "When it ended", "UTC"),
    Column("oldest_pending_at", UTC, "When the oldest pending work was accepted", "UTC"),
    Column(
        "index_exists", FLAG, "False: the server has no such index; null: that was not seen, or of the queue"
    ),
    Column("note", TEXT, "Why a source was not observed, or not to its end, or that the index is gone"),
)

FAILED_WORK = _schema(
    "FAILED_WORK",
    "One row per failed or retrying unit of work, newest first.",
    Column("work_id", TEXT, "`meili:123` or `oban:456`"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("index", TEXT, "Index name on the server"),
    Column("mode", MODE, "Sync mode the work was sent in, null when unknown"),
    Column("source", SOURCE, "Who keeps the record"),
    Column("operation", OPERATION, "What the work was to do"),
    Column("state", STATE, "`failed`, `retrying` or `unknown`"),
    Column("retryable", FLAG, "True: retry_sync_work can send it again"),
    Column("reason_class", REASON, "Why, by what an operator does next"),
    Column("reason", TEXT, "Why, in one sentence, redacted"),
    Column("error_code", TEXT, "Code of the structured error"),
    Column("attempt", COUNT, "Attempts made", "attempts"),
    Column("max_attempts", COUNT, "Attempts allowed", "attempts"),
    Column("failed_at", UTC, "When it last failed", "UTC"),
    Column("document_ids", IDS, "Documents it was to touch, null when not known"),
    Column("document_count", COUNT, "How many documents it was to touch", "documents"),
    Column("superseded_by", TEXT, "Work id of a later success on the same documents"),
    Column("healed", FLAG, "True: superseded, so a retry is not recommended"),
)

FAILURE_HISTORY = _schema(
    "FAILURE_HISTORY",
    "One row per failed unit of work and time of failure ever seen, newest first.",
    *FAILED_WORK.columns,
    Column("first_seen", UTC, "When this machine first saw it", "UTC"),
    Column("last_seen", UTC, "When this machine last saw it", "UTC"),
    Column("times_seen", COUNT, "How many reports saw it", "reports"),
    Column(
        "database", TEXT, "Which database it is about: host, port and name; null when that was not stored"
    ),
    Column("server", TEXT, "Which search server it is about: host and port; null when that was not stored"),
)

REASON_COUNTS = _schema(
    "REASON_COUNTS",
    "Dense: every reason class in its fixed order, with zeros.",
    Column("reason_class", REASON, "Why work failed"),
    Column("open", COUNT, "Failed and retrying units of work without a later success", "units of work"),
    Column("healed", COUNT, "Failed units of work that a later success made good", "units of work"),
)

DRIFT_SIGNALS = _schema(
    "DRIFT_SIGNALS",
    "One row per signal, in a fixed order.",
    Column("signal", SIGNAL, "The question"),
    Column("observed", FLAG, "False: not checked"),
    Column("raised", FLAG, "True: needs attention; null when not observed"),
    Column("count", COUNT, "How many units it counts, null when not observed", "units"),
    Column("detail", TEXT, "In one sentence, what was seen"),
)

DOCUMENTS = _schema(
    "DOCUMENTS",
    "One row per document that is not in step.",
    Column("document_id", TEXT, "Document id as text"),
    Column("drift", DRIFT, "How it differs"),
    Column("row_fingerprint", TEXT, "Fingerprint of the row's projection, null without a row"),
    Column("document_fingerprint", TEXT, "Fingerprint that the document carries or has, null without one"),
    Column("detail", TEXT, "Why it is counted so, null where the drift says it all"),
)

DOCUMENT_COUNTS = _schema(
    "DOCUMENT_COUNTS",
    "Dense: every kind of drift with its count, after what is in step.",
    Column("drift", TEXT, "`in_step` or a kind of drift"),
    Column("count", COUNT, "Documents", "documents"),
)

DRIFT_ESTIMATE = _schema(
    "DRIFT_ESTIMATE",
    "How many documents probably drift, from a random sample of rows; an estimate, not a count.",
    Column("drift", TEXT, "`missing`, `stale` or `orphan`"),
    Column("sampled", COUNT, "Rows compared", "rows"),
    Column(
        "found", COUNT, "Of these, how many drift; null for `orphan`, which follows from the totals", "rows"
    ),
    Column("estimate", COUNT, "How many drift in all, most probably", "documents"),
    Column("low", COUNT, "Lower end of the interval", "documents"),
    Column("high", COUNT, "Upper end of the interval", "documents"),
    Column("confidence", NUMBER, "How often such an interval holds the true number", "share of 1"),
)

ACTIONS = _schema(
    "ACTIONS",
    "Recommended recovery actions, most direct first.",
    Column("action", ACTION, "What to do"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("target", TEXT, "Work id for `retry`, else the index"),
    Column("count", COUNT, "Documents or units of work it would touch, null when not known", "units"),
    Column("reason", TEXT, "Why this action answers what was seen"),
)

OUTCOME = _schema(
    "OUTCOME",
    "One row per unit acted on.",
    Column("work_id", TEXT, "The unit asked for; for a plan, the work it was sent as"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("index", TEXT, "Index name on the server"),
    Column("operation", OPERATION, "What was sent"),
    Column("outcome", OUTCOMES, "What became of it"),
    Column("sent_as", TEXT, "Work id of what was sent, null when nothing was"),
    Column("document_count", COUNT, "Documents it touches", "documents"),
    Column("verified", FLAG, "True: the effect was read back; null: not read back yet"),
    Column("detail", TEXT, "In one sentence, what happened"),
)

SNAPSHOTS = _schema(
    "SNAPSHOTS",
    "One row per stored reconcile report, newest first.",
    Column("snapshot_id", TEXT, "Id of the snapshot"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("index", TEXT, "Index name on the server"),
    Column("taken_at", UTC, "When the comparison began", "UTC"),
    Column("duration", DURATION, "How long it took", "µs"),
    Column("verify", TEXT, "What was compared: fingerprint, content, or null when documents were not"),
    Column("documents_compared", FLAG, "False: documents were not checked and their counts are null"),
    Column("rows", COUNT, "Rows of the schema", "rows"),
    Column("documents", COUNT, "Documents in the index", "documents"),
    Column("missing", COUNT, "Rows without a document", "documents"),
    Column("orphan", COUNT, "Documents without a row", "documents"),
    Column("stale", COUNT, "Documents with other content than their row", "documents"),
    Column("in_flight", COUNT, "Documents that were changing", "documents"),
    Column("unknown", COUNT, "Documents that could not be compared", "documents"),
    Column("pending", COUNT, "Pending units of work in the observed sources", "units of work"),
    Column("failed", COUNT, "Failed or retrying units of work that are not healed", "units of work"),
    Column("method", TEXT, "`full`, `incremental` or `sample`; null when documents were not compared"),
    Column(
        "basis",
        TEXT,
        "Of an incremental one: `row_versions` is exact, `updated_at` as good as those who keep it",
    ),
    Column(
        "read_now", COUNT, "Of an incremental one: ids read in the database and in the index", "documents"
    ),
    Column("from_before", COUNT, "Of an incremental one: taken from an earlier comparison", "documents"),
    Column("started_from", TEXT, "Of an incremental one: snapshot of that earlier comparison"),
    Column(
        "database", TEXT, "Which database it is about: host, port and name; null when that was not stored"
    ),
    Column("server", TEXT, "Which search server it is about: host and port; null when that was not stored"),
    Column("published_by", TEXT, "Who published it, as login@machine; null in the memory of one machine"),
)

SNAPSHOT_CHANGES = _schema(
    "SNAPSHOT_CHANGES",
    "One row per document that drifted in either of two snapshots.",
    Column("document_id", TEXT, "Document id as text"),
    Column("change", TEXT, "`new`, `resolved` or `persisting`"),
    Column("before", DRIFT, "Drift in the earlier snapshot"),
    Column("after", DRIFT, "Drift in the later snapshot"),
)

AUDIT = _schema(
    "AUDIT",
    "One row before and one after every action, newest first.",
    Column("audit_id", TEXT, "The same in the row before and the row after"),
    Column("at", UTC, "When it was written", "UTC"),
    Column("phase", TEXT, "`before` or `after`"),
    Column("actor", TEXT, "Who: the login name, or what the call gave"),
    Column("action", TEXT, "retry, repair, backfill …"),
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("target", TEXT, "Work id or index"),
    Column("plan_hash", TEXT, "Hash of the plan, null without one"),
    Column("outcome", OUTCOMES, "What became of it, null in the row before"),
    Column("document_count", COUNT, "Documents it touches", "documents"),
    Column("detail", TEXT, "In one sentence, redacted"),
    Column(
        "database", TEXT, "Which database it is about: host, port and name; null when that was not stored"
    ),
    Column("server", TEXT, "Which search server it is about: host and port; null when that was not stored"),
)

FIELD_DIFFERENCES = _schema(
    "FIELD_DIFFERENCES",
    "One row per field that differs in one document.",
    Column("document_id", TEXT, "Document id as text"),
    Column("drift", DRIFT, "How the document differs"),
    Column("field", TEXT, "Name of the field"),
    Column("database", TEXT, "Value of the row's projection as JSON, null without a row"),
    Column("index", TEXT, "Value in the document as JSON, null where it has none"),
)

CONTRACT_DRIFT = _schema(
    "CONTRACT_DRIFT",
    "One row per dimension of the index contract and key that differs.",
    Column("schema", TEXT, "Registered name of the search schema"),
    Column("index", TEXT, "Index name on the server"),
    Column("dimension", TEXT, "fields, filterable, sortable, faceting or settings"),
    Column("key", TEXT, "The setting's wire name, or the field"),
    Column("declared", TEXT, "What the schema says, as canonical JSON"),
    Column("actual", TEXT, "What the index has, as canonical JSON"),
    Column("cost", TEXT, "What bringing it in step costs the server"),
)

FLEET = _schema(
    "FLEET",
    "One row per schema of a fleet; null where it was not checked.",
    Column("schema", TEXT, "Registered name of the search schema, or the import string that failed"),
    Column("index", TEXT, "Index name on the server"),
    Column("index_exists", FLAG, "False: the server has no such index; null: that could not be seen"),
    Column("in_step", FLAG, "True: every row has its document and every document its row; null: not known"),
    Column("rows", COUNT, "Rows of the schema", "rows"),
    Column("documents", COUNT, "Documents in the index", "documents"),
    Column("missing", COUNT, "Rows without a document", "documents"),
    Column("orphan", COUNT, "Documents without a row", "documents"),
    Column("stale", COUNT, "Documents with other content than their row", "documents"),
    Column("in_flight", COUNT, "Documents that were changing", "documents"),
    Column("unknown", COUNT, "Documents that could not be compared", "documents"),
    Column("pending", COUNT, "Pending units of work in the observed sources", "units of work"),
    Column("failed", COUNT, "Failed or retrying units of work that are not healed", "units of work"),
    Column("taken_at", UTC, "When the comparison began", "UTC"),
    Column("duration", DURATION, "How long it took", "µs"),
    Column("method", TEXT, "`full`, `incremental` or `sample`; null when documents were not compared"),
    Column(
        "basis",
        TEXT,
        "Of an incremental one: `row_versions` is exact, `updated_at` as good as those who keep it",
    ),
    Column(
        "read_now", COUNT, "Of an incremental one: ids read in the database and in the index", "documents"
    ),
    Column("from_before", COUNT, "Of an incremental one: taken from an earlier comparison", "documents"),
    Column("snapshot_id", TEXT, "Id of the snapshot that holds the report"),
    Column("from_snapshot", FLAG, "True: documents were not compared now but when that snapshot was taken"),
    Column("note", TEXT, "What to know about how documents were compared, or why the schema was not checked"),
)

FLEET_FAILURES = _schema(
    "FLEET_FAILURES",
    "One row per schema of a fleet that could not be checked.",
    Column("schema", TEXT, "Registered name of the search schema, or the import string that failed"),
    Column("error", TEXT, "Code of the error, or the name of its type where it is not one of the kit's own"),
    Column("message", TEXT, "What happened, redacted"),
    Column("hint", TEXT, "The next step"),
)

CHECKS = _schema(
    "CHECKS",
    "One row per check before an operator starts.",
    Column("check", TEXT, "What was checked"),
    Column("ok", FLAG, "True: fine, false: not; null: not checked"),
    Column("detail", TEXT, "What was seen"),
    Column("hint", TEXT, "The next step, null when fine"),
)

GATE = _schema(
    "GATE",
    "One row per check that a rebuilt index must pass before it replaces the live one.",
    Column("check", TEXT, "`documents`, `left_out`, `tasks`, `contract`, `size`"),
    Column("passed", FLAG, "Null: it could not be checked, which does not pass either"),
    Column("detail", TEXT, "What was found"),
    Column("document_ids", IDS, "Documents that it is about"),
)

REINDEX_STEPS = _schema(
    "REINDEX_STEPS",
    "One row per step of a rebuild or a rollback, in order.",
    Column("step", TEXT, "`discard settings backfill catch_up gate swap last_catch_up verify keep`"),
    Column("started_at", UTC, "When it began", "UTC"),
    Column("duration", DURATION, "How long it took", "µs"),
    Column("detail", TEXT, "What it did"),
)

PUBLIC: tuple[FrameSchema, ...] = (
    STATUS,
    WORK,
    FAILED_WORK,
    FAILURE_HISTORY,
    REASON_COUNTS,
    DRIFT_SIGNALS,
    DOCUMENTS,
    DOCUMENT_COUNTS,
    DRIFT_ESTIMATE,
    ACTIONS,
    OUTCOME,
    SNAPSHOTS,
    SNAPSHOT_CHANGES,
    AUDIT,
    FIELD_DIFFERENCES,
    CONTRACT_DRIFT,
    FLEET,
    FLEET_FAILURES,
    CHECKS,
    GATE,
    REINDEX_STEPS,
    *search_frames.PUBLIC,
)
