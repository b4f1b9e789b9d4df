"""How each public frame is shown in a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from rich.text import Text

from scrypath.cli.tables import NOTHING, Row, Shown, counted, lasted, number, plain, say, show

if TYPE_CHECKING:
    import polars as pl

NOT_OBSERVED = "not observed"
MOST = 5  # names in a sentence
MOST_ROWS = 20  # of one kind of change


def local(frame: pl.DataFrame) -> None:
    """Frame ``LOCAL_STATUS``."""
    show(
        frame,
        [
            Shown("Part", "part"),
            Shown("State", "state"),
            Shown("Process", lambda row: "" if row["pid"] is None else str(row["pid"]), right=True),
            Shown("", "detail", wraps=True),
        ],
    )
    for row in frame.filter(frame["url"].is_not_null()).to_dicts():
        say(f"{row['part']}: {row['url']}", whole=True)


def status(frame: pl.DataFrame) -> None:
    """Frame ``STATUS``."""
    columns = [
        Shown("Schema", "schema"),
        Shown("Source", "source"),
        Shown("Pending", lambda row: _seen(row, "pending"), right=True),
        Shown("Retrying", lambda row: _seen(row, "retrying", alarm="yellow"), right=True),
        Shown("Failed", lambda row: _seen(row, "failed", alarm="bold red"), right=True),
        Shown("Last success", _last),
    ]
    if frame["pending"].sum():  # most often nothing is, and 80 columns are few
        columns.append(Shown("Oldest pending (UTC)", "oldest_pending_at"))
    show(frame, columns)
    for row in frame.to_dicts():
        if row["note"]:
            say(f"{', '.join(filter(None, (row['schema'], row['source'])))}: {row['note']}", "dim")


def failed(frame: pl.DataFrame) -> None:
    """Frame ``FAILED_WORK``."""
    for row in frame.filter(frame["work_id"].is_null()).to_dicts():
        say(f"{row['schema']}: {row['reason']}", "yellow")
    units = frame.filter(frame["work_id"].is_not_null())
    if units.is_empty():
        if frame.is_empty():
            say("No failed or retrying work.")
        return
    show(
        units,
        [
            Shown("Work id", "work_id"),
            Shown("Schema", lambda row: row["schema"] or row["index"] or NOTHING),
            Shown("Operation", "operation"),
            Shown("State", lambda row: Text("healed", "dim") if row["healed"] else row["state"]),
            Shown("Documents", "document_count", right=True),
            Shown("Attempt", _attempt, right=True),
            Shown("Failed at (UTC)", "failed_at"),
            Shown("Class", "reason_class"),
        ],
    )
    told: dict[str, list[str]] = {}
    for row in units.to_dicts():
        told.setdefault(row["reason"] or "It gives no reason.", []).append(row["work_id"])
    for reason, work_ids in told.items():
        say(f"{_some(work_ids)}: {reason}")
    healers: dict[str, list[str]] = {}
    for row in units.filter(units["healed"]).to_dicts():
        healers.setdefault(row["superseded_by"], []).append(row["work_id"])
    for healer, work_ids in healers.items():
        say(f"Healed, because {healer} wrote the same documents since: {_some(work_ids)}.", "dim")


def reasons(frame: pl.DataFrame) -> None:
    """Frame ``REASON_COUNTS``, on one line."""
    say(
        "Why: " + ", ".join(f"{row['reason_class']} {number(row['count'])}" for row in frame.to_dicts()) + "."
    )


def checks(frame: pl.DataFrame) -> None:
    """Frame ``CHECKS``."""
    marks = {True: Text("ok", "green"), False: Text("not ok", "bold red"), None: Text(NOT_OBSERVED, "dim")}
    show(
        frame,
        [
            Shown("Check", "check"),
            Shown("", lambda row: marks[row["ok"]]),
            Shown("Seen", "detail", wraps=True),
            Shown("Next step", lambda row: row["hint"] or "", wraps=True),
        ],
    )


def snapshots(frame: pl.DataFrame) -> None:
    """Frame ``SNAPSHOTS``."""
    if frame.is_empty():
        say("No snapshot yet: scrypath reconcile stores one.")
        return
    columns = [
        Shown("Snapshot", "snapshot_id"),
        Shown("Schema", "schema"),
        Shown("Taken at (UTC)", "taken_at"),
        Shown("Rows", lambda row: _compared(row, "rows"), right=True),
        Shown("Documents", lambda row: _compared(row, "documents"), right=True),
        Shown("Failed", "failed", right=True),
        Shown("Drift", _drifted, wraps=True),
    ]
    if frame["published_by"].is_not_null().any():
        columns.insert(3, Shown("Published by", "published_by"))
    show(frame, columns)


def changes(frame: pl.DataFrame) -> None:
    """Frame ``SNAPSHOT_CHANGES``: how many, and the first of each kind."""
    if frame.is_empty():
        say("No document was out of step in either snapshot.", "green")
        return
    counts = dict(frame.group_by("change").len().iter_rows())
    kinds = [kind for kind in ("new", "persisting", "resolved") if kind in counts]
    say(", ".join(f"{kind} {number(counts[kind])}" for kind in kinds) + ".", "bold")
    first = [
        row for kind in kinds for row in frame.filter(frame["change"] == kind).head(MOST_ROWS).to_dicts()
    ]
    show(
        first,
        [
            Shown("Document", "document_id"),
            Shown("Change", "change"),
            Shown("Before", lambda row: row["before"] or NOTHING),
            Shown("After", lambda row: row["after"] or NOTHING),
        ],
    )
    if len(first) < frame.height:
        say(f"The first {MOST_ROWS} of each kind are shown; --json gives all {number(frame.height)}.", "dim")


def fleet(found: Any) -> None:
    """A ``Fleet``: its sentence, and a line for each schema."""
    say(found.headline(), "bold")
    show(
        found.schemas,
        [
            Shown("Schema", "schema"),
            Shown("In step", lambda row: {True: "yes", False: "no", None: "could not tell"}[row["in_step"]]),
            Shown("Rows", "rows", right=True),
            Shown("Documents", "documents", right=True),
            Shown("Failed", "failed", right=True),
            Shown("Drift", lambda row: _kinds(row) or ("none" if row["in_step"] else NOTHING), wraps=True),
        ],
    )


def report(found: Any) -> None:
    """A ``Reconcile``."""
    when = "from the snapshot of" if found.from_snapshot else "compared at"
    say(f"{found.schema} → index {found.index}, {when} {plain(found.taken_at)} UTC", "bold")
    if found.rows is None:
        say(f"Documents were not compared. {found.note or ''}".strip(), "yellow")
    else:
        verdicts = {True: ("yes", "green"), False: ("no", "yellow"), None: ("could not tell", "yellow")}
        answer, style = verdicts[found.in_step]
        say(f"In step: {answer}.", style)
        counts = ", ".join(
            f"{row['drift'].replace('_', ' ')} {number(row['count'])}"
            for row in found.document_counts.to_dicts()
        )
        say(
            f"{counted(found.rows, 'row')} against {counted(found.indexed, 'document')}, "
            f"by {found.verify}, in {lasted(found.duration)}: {counts}."
        )
    say()
    show(
        found.drift_signals,
        [
            Shown("Signal", lambda row: str(row["signal"]).replace("_", " ")),
            Shown("", _raised),
            Shown("Count", lambda row: NOTHING if not row["observed"] else row["count"], right=True),
            Shown("Seen", "detail", wraps=True),
        ],
    )
    if found.contract_drift is not None and not found.contract_drift.is_empty():
        say()
        contract_drift(found.contract_drift)
    say()
    if found.actions.is_empty():
        say("Nothing to do is recommended.")
    else:
        actions(found.actions)


def actions(frame: pl.DataFrame) -> None:
    """Frame ``ACTIONS``; what is recommended for the same reason stands on one line."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in frame.to_dicts():
        grouped.setdefault((row["action"], row["reason"]), []).append(row)
    lines = [
        {
            "action": action,
            "target": _some([row["target"] for row in rows]),
            "count": _sum([row["count"] for row in rows]),
            "reason": reason,
        }
        for (action, reason), rows in grouped.items()
    ]
    show(
        lines,
        [
            Shown("Recommended", "action"),
            Shown("Target", "target", wraps=True),
            Shown("Documents", "count", right=True),
            Shown("Why", "reason", wraps=True),
        ],
    )


