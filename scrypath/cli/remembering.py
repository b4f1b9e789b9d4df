"""``snapshots``: the stored reports of this machine and of its team."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scrypath.cli import answers
from scrypath.cli.environment import need_services, registered, settled
from scrypath.cli.options import AsJson, ExitZero
from scrypath.cli.running import Exit, verdict
from scrypath.config import MOST_DAYS, Config
from scrypath.errors import InvalidOptions, did_you_mean


class Listing(TyperGroup):
    """A group whose command is ``list`` where none is named: ``snapshots City`` lists those of City."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """The arguments, with ``list`` before them where no command is named."""
        if args and (args[0] in self.commands or args[0] == "--help"):
            return super().parse_args(ctx, args)
        if len(args) > 1 and not any(word.startswith("-") for word in args[:2]):
            ctx.fail(f"No such command {args[0]!r}. {did_you_mean(args[0], self.commands)}")
        return super().parse_args(ctx, ["list", *args])


app = typer.Typer(
    cls=Listing,
    help="List the stored reconcile reports; compare, publish and forget them.",
    epilog="Without a command: list, with its options, as in: scrypath snapshots City --json.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Schema = Annotated[
    str | None,
    typer.Argument(help="A schema's name or module:Class; none means all.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Path or URL of a published history, not this machine's.", show_default=False),
]


@app.command("list")
def listing(schema: Schema = None, url: Url = None, as_json: AsJson = False) -> int:
    """List the stored reconcile reports, newest first."""
    import scrypath

    config = _remembering(url, schema)
    frame = scrypath.snapshots(schema, url=url, config=config)
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import views

        views.snapshots(frame)
    return Exit.FINE


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Id of a snapshot.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Id of another one, earlier or later.", show_default=False)],
    url: Url = None,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Show which drift is new, persisting or resolved between two reports; 2 when any is left."""
    import scrypath

    frame = scrypath.compare_snapshots(a, b, url=url, config=_remembering(url))
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import views

        views.changes(frame)
    return verdict(found=bool((frame["change"] != "resolved").any()), complete=True, exit_zero=exit_zero)


@app.command()
def publish(
    url: Annotated[
        str, typer.Argument(help="Path, or URL that fsspec knows: s3://bucket/team.", show_default=False)
    ],
    as_json: AsJson = False,
) -> int:
    """Write the reports of this machine that are not there yet as Parquet, for the team to read."""
    import scrypath

    done = scrypath.publish_snapshots(url, config=_remembering())
    if as_json:
        answers.write(done)
        return Exit.FINE
    from scrypath.cli.tables import counted, say

    if done.count:
        say(f"Published {counted(done.count, 'snapshot')} under {done.url}.", whole=True)
        say(f"{counted(done.already_there, 'snapshot')} of this machine had been published there before.")
    elif done.already_there:
        say(f"Nothing new: all {counted(done.already_there, 'snapshot')} of this machine are there already.")
    else:
        say("No snapshot to publish yet: scrypath reconcile stores one.")
    return Exit.FINE


@app.command()
def prune(
    schema: Schema = None,
    keep: Annotated[
        int | None,
        typer.Option("--keep", min=1, help="Newest of each schema that stay.", show_default=False),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=0, max=MOST_DAYS, help="Forget only what is older, in days.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be forgotten.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Forget old reports of this machine: by --keep and --days, or by the settings where neither is given."""
    import scrypath

    config = _remembering(None, schema)
    limits: dict[str, Any] = {
        "keep": keep,
        "older_than": None if days is None else timedelta(days=days),
        "config": config,
    }
    if not (dry_run or yes) and (as_json or not sys.stdin.isatty()):
        raise InvalidOptions(
            "Forgetting needs an answer, and there is nobody to ask.",
            hint="Look first with --dry-run, then give --yes.",
        )
    if as_json:
        answers.write(scrypath.prune_snapshots(schema, dry_run=dry_run, **limits))
        return Exit.FINE
    from scrypath.cli import views
    from scrypath.cli.tables import counted, say

    doomed = scrypath.prune_snapshots(schema, dry_run=True, **limits)
    if doomed.is_empty():
        say("No snapshot is old enough to be forgotten.")
        return Exit.FINE
    if dry_run or not yes:
        views.snapshots(doomed)
    if dry_run:
        say(f"\nWould be forgotten: {counted(doomed.height, 'snapshot')}.")
    elif yes or typer.confirm(f"Forget {counted(doomed.height, 'snapshot')}?"):
        forgotten = scrypath.prune_snapshots(schema, **limits)
        say(f"Forgotten: {counted(forgotten.height, 'snapshot')}.")
    return Exit.FINE


def _remembering(url: str | None = None, schema: str | None = None) -> Config:
    """The configuration, when there is something to read; the schemas it names are imported to find one by name."""
    config = settled()
    if url is None and not config.store_path.exists():
        need_services(config)
    if schema is not None and config.schemas:
        registered(None, config)
    return config
