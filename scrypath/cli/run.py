"""From arguments to an exit code: every error ends here, as a message."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from scrypath.cli.error_output import write_error
from scrypath.cli.exit import Exit


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
    except BrokenPipeError:
        # The reader has seen enough; Python would complain once more when it closes the stream.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (KeyboardInterrupt, typer.Abort):
        sys.stderr.write("Interrupted.\n")
        return Exit.INTERRUPTED
    except Exception as error:
        write_error(error, as_json=as_json)
    return Exit.UNKNOWN
