"""From the records of one schema to the documents of another that depend on them."""

from __future__ import annotations

from collections.abc import Sequence

from scrypath.errors import InvalidOptions, did_you_mean
from scrypath.schema.identity import document_id, id_values
from scrypath.schema.index_ref import IndexRef
from scrypath.source.engine import engine, translated


def target_of(source: IndexRef, fan_out: str) -> IndexRef:
    """The live index whose documents a declared fan-out derives.

    Raises
    ------
    InvalidOptions
        For a fan-out that is not declared.
    """
    if fan_out not in source.schema.fan_outs:
        raise InvalidOptions(
            f"{source.schema.name} has no fan-out {fan_out!r}.",
            hint=did_you_mean(fan_out, source.schema.fan_outs),
        )
    return IndexRef.find(source.schema.fan_outs[fan_out].target, source.config)


def targets(source: IndexRef, fan_out: str, ids: Sequence[str]) -> tuple[IndexRef, Sequence[str]]:
    """The live index that a fan-out leads to, and the ids of its documents for these source ids, each once."""
    from sqlalchemy.orm import Session

    target = target_of(source, fan_out)
    with translated(source.config), Session(engine(source.config)) as session:
        found = source.schema.fan_outs[fan_out].resolver(session, id_values(source.schema, ids))
        return target, tuple(dict.fromkeys(document_id(target.schema, item) for item in found))
