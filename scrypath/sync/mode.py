"""The mode in which one call writes."""

from __future__ import annotations

from typing import Any

from scrypath.config import Config, check_option
from scrypath.errors import InvalidOptions
from scrypath.vocabulary import SyncMode


def mode_of(config: Config, mode: str | None, session: Any) -> SyncMode:
    """The mode a call asks for, or the configured one.

    Raises
    ------
    InvalidOptions
        For an unknown mode, or a session that the mode would not write with.
    """
    chosen = check_option("mode", mode, SyncMode) if mode is not None else config.sync_mode
    if session is not None and chosen is not SyncMode.OBAN:
        raise InvalidOptions(
            f"session is given in mode {chosen!s}.",
            hint="Only oban mode writes with the caller's transaction; leave session out, or use mode='oban'.",
        )
    return chosen
