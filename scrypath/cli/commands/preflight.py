"""``scrypath preflight``."""

from __future__ import annotations

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson, Schemas


def preflight(schemas: Schemas = None, as_json: AsJson = False) -> int:
    """Check that everything a first response needs is reachable; exit with 1 when something is not."""
    import scrypath

    config = load_config()
    frame = scrypath.preflight(*schema_names(schemas, config), config=config)
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.checks import show_checks

        show_checks(frame)
    return Exit.UNKNOWN if False in frame["ok"].to_list() else Exit.FINE
