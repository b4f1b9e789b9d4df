"""``scrypath failed``."""

from __future__ import annotations

from scrypath.cli import json_output
from scrypath.cli.configuration import given_schema_names, load_config
from scrypath.cli.exit import verdict
from scrypath.cli.options import AsJson, ExitZero, Limit, Schemas


def failed(
    schemas: Schemas = None, limit: Limit = None, as_json: AsJson = False, exit_zero: ExitZero = False
) -> int:
    """List failed and retrying work, newest first, with the reason."""
    import scrypath

    config = load_config()
    frame = scrypath.failed_sync_work(*given_schema_names(schemas, config), limit=limit, config=config)
    units = frame.filter(frame["work_id"].is_not_null())
    open_units = units.filter(~units["healed"])
    complete = units.height == frame.height
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.text import say
        from scrypath.cli.rendering.work import show_failed, show_reason_counts

        show_failed(frame)
        if not open_units.is_empty():
            say()
            show_reason_counts(scrypath.reason_class_counts(frame))
        retryable = open_units.filter(open_units["retryable"])
        if not retryable.is_empty():
            say(f"To retry one of them: scrypath retry {retryable['work_id'][0]}")
        if not complete:
            say("To see what could not be read, and what to do: scrypath preflight")
    return verdict(found=not open_units.is_empty(), complete=complete, exit_zero=exit_zero)
