"""Errors on the standard error stream: as a sentence, or as one JSON object."""

from __future__ import annotations

import sys
import traceback

from scrypath.errors import ConfigError, ScrypathError, UsageError
from scrypath.extras import extra_of
from scrypath.redaction import shown


def write_error(error: Exception, *, as_json: bool) -> None:
    """Write an error, with its hint; a fault of Scrypath's own also with its traceback, unless as JSON."""
    named = error if isinstance(error, ScrypathError) else _translated(error, as_json=as_json)
    if as_json:
        from scrypath.cli import json_output

        text = json_output.text(named.as_dict(), indented=False)
    else:
        text = shown(f"Error ({named.code}): {named.message}")
        text += shown(f"\nHint: {named.hint}") if named.hint else ""
    sys.stderr.write(text.rstrip("\n") + "\n")
    sys.stderr.flush()


def _translated(error: Exception, *, as_json: bool) -> ScrypathError:
    message = getattr(error, "format_message", None)
    if callable(message):  # Typer's own, which would end with 2: that code means drift here
        context = getattr(error, "ctx", None)
        command = context.command_path if context is not None else "scrypath"
        return UsageError(message(), hint=f"See: {command} --help")
    if isinstance(error, ModuleNotFoundError) and error.name and (extra := extra_of(error.name)):
        return ConfigError(
            f"This command needs {error.name}, which is not installed.",
            hint=f"pip install 'scrypath[{extra}]'",
        )
    if not as_json:
        sys.stderr.write(shown(traceback.format_exc()))
    return ScrypathError(
        f"{type(error).__name__}: {error}", hint="This is a bug in Scrypath: please report it."
    )
