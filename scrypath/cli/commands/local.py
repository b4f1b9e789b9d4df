"""``scrypath local``: the stack of this machine."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson

if TYPE_CHECKING:
    import polars as pl

app = typer.Typer(
    help="The stack of this machine: database, search server, worker.",
    no_args_is_help=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


@app.command()
def up(
    no_worker: Annotated[bool, typer.Option("--no-worker", help="Start no worker.")] = False,
    as_json: AsJson = False,
) -> int:
    """Start what is not running yet."""
    from scrypath.local import stack

    return _print(stack.up(worker=not no_worker).status(), as_json=as_json)


@app.command()
def down(
    purge: Annotated[
        bool, typer.Option("--purge", help="Also remove its database, index, snapshots and logs.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Stop what the stack started."""
    from scrypath.local import stack

    return _print(stack.down(purge=purge), as_json=as_json)


@app.command()
def status(as_json: AsJson = False) -> int:
    """Show which parts are running; exit with 2 when one of them crashed."""
    from scrypath.local import stack

    return _print(stack.status(), as_json=as_json)


@app.command(short_help="Walk through an incident on real parts.")
def demo(
    cities: Annotated[
        int | None,
        typer.Option("--cities", min=1, help="Only so many cities, the most populous.", show_default=False),
    ] = None,
) -> int:
    """Walk through an incident on real parts: wrong search results are found, repaired, verified, recorded."""
    from scrypath.cli.rendering.scenes import show_scenes
    from scrypath.local.demo import story

    show_scenes(story(cities=cities, progress=sys.stderr.isatty()))
    return Exit.FINE


def _print(frame: pl.DataFrame, *, as_json: bool) -> int:
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.stack import show_stack

        show_stack(frame)
    return Exit.FOUND if "crashed" in frame["state"].to_list() else Exit.FINE
