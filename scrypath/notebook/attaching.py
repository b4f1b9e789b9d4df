"""The configuration that a notebook works with."""

from __future__ import annotations

from pathlib import Path

from scrypath.config import Config, resolve
from scrypath.errors import ConfigError
from scrypath.local.attach import attach as to_stack
from scrypath.schema import registry


def attach(home: Path | str | None = None, *, start: bool = False) -> Config:
    """The configured services, or the local stack where none are configured.

    Parameters
    ----------
    home
        Folder of the stack; default: the configured ``home``.
    start
        Start the stack when it is not up.

    Returns
    -------
    Config
        What the root API of this kernel works with from now on.

    Raises
    ------
    ConfigError
        When no service is configured and no stack is up.
    SchemaError
        When a configured schema cannot be imported.
    """
    attached = to_stack(home, start=start) or resolve()
    if attached.database_url and attached.meilisearch_url:
        if attached.schemas:
            registry.every(attached)  # cells name schemas: importing them is what makes the names known
        return attached
    missing = "database_url" if attached.meilisearch_url else "meilisearch_url"
    raise ConfigError(
        f"{missing} is not configured, and no local stack is up.",
        hint=f"Set SCRYPATH_{missing.upper()}, or start the stack: attach(start=True)",
    )
