"""``scrypath preflight``."""

from __future__ import annotations

from scrypath.cli import json_output
from scrypath.cli.configuration import load_config, schema_names
from scrypath.cli.exit import Exit
from scrypath.cli.options import AsJson, Schemas


def preflight(schemas: Schemas = None, as_json: AsJson = False) -> int:
    """Check that everything needed is reachable; exit with 1 when something is not, with 2 when an index is gone."""
    import scrypath
    from scrypath.meilisearch.indexes import GONE

    config = load_config()
    frame = scrypath.preflight(*schema_names(schemas, config), config=config)
    if as_json:
        json_output.write(frame)
    else:
        from scrypath.cli.rendering.checks import show_checks

        show_checks(frame)
    wrong = frame.filter(~frame["ok"])
    if wrong.is_empty():
        return Exit.FINE
    return Exit.FOUND if set(wrong["detail"]) == {GONE} else Exit.UNKNOWN
