"""``reconcile``: it changes something only when ``--action`` says so by name."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from copy import copy
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Any

import typer

from scrypath.cli import answers
from scrypath.cli.acting import outcome_verdict
from scrypath.cli.environment import names, need_services, settled
from scrypath.cli.options import AsJson, ExitZero, Schemas
from scrypath.cli.running import complain, verdict
from scrypath.errors import InvalidOptions, ScrypathError
from scrypath.vocabulary import Signal

if TYPE_CHECKING:
    import polars as pl

    from scrypath import Fleet

TROUBLE = (Signal.FAILED_SYNC_WORK, Signal.DOCUMENT_DRIFT, Signal.CONTRACT_DRIFT, Signal.VERSION_UNSUPPORTED)


def reconcile(
    schemas: Schemas = None,
    *,
    action: Annotated[
        str | None,
        typer.Option("--action", help="What to do about the report: repair.", show_default=False),
    ] = None,
    delete_orphans: Annotated[
        bool, typer.Option("--delete-orphans", help="With --action repair: also delete them.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With --action: do not ask.")] = False,
    no_documents: Annotated[
        bool, typer.Option("--no-documents", help="Compare work and settings only.")
    ] = False,
    verify: Annotated[
        str, typer.Option("--verify", help="What is compared: fingerprint or content.")
    ] = "fingerprint",
    max_age: Annotated[
        float | None,
        typer.Option("--max-age", min=0, help="Seconds: a younger snapshot will do.", show_default=False),
    ] = None,
    incremental: Annotated[
        bool, typer.Option("--incremental", help="Read only what may have changed since the last comparison.")
    ] = False,
    sample: Annotated[
        int | None,
        typer.Option("--sample", help="Rows to draw at random: an estimate.", show_default=False),
    ] = None,
    explain: Annotated[
        list[str] | None,
        typer.Option("--explain", help="Document id: show which fields differ.", show_default=False),
    ] = None,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Compare the database with the index, and change nothing unless --action says so."""
    import scrypath

    config = settled()
    if not schemas:
        need_services(config)
    wanted = names(schemas, config) if schemas else ()
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
    if plans and not yes and not typer.confirm("Do this?"):
        return _verdict(reports, problems, documents=not no_documents, exit_zero=exit_zero)
    outcomes = [
        scrypath.apply(plan, progress=not as_json and sys.stderr.isatty(), config=config)
        for plan in plans
        if plan.counts["count"].sum()
    ]
    if as_json:
        answers.write(
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
        complain(problem, as_json=as_json)
    if problems or not outcomes:
        return _verdict(reports, problems, documents=not no_documents, exit_zero=exit_zero)
    return max(outcome_verdict(frame, exit_zero=exit_zero) for frame in outcomes)


def _problems(fleet: Fleet | None) -> list[ScrypathError]:
    errors = fleet.errors if fleet is not None else {}
    if fleet is not None and not len(fleet) and len(errors) == 1:
        raise next(iter(errors.values()))
    return [_named(schema, error) for schema, error in errors.items()]


def _named(schema: str, error: Exception) -> ScrypathError:
    told = (
        copy(error) if isinstance(error, ScrypathError) else ScrypathError(f"{type(error).__name__}: {error}")
    )
    told.message = f"{schema}: {told.message}"
    return told


def _check_action(action: str | None, *, yes: bool, delete_orphans: bool, as_json: bool) -> None:
    if action is None:
        if yes or delete_orphans:
            raise InvalidOptions(
                f"{'--yes' if yes else '--delete-orphans'} is given without --action.",
                hint="Say what to do: --action repair.",
            )
        return
    if action != "repair":
        raise InvalidOptions(f"--action cannot be {action!r}.", hint="Known: repair.")
    if not yes and (as_json or not sys.stdin.isatty()):
        raise InvalidOptions(
            "--action needs an answer, and there is nobody to ask.",
            hint="Look at the report without --action first, then give --yes as well.",
        )


def _print_fleet(fleet: Fleet) -> None:
    from scrypath.cli import tables, views

    views.fleet(fleet)
    tables.say()


def _print_reports(reports: Sequence[Any], explained: Sequence[pl.DataFrame]) -> None:
    from scrypath.cli import tables, views

    for place, report in enumerate(reports):
        if place:
            tables.say()
        views.report(report)
    for frame in explained:
        tables.say()
        views.differences(frame)


def _print_plans(plans: Sequence[Any]) -> None:
    from scrypath.cli import tables, views

    for plan in plans:
        tables.say()
        views.plan(plan)


def _print_outcomes(outcomes: Sequence[pl.DataFrame]) -> None:
    from scrypath.cli import tables, views

    for frame in outcomes:
        tables.say()
        views.outcome(frame)


def _verdict(
    reports: Sequence[Any], problems: Sequence[ScrypathError], *, documents: bool, exit_zero: bool
) -> int:
    asked = [str(signal) for signal in TROUBLE if documents or signal is not Signal.DOCUMENT_DRIFT]
    found, complete = False, not problems
    for report in reports:
        signals = report.drift_signals.filter(report.drift_signals["signal"].is_in(asked))
        found = found or bool(signals["raised"].any())
        complete = (
            complete and bool(signals["observed"].all()) and (report.in_step is not None or not documents)
        )
    return verdict(found=found, complete=complete, exit_zero=exit_zero)
