"""The commands, by name."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli import acting, home, reconciling, rehearsing, remembering, seeing, working

app = typer.Typer(
    name="scrypath",
    help="Keep a SQL database and Meilisearch in step, and see exactly where they are not.",
    epilog="Exit codes: 0 fine, 2 the comparison finished and found drift or failures, 1 could not tell. "
    "Services and keys come from SCRYPATH_* variables or a configuration file, never from options.",
    no_args_is_help=False,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _version(wanted: bool) -> None:
    if wanted:
        from importlib.metadata import version

        typer.echo(f"scrypath {version('scrypath')}")
        raise typer.Exit


@app.callback(invoke_without_command=True)
def root(
    context: typer.Context,
    _version_wanted: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> int:
    """Without a command: what there is to run."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
    return 0


app.command("preflight", short_help="Look whether everything needed is reachable.")(seeing.preflight)
app.command("status")(seeing.status)
app.command("failed")(seeing.failed)
app.command("reconcile", short_help="Compare database and index; --action mends.")(reconciling.reconcile)
app.command("retry")(acting.retry)
app.command("backfill")(acting.backfill)
app.command("worker", short_help="Perform the jobs of the sync queue until stopped.")(working.worker)
app.command("rehearse", short_help="Make an incident happen, for practice.")(rehearsing.rehearse)
app.add_typer(remembering.app, name="snapshots", short_help="List, compare and publish stored reports.")
app.add_typer(home.app, name="local")
