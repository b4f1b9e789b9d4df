"""What every incident starts from: a catalogue that is loaded and indexed, and a random draw of its rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.local.catalogue import Base, City, Country, load
from scrypath.meilisearch import documents, indexes
from scrypath.rebuild.backfill import backfill
from scrypath.schema import registry
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine, translated

SLICE = 2_000  # cities loaded where nothing was loaded yet


def prepare(config: Config) -> None:
    """Load and index what is missing; what is there stays as it is."""
    from sqlalchemy import inspect

    with translated(config):
        there = set(inspect(engine(config)).get_table_names())
    city, country = registry.find(City), registry.find(Country)
    if not set(Base.metadata.tables) <= there or not rows.count(IndexRef.live(city, config)):
        load(config, limit=SLICE)
    for schema in (city, country):
        if indexes.get(config, schema.index_name(config)) is None:
            backfill(schema, config=config)


def draw(ref: IndexRef, count: int, random: Random, *conditions: Any) -> list[Any]:
    """Ids of rows that the schema has, the same ones for the same seed and rows.

    Raises
    ------
    InvalidOptions
        When there are fewer.
    """
    from scrypath.source import selection

    statement = selection.ids(ref.schema, selection.Part(), *conditions)
    with translated(ref.config), engine(ref.config).connect() as connection:
        ids = sorted(connection.scalars(statement))
    if not 0 < count <= len(ids):
        raise InvalidOptions(
            f"documents is {count}, and {ref.schema.name} has {len(ids)} rows to choose from.",
            hint=f"Give a number between 1 and {len(ids)}.",
        )
    return sorted(random.sample(ids, count))


def change(config: Config, statement: Any, values: Mapping[str, Any]) -> list[Any]:
    """Run SQL without the application, and return the ids it gives."""
    from sqlalchemy import text

    with translated(config), engine(config).begin() as connection:
        return sorted(connection.scalars(text(statement), values))


def indexed(ref: IndexRef, ids: Sequence[Any], *fields: str) -> dict[str, dict[str, Any]]:
    """Documents that the index has under these ids, by id as text."""
    found = documents.get_many(
        ref.config, ref.uid, [str(item) for item in ids], fields=[ref.schema.document_id, *fields]
    )
    return {str(document[ref.schema.document_id]): document for document in found}


def texts(ids: Sequence[Any]) -> tuple[str, ...]:
    """Ids as documents name them."""
    return tuple(str(item) for item in ids)
