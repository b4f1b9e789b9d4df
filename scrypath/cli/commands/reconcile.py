"""``scrypath reconcile``: it changes something only when ``--action`` names what."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, require_services, schema_names
from scrypath.cli.error_output import write_error
from scrypath.cli.exit import outcome_verdict, verdict
from scrypath.cli.options import AsJson, ExitZero, Schemas
from scrypath.errors import InvalidOptions, ScrypathError
from scrypath.vocabulary import Signal

if TYPE_CHECKING:
    import polars as pl

    from scrypath import Fleet, Plan, Reconcile

FAILING_SIGNALS = (
    Signal.FAILED_SYNC_WORK,
    Signal.DOCUMENT_DRIFT,
    Signal.CONTRACT_DRIFT,
    Signal.VERSION_UNSUPPORTED,
)


def reconcile(
    schemas: Schemas = None,
    *,
    action: Annotated[
        str | None,
        typer.Option("--action", help="Act on the report: repair.", show_default=False),
    ] = None,
    delete_orphans: Annotated[
        bool,
        typer.Option("--delete-orphans", help="With --action repair: delete documents without a row too."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --action: do not ask for confirmation.")] = False,
    no_documents: Annotated[
        bool, typer.Option("--no-documents", help="Check work and settings only.")
    ] = False,
    verify: Annotated[
        str, typer.Option("--verify", help="Compare by fingerprint or by content.")
    ] = "fingerprint",
    max_age: Annotated[
        float | None,
        typer.Option(
            "--max-age",
            min=0,
            help="Use the last snapshot if it is younger than so many seconds.",
            show_default=False,
        ),
    ] = None,
    incremental: Annotated[
        bool | None,
        typer.Option(
            "--incremental/--full",
            help="--full reads everything. --incremental trusts updated_at where versions of rows do not say what "
            "changed. Neither: what changed since the last comparison where that is exact, else everything.",
            show_default=False,
        ),
    ] = None,
    sample: Annotated[
        int | None,
        typer.Option(
            "--sample", help="Estimate the drift from so many rows, chosen at random.", show_default=False
        ),
    ] = None,
    explain: Annotated[
        list[str] | None,
        typer.Option(
            "--explain",
            help="Show which fields of this document differ; may be repeated.",
            show_default=False,
        ),
    ] = None,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Compare the database with the index, and change nothing without --action."""
    import scrypath

    config = load_config()
    if not schemas:
        require_services(config)
    wanted = schema_names(schemas, config) if schemas else ()
    _check_action(action, yes=yes, delete_orphans=delete_orphans, as_json=as_json)
    found = scrypath.reconcile_sync(
        *wanted,
        documents=not no_documents,
        verify=verify,
        max_age=None if max_age is None else timedelta(seconds=max_age),
        incremental=incremental,
        sample=sample,
        progress=not as_json and sys.stderr.isatty(),
        config=config,
    )
    fleet = found if isinstance(found, scrypath.Fleet) else None
    reports = [*fleet] if fleet is not None else [found]
    problems = _problems(fleet)
    explained = [report.explain(explain) for report in reports] if explain else []
    plans = (
        [scrypath.plan(report, action, delete_orphans=delete_orphans) for report in reports] if action else []
    )
    if not as_json:
        if fleet is not None and len(reports) + len(problems) > 1:
            _print_fleet(fleet)
        _print_reports(reports, explained)
        _print_plans(plans)
    if plans and not yes and not typer.confirm("Apply this?"):
        return _verdict(reports, problems, documents=not no_documents, exit_zero=exit_zero)
    outcomes = [
        scrypath.apply(plan, progress=not as_json and sys.stderr.isatty(), config=config)
        for plan in plans
        if plan.counts["count"].sum()
    ]
    if as_json:
        json_output.write(
            {
                "reports": reports,
                "explained": explained,
                "plans": plans,
                "outcomes": outcomes,
                "errors": fleet.failures if fleet is not None else [],
            }
        )
    else:
        _print_outcomes(outcomes)
    for problem in problems:
        write_error(problem, as_json=as_json)
    if problems or not outcomes:
        return _verdict(reports, problems, documents=not no_documents, exit_zero=exit_zero)
    return max(outcome_verdict(frame, exit_zero=exit_zero) for frame in outcomes)


def _problems(fleet: Fleet | None) -> list[ScrypathError]:
    errors = fleet.errors if fleet is not None else {}
    if fleet is not None and not len(fleet) and len(errors) == 1:
        raise next(iter(errors.values()))
    return [_named(schema, error) for schema, error in errors.items()]


def _named(schema: str, error: Exception) -> ScrypathError:
    named = (
        copy(error) if isinstance(error, ScrypathError) else ScrypathError(f"{type(error).__name__}: {error}")
    )
    named.message = f"{schema}: {named.message}"
    return named


def _check_action(action: str | None, *, yes: bool, delete_orphans: bool, as_json: bool) -> None:
    if action is None:
        if yes or delete_orphans:
            raise InvalidOptions(
                f"{'--yes' if yes else '--delete-orphans'} is given without --action.",
                hint="Name the action: --action repair.",
            )
        return
    if action != "repair":
        raise InvalidOptions(f"--action must be repair, not {action!r}.", hint="Use: --action repair.")
    if not yes and (as_json or not sys.stdin.isatty()):
        raise InvalidOptions(
            "--action needs a confirmation, and there is no terminal to ask at.",
            hint="Read the report without --action first, then add --yes.",
        )


def _print_fleet(fleet: Fleet) -> None:
    from scrypath.cli.rendering.report import show_fleet
    from scrypath.cli.rendering.text import say

    show_fleet(fleet)
    say()


def _print_reports(reports: Sequence[Reconcile], explained: Sequence[pl.DataFrame]) -> None:
    from scrypath.cli.rendering.report import show_differences, show_report
    from scrypath.cli.rendering.text import say

    for place, report in enumerate(reports):
        if place:
            say()
        show_report(report)
    for frame in explained:
        say()
        show_differences(frame)


def _print_plans(plans: Sequence[Plan]) -> None:
    from scrypath.cli.rendering.report import show_plan
    from scrypath.cli.rendering.text import say

    for plan in plans:
        say()
        show_plan(plan)


def _print_outcomes(outcomes: Sequence[pl.DataFrame]) -> None:
    from scrypath.cli.rendering.text import say
    from scrypath.cli.rendering.work import show_outcome

    for frame in outcomes:
        say()
        show_outcome(frame)


def _verdict(
    reports: Sequence[Reconcile], problems: Sequence[ScrypathError], *, documents: bool, exit_zero: bool
) -> int:
    checked = [str(signal) for signal in FAILING_SIGNALS if documents or signal is not Signal.DOCUMENT_DRIFT]
    found, complete = False, not problems
    for report in reports:
        signals = report.drift_signals.filter(report.drift_signals["signal"].is_in(checked))
        found = found or report.index_exists is False or bool(signals["raised"].any())
        complete = (
            complete and bool(signals["observed"].all()) and (report.in_step is not None or not documents)
        )
    return verdict(found=found, complete=complete, exit_zero=exit_zero)
