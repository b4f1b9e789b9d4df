"""What a command works with: the configuration, and the schemas that were named."""

from __future__ import annotations

from collections.abc import Sequence

from scrypath.config import Config, resolve


def settled() -> Config:
    """The configuration; the local stack's where no services are configured and it is up.

    Raises
    ------
    ConfigError
        When the configuration does not hold.
    """
    configured = resolve()
    if configured.database_url and configured.meilisearch_url:
        return configured
    from scrypath.local.attach import attach

    return attach() or configured


def names(given: Sequence[str] | None, config: Config) -> tuple[str, ...]:
    """Registered names of the schemas that were named; all of them when none was.

    Raises
    ------
    SchemaError
        For a name that no schema bears; the hint names the nearest.
    """
    from scrypath.schema import registry

    if not given or config.schemas:
        everything = tuple(schema.name for schema in registry.every(config))
        if not given:
            return everything
    return tuple(dict.fromkeys(registry.find(name).name for name in given))
