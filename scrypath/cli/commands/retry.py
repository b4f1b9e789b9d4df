"""``scrypath retry``."""

from __future__ import annotations

from typing import Annotated

import typer

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import outcome_verdict
from scrypath.cli.options import AsJson, ExitZero


def retry(
    work_id: Annotated[str, typer.Argument(help="One work id: meili:123 or oban:456.", show_default=False)],
    force: Annotated[
        bool, typer.Option("--force", help="Retry also when the reason says that it cannot help.")
    ] = False,
    wait: Annotated[bool, typer.Option("--wait", help="Wait for the effect and verify it.")] = False,
    as_json: AsJson = False,
    exit_zero: ExitZero = False,
) -> int:
    """Send the current rows of one failed unit of work again."""
    import scrypath

    config = load_config()
    schema_names(None, config)
    frame = scrypath.retry_sync_work(work_id, force=force, wait=wait, config=config)
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.text import say
        from scrypath.cli.rendering.work import show_outcome

        show_outcome(frame)
        if "accepted" in frame["outcome"].to_list():
            say("\nAccepted is not done. To see whether it has left the list: scrypath failed")
    return outcome_verdict(frame, exit_zero=exit_zero)
