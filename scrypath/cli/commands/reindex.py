"""``scrypath reindex`` and ``scrypath rollback``."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson

if TYPE_CHECKING:
    from scrypath.rebuild.result import ReindexResult

Schema = Annotated[str, typer.Argument(help="Registered name or module:Class.", show_default=False)]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]


def reindex(
    schema: Schema,
    no_cutover: Annotated[
        bool, typer.Option("--no-cutover", help="Stop before the swap; --resume goes on from there.")
    ] = False,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a rebuild that was stopped or interrupted.")
    ] = False,
    restart: Annotated[
        bool, typer.Option("--restart", help="Delete what an earlier rebuild left, and begin again.")
    ] = False,
    accept_left_out: Annotated[
        bool, typer.Option("--accept-left-out", help="Exchange also where rows could not be projected.")
    ] = False,
    max_size_change: Annotated[
        float | None,
        typer.Option(
            "--max-size-change", min=0, help="Refuse a larger share of change, as in 0.1.", show_default=False
        ),
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Documents in one task.", show_default=False)
    ] = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> int:
    """Build a new index beside the live one, compare every document, and swap the two."""
    import scrypath

    config = load_config()
    (name,) = schema_names([schema], config)
    if not no_cutover and not yes and not typer.confirm(f"Replace the live index of {name}?"):
        return Exit.UNKNOWN
    result = scrypath.reindex(
        name,
        cutover=not no_cutover,
        resume=resume,
        restart=restart,
        accept_left_out=accept_left_out,
        max_size_change=max_size_change,
        batch_size=batch_size,
        progress=not as_json and sys.stderr.isatty(),
        config=config,
    )
    return _shown(result, as_json=as_json)


def rollback(schema: Schema, yes: Yes = False, as_json: AsJson = False) -> int:
    """Go back to the index that the last rebuild replaced, brought in step first."""
    import scrypath

    config = load_config()
    (name,) = schema_names([schema], config)
    if not yes and not typer.confirm(f"Replace the live index of {name} by the one kept for a rollback?"):
        return Exit.UNKNOWN
    result = scrypath.rollback(name, config=config)
    return _shown(result, as_json=as_json)


def _shown(result: ReindexResult, *, as_json: bool) -> Exit:
    if as_json:
        json_output.write(result)
    else:
        from scrypath.cli.rendering.rebuild import show_rebuild

        show_rebuild(result)
    return Exit.FINE
