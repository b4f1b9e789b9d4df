"""Failed work, its status, and what came of retries and backfills."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rich.text import Text

from scrypath.cli.rendering.table import Column, Row, show_table
from scrypath.cli.rendering.text import NOT_OBSERVED, NOTHING, plain, say, some
from scrypath.wording import number

if TYPE_CHECKING:
    import polars as pl

    from scrypath import BackfillResult


def show_status(frame: pl.DataFrame) -> None:
    """Frame ``STATUS``."""
    columns = [
        Column("Schema", "schema"),
        Column("Source", "source"),
        Column("Pending", lambda row: _seen(row, "pending"), right=True),
        Column("Retrying", lambda row: _seen(row, "retrying", alarm="yellow"), right=True),
        Column("Failed", lambda row: _seen(row, "failed", alarm="bold red"), right=True),
        Column("Last success", _last),
    ]
    if frame["pending"].sum():  # seldom, and 80 columns are few
        columns.append(Column("Oldest pending (UTC)", "oldest_pending_at"))
    show_table(frame, columns)
    for row in frame.to_dicts():
        if row["note"]:
            say(f"{', '.join(filter(None, (row['schema'], row['source'])))}: {row['note']}", "dim")


def show_failed(frame: pl.DataFrame) -> None:
    """Frame ``FAILED_WORK``."""
    for row in frame.filter(frame["work_id"].is_null()).to_dicts():
        say(f"{row['schema']}: {row['reason']}", "yellow")
    units = frame.filter(frame["work_id"].is_not_null())
    if units.is_empty():
        if frame.is_empty():
            say("No failed or retrying work.")
        return
    show_table(
        units,
        [
            Column("Work id", "work_id"),
            Column("Schema", lambda row: row["schema"] or row["index"] or NOTHING),
            Column("Operation", "operation"),
            Column("State", lambda row: Text("healed", "dim") if row["healed"] else row["state"]),
            Column("Documents", "document_count", right=True),
            Column("Attempt", _attempt, right=True),
            Column("Failed at (UTC)", "failed_at"),
            Column("Class", "reason_class"),
        ],
    )
    reasons: dict[str, list[str]] = {}
    for row in units.to_dicts():
        reasons.setdefault(row["reason"] or "No reason was given.", []).append(row["work_id"])
    for reason, work_ids in reasons.items():
        say(f"{some(work_ids)}: {reason}")
    healers: dict[str, list[str]] = {}
    for row in units.filter(units["healed"]).to_dicts():
        healers.setdefault(row["superseded_by"], []).append(row["work_id"])
    for healer, work_ids in healers.items():
        say(f"Healed, because {healer} wrote the same documents since: {some(work_ids)}.", "dim")


def show_reason_counts(frame: pl.DataFrame) -> None:
    """Frame ``REASON_COUNTS``, on one line."""
    say("Open, by reason: " + ", ".join(map(_reason_count, frame.to_dicts())) + ".")


def show_outcome(frame: pl.DataFrame) -> None:
    """Frame ``OUTCOME``."""
    show_table(
        frame,
        [
            Column("Work id", "work_id"),
            Column("Operation", "operation"),
            Column("Outcome", "outcome"),
            Column("Sent as", "sent_as"),
            Column("Documents", "document_count", right=True),
            Column("Verified", lambda row: "not yet" if row["verified"] is None else row["verified"]),
            Column("", "detail", wraps=True),
        ],
    )


def show_backfills(results: Iterable[BackfillResult]) -> None:
    """Each ``BackfillResult``, one to a line."""
    show_table(
        [
            {
                "schema": result.schema,
                "index": result.index,
                "status": str(result.status),
                "documents": result.document_count,
                "tasks": len(result.work_ids),
                "took": result.duration,
                "in_flight": len(result.in_flight),
                "resume_after": result.resume_after,
            }
            for result in results
        ],
        [
            Column("Schema", "schema"),
            Column("Index", "index"),
            Column("Status", "status"),
            Column("Documents", "documents", right=True),
            Column("Tasks", "tasks", right=True),
            Column("Took", "took", right=True),
            Column("In flight", "in_flight", right=True),
            Column("Resume after", "resume_after"),
        ],
    )


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


def _reason_count(row: Row) -> str:
    healed = f" ({number(row['healed'])} healed)" if row["healed"] else ""
    return f"{row['reason_class']} {number(row['open'])}{healed}"
