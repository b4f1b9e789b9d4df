"""``preflight``, ``status``, ``failed``: they read, and change nothing."""

from __future__ import annotations

from scrypath.cli import answers
from scrypath.cli.environment import named, names, settled
from scrypath.cli.options import AsJson, ExitZero, Limit, Schemas
from scrypath.cli.running import Exit, verdict
from scrypath.vocabulary import SyncMode


def preflight(schemas: Schemas = None, as_json: AsJson = False) -> int:
    """Look whether everything a first response needs is reachable; 1 when something is not."""
    import scrypath

    config = settled()
    frame = scrypath.preflight(*names(schemas, config), config=config)
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import views

        views.checks(frame)
    return Exit.UNKNOWN if False in frame["ok"].to_list() else Exit.FINE


def status(schemas: Schemas = None, as_json: AsJson = False, exit_zero: ExitZero = False) -> int:
    """Show pending, retrying and failed work by schema and source."""
    import scrypath

    config = settled()
    frame = scrypath.sync_status(*named(schemas, config), config=config)
    found = bool((frame["failed"] > 0).any() or (frame["retrying"] > 0).any())
    asked = frame.filter((frame["source"] != "oban") | (config.sync_mode is SyncMode.OBAN))
    complete = bool(asked["observed"].all())
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import tables, views

        views.status(frame)
        if found:
            tables.say("\nWhat failed, and why: scrypath failed")
        if not complete:
            tables.say("\nWhat was not looked at, and the next step: scrypath preflight")
    return verdict(found=found, complete=complete, exit_zero=exit_zero)


def failed(
    schemas: Schemas = None, limit: Limit = None, as_json: AsJson = False, exit_zero: ExitZero = False
) -> int:
    """List failed and retrying work, newest first, with the reason."""
    import scrypath

    config = settled()
    frame = scrypath.failed_sync_work(*named(schemas, config), limit=limit, config=config)
    units = frame.filter(frame["work_id"].is_not_null())
    matters = units.filter(~units["healed"])
    complete = units.height == frame.height
    if as_json:
        answers.write(frame)
    else:
        from scrypath.cli import tables, views

        views.failed(frame)
        if not matters.is_empty():
            tables.say()
            views.reasons(scrypath.reason_class_counts(frame))
        can_retry = matters.filter(matters["retryable"])
        if not can_retry.is_empty():
            tables.say(f"Retry one of them: scrypath retry {can_retry['work_id'][0]}")
        if not complete:
            tables.say("What was not looked at, and the next step: scrypath preflight")
    return verdict(found=not matters.is_empty(), complete=complete, exit_zero=exit_zero)
