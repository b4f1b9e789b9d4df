"""The commands, by name."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli.commands.backfill import backfill
from scrypath.cli.commands.failed import failed
from scrypath.cli.commands.local import app as local
from scrypath.cli.commands.preflight import preflight
from scrypath.cli.commands.reconcile import reconcile
from scrypath.cli.commands.rehearse import rehearse
from scrypath.cli.commands.reindex import reindex, rollback
from scrypath.cli.commands.retry import retry
from scrypath.cli.commands.search import explain_search, search
from scrypath.cli.commands.snapshots import app as snapshots
from scrypath.cli.commands.status import status
from scrypath.cli.commands.worker import worker

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
    """List the commands when none is given."""
    if context.invoked_subcommand is None:
        typer.echo(context.get_help())
    return 0


app.command("preflight", short_help="Check that everything needed is reachable.")(preflight)
app.command("status")(status)
app.command("failed")(failed)
app.command("reconcile", short_help="Compare database and index; --action repairs.")(reconcile)
app.command("retry")(retry)
app.command("backfill")(backfill)
app.command("reindex", short_help="Rebuild the index and swap it in.")(reindex)
app.command("rollback", short_help="Go back to the index before the last reindex.")(rollback)
app.command("search")(search)
app.command("explain-search", short_help="Explain why a search finds a document, or does not.")(
    explain_search
)
app.command("worker", short_help="Run the jobs of the sync queue until stopped.")(worker)
app.command("rehearse", short_help="Cause an incident, for practice.")(rehearse)
app.add_typer(snapshots, name="snapshots", short_help="List, compare and publish stored reports.")
app.add_typer(local, name="local")
