"""``scrypath worker``."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson
from scrypath.extras import require
from scrypath.redacting_log import log_to_stderr
from scrypath.redaction import shown


def worker(
    drain: Annotated[bool, typer.Option("--drain", help="Stop when no job can run any more.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Writes at a time for each index.")] = 4,
    as_json: AsJson = False,
) -> int:
    """Run the jobs of the sync queue until stopped with Ctrl-C or SIGTERM."""
    require("oban", "oban")
    from scrypath.sync.jobs import run_worker

    config = load_config()
    names = ", ".join(schema_names(None, config))
    if not as_json:
        typer.echo(shown(f"Working on queue {config.oban_queue!r} for {names}. Stop with Ctrl-C."))
    log_to_stderr()
    run_worker(config, limit=limit, drain=drain)
    return Exit.FINE
