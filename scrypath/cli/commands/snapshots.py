"""``scrypath snapshots``: the stored reports of this machine and of its team."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, registered_names, require_services
from scrypath.cli.exit import Exit, verdict
from scrypath.cli.options import AsJson, ExitZero
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
    help="List the stored reconcile reports; compare, publish and delete them.",
    epilog="Without a command it lists, with the options of list: scrypath snapshots City --json.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Schema = Annotated[
    str | None,
    typer.Argument(help="A schema's name or module:Class; all when none is given.", show_default=False),
]
Url = Annotated[
    str | None,
    typer.Option("--url", help="Read a published history, at this path or URL.", show_default=False),
]


@app.command("list")
def listing(schema: Schema = None, url: Url = None, as_json: AsJson = False) -> int:
    """List the stored reconcile reports, newest first."""
    import scrypath

    config = _load_config(url, schema)
    frame = scrypath.snapshots(schema, url=url, config=config)
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.snapshots import show_snapshots

        show_snapshots(frame)
    return Exit.FINE


@app.command()
def compare(
    a: Annotated[str, typer.Argument(help="Id of a snapshot.", show_default=False)],
    b: Annotated[str, typer.Argument(help="Id of another snapshot, earlier or later.", show_default=False)],
    url: Url = None,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Show which drift is new, persisting or resolved between two reports; exit with 2 when any is left."""
    import scrypath

    frame = scrypath.compare_snapshots(a, b, url=url, config=_load_config(url))
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.snapshots import show_changes

        show_changes(frame)
    return verdict(found=bool((frame["change"] != "resolved").any()), complete=True, exit_zero=exit_zero)


@app.command()
def publish(
    url: Annotated[
        str, typer.Argument(help="Path, or a URL that fsspec supports: s3://bucket/team.", show_default=False)
    ],
    as_json: AsJson = False,
) -> int:
    """Write the reports of this machine that are not published yet as Parquet, for the team to read."""
    import scrypath

    done = scrypath.publish_snapshots(url, config=_load_config())
    if as_json:
        json_output.write(done)
        return Exit.FINE
    from scrypath.cli.rendering.text import say
    from scrypath.wording import counted

    if done.count:
        say(f"Published {counted(done.count, 'snapshot')} under {done.url}.", fold=False)
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
        typer.Option("--keep", min=1, help="Keep so many of each schema, the newest.", show_default=False),
    ] = None,
    days: Annotated[
        int | None,
        typer.Option(
            "--days", min=0, max=MOST_DAYS, help="Delete only what is older, in days.", show_default=False
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only list what would be deleted.")] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> int:
    """Delete old reports of this machine, by --keep and --days, or by the settings when neither is given."""
    import scrypath

    config = _load_config(None, schema)
    limits: dict[str, Any] = {
        "keep": keep,
        "older_than": None if days is None else timedelta(days=days),
        "config": config,
    }
    if not (dry_run or yes) and (as_json or not sys.stdin.isatty()):
        raise InvalidOptions(
            "Deleting snapshots needs a confirmation, and there is no terminal to ask at.",
            hint="List them with --dry-run first, then add --yes.",
        )
    if as_json:
        json_output.write(scrypath.prune_snapshots(schema, dry_run=dry_run, **limits))
        return Exit.FINE
    from scrypath.cli.rendering.snapshots import show_snapshots
    from scrypath.cli.rendering.text import say
    from scrypath.wording import counted

    old = scrypath.prune_snapshots(schema, dry_run=True, **limits)
    if old.is_empty():
        say("No snapshot is old enough to be deleted.")
        return Exit.FINE
    if dry_run or not yes:
        show_snapshots(old)
    if dry_run:
        say(f"\nWould be deleted: {counted(old.height, 'snapshot')}.")
    elif yes or typer.confirm(f"Delete {counted(old.height, 'snapshot')}?"):
        deleted = scrypath.prune_snapshots(schema, **limits)
        say(f"Deleted: {counted(deleted.height, 'snapshot')}.")
    return Exit.FINE


def _load_config(url: str | None = None, schema: str | None = None) -> Config:
    """The configuration, when there is something to read; its schemas are imported to find one by name."""
    config = load_config()
    if url is None and not config.store_path.exists():
        require_services(config)
    if schema is not None and config.schemas:
        registered_names(None, config)
    return config
