"""``scrypath status``."""

from __future__ import annotations

from scrypath.cli import json_output
from scrypath.cli.configuration import given_schema_names, load_config
from scrypath.cli.exit import verdict
from scrypath.cli.options import AsJson, ExitZero, Schemas
from scrypath.vocabulary import SyncMode


def status(schemas: Schemas = None, as_json: AsJson = False, exit_zero: ExitZero = False) -> int:
    """Show pending, retrying and failed work by schema and source."""
    import scrypath

    config = load_config()
    frame = scrypath.sync_status(*given_schema_names(schemas, config), config=config)
    found = bool(
        (frame["failed"] > 0).any() or (frame["retrying"] > 0).any() or (~frame["index_exists"]).any()
    )
    expected = frame.filter((frame["source"] != "oban") | (config.sync_mode is SyncMode.OBAN))
    complete = bool(expected["observed"].all())
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.text import say
        from scrypath.cli.rendering.work import show_status

        show_status(frame)
        if bool((frame["failed"] > 0).any() or (frame["retrying"] > 0).any()):
            say("\nTo see what failed, and why: scrypath failed")
        if not complete:
            say("\nTo see what could not be read, and what to do: scrypath preflight")
    return verdict(found=found, complete=complete, exit_zero=exit_zero)
