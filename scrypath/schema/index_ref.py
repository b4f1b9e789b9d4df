"""Which index of which schema, under which configuration: what every reading and every write is addressed to."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from scrypath.config import Config, resolve
from scrypath.schema import registry
from scrypath.schema.metadata import SearchSchema


@dataclass(frozen=True, slots=True)
class IndexRef:
    """One index of a schema: the live one, a rebuild's target, or the one kept for a rollback.

    Parameters
    ----------
    schema
        Whose rows and documents.
    config
        Which database, server, queue and memory.
    uid
        Name of the index on the server.
    """

    schema: SearchSchema
    config: Config
    uid: str

    @classmethod
    def live(cls, schema: SearchSchema, config: Config) -> IndexRef:
        """The index that searches of the schema are answered from.

        Raises
        ------
        SchemaError
            When another registered schema, or a rebuild of one, would have the same under this configuration.
        """
        return cls(schema, config, registry.index_of(schema, config))

    @classmethod
    def find(cls, schema: Any, config: Config | None = None, **overrides: Any) -> IndexRef:
        """The live index of a registered name, model or schema, under the configuration of a call.

        Parameters
        ----------
        schema
            Registered name, model or schema.
        config
            Used instead of the configured one.
        overrides
            Options of the call, as for :func:`scrypath.config.resolve`.

        Raises
        ------
        SchemaError
            For an unknown schema, or one that would share its index with another.
        ConfigError
            For an option that the configuration cannot have.
        """
        return cls.live(registry.find(schema), resolve(config, **overrides))

    def at(self, uid: str) -> IndexRef:
        """Another index of the same schema."""
        return replace(self, uid=uid)
