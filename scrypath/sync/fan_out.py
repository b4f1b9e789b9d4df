"""From the records of one schema to the documents of another that depend on them."""

from __future__ import annotations

from collections.abc import Sequence

from scrypath.config import Config
from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.schema import SearchSchema, registry
from scrypath.schema.identity import id_text, id_values
from scrypath.source.engine import engine, translated


def target_of(source: SearchSchema, fan_out: str) -> SearchSchema:
    """The schema whose documents a declared fan-out derives.

    Raises
    ------
    InvalidOptions
        For a fan-out that is not declared.
    """
    if fan_out not in source.fan_outs:
        raise InvalidOptions(
            f"{source.name} has no fan-out {fan_out!r}.", hint=did_you_mean(fan_out, source.fan_outs)
        )
    return registry.find(source.fan_outs[fan_out].target)


def targets(
    source: SearchSchema, config: Config, fan_out: str, ids: Sequence[str]
) -> tuple[SearchSchema, Sequence[str]]:
    """The target schema of a fan-out, and the ids of its documents for these source ids, each once."""
    from sqlalchemy.orm import Session

    target = target_of(source, fan_out)
    with translated(config), Session(engine(config)) as session:
        found = source.fan_outs[fan_out].resolver(session, id_values(source, ids))
        return target, tuple(dict.fromkeys(id_text(target, item) for item in found))
