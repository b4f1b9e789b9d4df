"""From arguments to an exit code: the one place where errors become messages."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Sequence
from enum import IntEnum

from scrypath.errors import ConfigError, ScrypathError
from scrypath.extras import extra_of
from scrypath.redaction import redact


class Exit(IntEnum):
    """What an exit code means."""

    FINE = 0
    UNKNOWN = 1  # could not tell
    FOUND = 2  # the comparison finished and found drift or failures
    INTERRUPTED = 130


def verdict(*, found: bool, complete: bool, exit_zero: bool) -> Exit:
    """The exit code of a command that looked.

    Parameters
    ----------
    found
        It saw drift or failures.
    complete
        It could look everywhere.
    exit_zero
        What it found is not to fail the caller.

    Examples
    --------
    >>> int(verdict(found=True, complete=True, exit_zero=False))
    2
    >>> int(verdict(found=True, complete=False, exit_zero=True))
    1
    """
    if not complete:
        return Exit.UNKNOWN
    return Exit.FOUND if found and not exit_zero else Exit.FINE


class UsageError(ScrypathError):
    """The command line cannot be read."""

    code = "usage"


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command; never raises, except for ``SystemExit`` of Python itself."""
    import typer

    from scrypath.cli.app import app

    given = list(sys.argv[1:] if arguments is None else arguments)
    as_json = "--json" in given
    try:
        code = typer.main.get_command(app).main(given, prog_name="scrypath", standalone_mode=False)
        sys.stdout.flush()
        if code == Exit.INTERRUPTED:  # Typer has caught it already, and says nothing
            sys.stderr.write("Interrupted.\n")
        return int(code or Exit.FINE)
    except ScrypathError as error:
        complain(error, as_json=as_json)
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("Interrupted.\n")
        return Exit.INTERRUPTED
    except Exception as error:
        complain(_translated(error, as_json=as_json), as_json=as_json)
    return Exit.UNKNOWN


def complain(error: ScrypathError, *, as_json: bool) -> None:
    """Write an error to the standard error stream, as a sentence or as one JSON object."""
    if as_json:
        import orjson

        text = orjson.dumps({key: redact(value) for key, value in error.as_dict().items()}).decode()
    else:
        text = f"Error ({error.code}): {redact(error.message)}"
        text += f"\nHint: {redact(error.hint)}" if error.hint else ""
    sys.stderr.write(text + "\n")
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
        sys.stderr.write(redact(traceback.format_exc()))
    return ScrypathError(
        f"{type(error).__name__}: {error}", hint="This is a fault of Scrypath's own: please report it."
    )