def contract_drift(frame: pl.DataFrame) -> None:
    """Frame ``CONTRACT_DRIFT``."""
    show(
        frame,
        [
            Shown("Contract", "dimension"),
            Shown("Key", "key"),
            Shown("Declared", "declared", wraps=True),
            Shown("In the index", "actual", wraps=True),
        ],
    )


def plan(made: Any) -> None:
    """A ``Plan``: its sentence and its counts."""
    say(str(made), "bold")
    if not made.counts.is_empty():
        show(made.counts, [Shown("Documents that are", "drift"), Shown("Count", "count", right=True)])


def differences(frame: pl.DataFrame) -> None:
    """Frame ``FIELD_DIFFERENCES``."""
    show(
        frame,
        [
            Shown("Document", "document_id"),
            Shown("Drift", "drift"),
            Shown("Field", "field"),
            Shown("Database", "database", wraps=True),
            Shown("Index", "index", wraps=True),
        ],
    )


def outcome(frame: pl.DataFrame) -> None:
    """Frame ``OUTCOME``."""
    show(
        frame,
        [
            Shown("Work id", "work_id"),
            Shown("Operation", "operation"),
            Shown("Outcome", "outcome"),
            Shown("Sent as", "sent_as"),
            Shown("Documents", "document_count", right=True),
            Shown("Verified", lambda row: "not yet" if row["verified"] is None else row["verified"]),
            Shown("", "detail", wraps=True),
        ],
    )


