"""Reports of ``scrypath reconcile``, plans, and what differs."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.text import Text

from scrypath.cli.rendering.drift import drift_kinds
from scrypath.cli.rendering.table import Column, Row, show_table
from scrypath.cli.rendering.text import NOT_OBSERVED, NOTHING, lasted, plain, say, some
from scrypath.wording import counted, number

if TYPE_CHECKING:
    import polars as pl

    from scrypath import Fleet, Plan, Reconcile


def show_fleet(fleet: Fleet) -> None:
    """A ``Fleet``: its headline, and a line for each schema."""
    say(fleet.headline(), "bold")
    show_table(
        fleet.schemas,
        [
            Column("Schema", "schema"),
            Column("In step", _in_step),
            Column("Rows", "rows", right=True),
            Column("Documents", "documents", right=True),
            Column("Failed", "failed", right=True),
            Column(
                "Drift", lambda row: drift_kinds(row) or ("none" if row["in_step"] else NOTHING), wraps=True
            ),
        ],
    )


def show_report(report: Reconcile) -> None:
    """A ``Reconcile``: its verdict, its signals and what it recommends."""
    when = "from the snapshot of" if report.from_snapshot else "compared at"
    say(f"{report.schema} → index {report.index}, {when} {plain(report.taken_at)} UTC", "bold")
    if report.rows is None or report.indexed is None:
        say(f"Documents were not compared. {report.note or ''}".strip(), "yellow")
    else:
        verdicts = {True: ("yes", "green"), False: ("no", "yellow"), None: ("could not tell", "yellow")}
        answer, style = verdicts[report.in_step]
        say(f"In step: {answer}.", style)
        counts = ", ".join(
            f"{row['drift'].replace('_', ' ')} {number(row['count'])}"
            for row in report.document_counts.to_dicts()
        )
        say(
            f"{counted(report.rows, 'row')} against {counted(report.indexed, 'document')}, "
            f"by {report.verify}, in {lasted(report.duration)}: {counts}."
        )
        say(report.reading or "")
        if report.note is not None:
            say(report.note, "yellow")
    say()
    show_table(
        report.drift_signals,
        [
            Column("Signal", lambda row: str(row["signal"]).replace("_", " ")),
            Column("", _raised),
            Column("Count", lambda row: NOTHING if not row["observed"] else row["count"], right=True),
            Column("Seen", "detail", wraps=True),
        ],
    )
    if report.contract_drift is not None and not report.contract_drift.is_empty():
        say()
        show_contract_drift(report.contract_drift)
    say()
    if report.actions.is_empty():
        say("No action is recommended.")
    else:
        show_actions(report.actions)


def show_actions(frame: pl.DataFrame) -> None:
    """Frame ``ACTIONS``; what is recommended for the same reason is shown on one line."""
    grouped: dict[tuple[str, str], list[Row]] = {}
    for row in frame.to_dicts():
        grouped.setdefault((row["action"], row["reason"]), []).append(row)
    lines = [
        {
            "action": action,
            "target": some([row["target"] for row in rows]),
            "count": _sum([row["count"] for row in rows]),
            "reason": reason,
        }
        for (action, reason), rows in grouped.items()
    ]
    show_table(
        lines,
        [
            Column("Recommended", "action"),
            Column("Target", "target", wraps=True),
            Column("Documents", "count", right=True),
            Column("Why", "reason", wraps=True),
        ],
    )


def show_contract_drift(frame: pl.DataFrame) -> None:
    """Frame ``CONTRACT_DRIFT``."""
    show_table(
        frame,
        [
            Column("Contract", "dimension"),
            Column("Key", "key"),
            Column("Declared", "declared", wraps=True),
            Column("In the index", "actual", wraps=True),
        ],
    )


def show_plan(plan: Plan) -> None:
    """A ``Plan``: what it would do, and its counts."""
    say(str(plan), "bold")
    if not plan.counts.is_empty():
        show_table(plan.counts, [Column("Documents that are", "drift"), Column("Count", "count", right=True)])


def show_differences(frame: pl.DataFrame) -> None:
    """Frame ``FIELD_DIFFERENCES``."""
    show_table(
        frame,
        [
            Column("Document", "document_id"),
            Column("Drift", "drift"),
            Column("Field", "field"),
            Column("Database", "database", wraps=True),
            Column("Index", "index", wraps=True),
        ],
    )


def _sum(counts: Sequence[int | None]) -> str:
    known = [count for count in counts if count is not None]
    if not known:
        return NOTHING
    return number(sum(known)) + ("+" if len(known) < len(counts) else "")  # a plus: some are not known


def _in_step(row: Row) -> str:
    if row["index_exists"] is False:
        return "index gone"
    return {True: "yes", False: "no", None: "could not tell"}[row["in_step"]]


def _raised(row: Row) -> Text:
    if not row["observed"]:
        return Text(NOT_OBSERVED, "dim")
    return Text("raised", "bold yellow") if row["raised"] else Text("quiet", "")
