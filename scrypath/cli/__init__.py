"""The command line: parse, call the root API, print."""

from __future__ import annotations

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; ``sys.argv`` when no arguments are given.

    Returns
    -------
    int
        0 fine, 2 the comparison finished and found drift or failures, 1 could not tell, 130 interrupted.
    """
    import gc

    # Imports make a few hundred thousand objects that all stay: looking through them costs a tenth of a second.
    gc.set_threshold(200_000, 20, 50)

    from scrypath.cli.run import run

    return run(arguments)
