"""``scrypath backfill``."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson, Schemas
from scrypath.errors import InvalidOptions


def backfill(
    schemas: Schemas = None,
    after: Annotated[
        str | None, typer.Option("--after", help="Continue after this document id.", show_default=False)
    ] = None,
    batch_size: Annotated[
        int | None, typer.Option("--batch-size", min=1, help="Documents in one task.", show_default=False)
    ] = None,
    no_wait: Annotated[
        bool, typer.Option("--no-wait", help="Return when the tasks are accepted, not when they are done.")
    ] = False,
    as_json: AsJson = False,
) -> int:
    """Write every row of the schemas to their indexes."""
    import scrypath

    config = load_config()
    names = schema_names(schemas, config)
    if after is not None and len(names) != 1:
        raise InvalidOptions(
            "--after needs exactly one schema.", hint="Name the schema that the document id belongs to."
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
        for name in names
    ]
    if as_json:
        json_output.write(results)
    else:
        from scrypath.cli.rendering.work import show_backfills

        show_backfills(results)
    return Exit.FINE
