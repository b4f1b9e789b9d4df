"""The exit code a command ends with."""

from __future__ import annotations

from enum import IntEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import polars as pl


class Exit(IntEnum):
    """What an exit code means."""

    FINE = 0
    UNKNOWN = 1  # could not tell
    FOUND = 2  # the comparison finished and found drift or failures
    INTERRUPTED = 130


def verdict(*, found: bool, complete: bool, exit_zero: bool) -> Exit:
    """The exit code of a command that reads.

    Parameters
    ----------
    found
        It saw drift or failures.
    complete
        It could read every source.
    exit_zero
        Drift and failures do not make the command fail.

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


def outcome_verdict(frame: pl.DataFrame, *, exit_zero: bool) -> Exit:
    """The exit code of a command that wrote: ``frame`` is an ``OUTCOME``."""
    outcomes = set(frame["outcome"].to_list())
    return verdict(
        found="failed" in outcomes or False in frame["verified"].to_list(),
        complete="unknown" not in outcomes,
        exit_zero=exit_zero,
    )
