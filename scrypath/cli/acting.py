"""``retry`` and ``backfill``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrypath.cli import answers
from scrypath.cli.environment import names, settled
from scrypath.cli.options import AsJson, ExitZero, Schemas
from scrypath.cli.running import Exit, verdict
from scrypath.errors import InvalidOptions

if TYPE_CHECKING:
    import polars as pl


def retry(
    work_id: Annotated[str, typer.Argument(help="One work id: meili:123 or oban:456.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Also where the reason says that it cannot help.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the effect and verify it.")] = False,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Send the current rows of one failed unit of work again."""
    import scrypath

    config = settled()
    names(None, config)
    frame = scrypath.retry_sync_work(work_id, force=force, wait=wait, config=config)
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import tables, views

        views.outcome(frame)
        if "accepted" in frame["outcome"].to_list():
            tables.say("\nAccepted is not done: scrypath failed shows whether it left the list.")
    return outcome_verdict(frame, exit_zero=exit_zero)


def backfill(
    schemas: Schemas = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Go on after this document id.", show_default=False)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Documents in one task.", show_default=False)
    ] = None,
    no_wait: Annotated[bool, typer.Option("--no-wait", help="End when the tasks are accepted.")] = False,
    as_json: AsJson = False,
) -> int:
    """Write every row of the schemas to their indexes."""
    import scrypath

    config = settled()
    wanted = names(schemas, config)
    if after is not None and len(wanted) != 1:
        raise InvalidOptions(
            "--after is given for several schemas.", hint="Name the one schema it belongs to."
        )
    results = [
        scrypath.backfill(
            name,
            after=after,
            batch_size=batch_size,
            wait=not no_wait,
            progress=not as_json and sys.stderr.isatty(),
            config=config,
        )
        for name in wanted
    ]
    if as_json:
        answers.write(results)
    else:
        from scrypath.cli.tables import Shown, show

        columns = [
            Shown("Schema", "schema"),
            Shown("Index", "index"),
            Shown("Status", "status"),
            Shown("Documents", "documents", right=True),
            Shown("Tasks", "tasks", right=True),
            Shown("Took", "took", right=True),
            Shown("Resume after", "resume_after"),
        ]
        show([_backfilled(result) for result in results], columns)
    return Exit.FINE


def outcome_verdict(frame: pl.DataFrame, *, exit_zero: bool) -> int:
    """The exit code that an ``OUTCOME`` deserves."""
    outcomes = set(frame["outcome"].to_list())
    return verdict(
        found="failed" in outcomes or False in frame["verified"].to_list(),
        complete="unknown" not in outcomes,
        exit_zero=exit_zero,
    )


def _backfilled(result: Any) -> dict[str, Any]:
    return {
        "schema": result.schema,
        "index": result.index,
        "status": str(result.status),
        "documents": result.document_count,
        "tasks": len(result.work_ids),
        "took": result.duration,
        "resume_after": result.resume_after,
    }