def audit(frame: pl.DataFrame) -> None:
    """Frame ``AUDIT``."""
    show(
        frame,
        [
            Shown("At (UTC)", "at"),
            Shown("Phase", "phase"),
            Shown("Who", "actor"),
            Shown("Action", "action"),
            Shown("Target", "target"),
            Shown("Outcome", lambda row: row["outcome"] or ""),
            Shown("Documents", "document_count", right=True),
            Shown("", "detail", wraps=True),
        ],
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST]) + (f" and {number(len(names) - MOST)} more" if len(names) > MOST else "")


def _sum(counts: Sequence[int | None]) -> str:
    known = [count for count in counts if count is not None]
    if not known:
        return NOTHING
    return number(sum(known)) + ("+" if len(known) < len(counts) else "")  # a plus: some are not known


def _seen(row: Row, name: str, *, alarm: str = "") -> Text:
    if not row["observed"]:
        return Text(NOTHING, "dim")
    value = row[name]
    return Text(plain(value), alarm if value else "")


def _last(row: Row) -> str:
    if not row["observed"]:
        return NOT_OBSERVED
    work_id = row["last_succeeded_id"]
    return NOTHING if work_id is None else f"{work_id}, {plain(row['last_succeeded_at'])}"


def _attempt(row: Row) -> str:
    if row["attempt"] is None:
        return NOTHING
    return (
        f"{row['attempt']}/{row['max_attempts']}" if row["max_attempts"] is not None else f"{row['attempt']}"
    )


def _drifted(row: Row) -> str:
    if not row["documents_compared"]:
        return NOTHING
    return _kinds(row) or "none"


def _kinds(row: Row) -> str:
    kinds = ("missing", "orphan", "stale", "in_flight", "unknown")
    return ", ".join(f"{number(row[kind])} {kind.replace('_', ' ')}" for kind in kinds if row[kind])


def _compared(row: Row, name: str) -> str:
    return plain(row[name]) if row["documents_compared"] else NOTHING


def _raised(row: Row) -> Text:
    if not row["observed"]:
        return Text(NOT_OBSERVED, "dim")
    return Text("raised", "bold yellow") if row["raised"] else Text("quiet", "")
