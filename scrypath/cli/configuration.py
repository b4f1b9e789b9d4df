"""What a command works with: the configuration, and the schemas that were given."""

from __future__ import annotations

import gc
import sys
from collections.abc import Sequence
from functools import cache

from scrypath.config import Config, resolve
from scrypath.errors import ConfigError


def load_config() -> Config:
    """The configuration; that of the local stack when no services are configured and the stack is up.

    Raises
    ------
    ConfigError
        When the configuration is not valid.
    """
    configured = resolve()
    if configured.database_url and configured.meilisearch_url:
        return configured
    from scrypath.local.attach import attach

    return attach() or configured


def schema_names(given: Sequence[str] | None, config: Config) -> tuple[str, ...]:
    """Registered names of the given schemas, or of all when none was given, once services are configured.

    Raises
    ------
    ConfigError
        When neither a database nor a server is configured.
    SchemaError
        For a name that no schema has; the hint names the nearest.
    """
    if not config.schemas:
        require_services(config)
    found = registered_names(given, config)
    require_services(config)
    return found


def given_schema_names(given: Sequence[str] | None, config: Config) -> tuple[str, ...]:
    """As :func:`schema_names`, and none when none was given.

    The root API then looks beyond the schemas too, and one that cannot be imported does not hide the others.
    """
    if given:
        return schema_names(given, config)
    if config.schemas and not (config.database_url or config.meilisearch_url):
        registered_names(None, config)  # a name that leads nowhere is the nearer fault
    require_services(config)
    return ()


def registered_names(given: Sequence[str] | None, config: Config) -> tuple[str, ...]:
    """Registered names of the given schemas; all of them when none was given.

    Raises
    ------
    SchemaError
        For a name that no schema has; the hint names the nearest.
    """
    from scrypath.schema import registry

    if not given or config.schemas:
        everything = tuple(schema.name for schema in registry.every(config))
    found = everything if not given else tuple(dict.fromkeys(registry.find(name).name for name in given))
    _keep_imports()
    return found


@cache
def _keep_imports() -> None:
    # What is imported by now stays to the end: at exit, looking through all of it for garbage takes longer than
    # a small command does. DuckDB complains there where its types were not collected: it comes later, or not at all.
    if "duckdb" not in sys.modules:
        gc.freeze()


def require_services(config: Config) -> None:
    """Check that a database or a server is configured.

    Raises
    ------
    ConfigError
        When neither a database nor a server is configured.
    """
    if config.database_url or config.meilisearch_url:
        return
    raise ConfigError(
        "No database and no search server are configured, and no local stack is up here.",
        hint="Start the local stack with: scrypath local up. Or set SCRYPATH_DATABASE_URL, "
        "SCRYPATH_MEILISEARCH_URL and SCRYPATH_SCHEMAS.",
    )
