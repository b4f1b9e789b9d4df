"""``scrypath worker``."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli.environment import names, settled
from scrypath.cli.options import AsJson
from scrypath.cli.running import Exit


def worker(
    drain: Annotated[bool, typer.Option("--drain", help="End when the queue has no runnable job.")] = False,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Jobs at a time.")] = 4,
    as_json: AsJson = False,
) -> int:
    """Perform the jobs of the sync queue until told to stop (Ctrl-C or SIGTERM)."""
    from scrypath.queue import worker as queue
    from scrypath.sync.jobs import perform

    config = settled()
    known = ", ".join(names(None, config))
    if not as_json:
        typer.echo(f"Working on queue {config.oban_queue!r} for {known}. Ctrl-C stops it.")
    queue.run(config, lambda args: perform(args, config), limit=limit, drain=drain)
    return Exit.FINE
