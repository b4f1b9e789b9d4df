"""Whether an index is set up as its schema declares."""

from __future__ import annotations

from typing import Any

import orjson
import polars as pl

from scrypath.config import Config, resolve
from scrypath.frames import CONTRACT_DRIFT
from scrypath.meilisearch import settings as index_settings
from scrypath.schema import SearchSchema, registry
from scrypath.schema.settings import desired

DIMENSIONS = {
    "displayedAttributes": "fields",
    "searchableAttributes": "fields",
    "filterableAttributes": "filterable",
    "sortableAttributes": "sortable",
    "faceting": "faceting",
}


def index_contract_drift(schema: Any, *, config: Config | None = None) -> pl.DataFrame:
    """What differs between a schema's declaration and the settings of its index.

    Parameters
    ----------
    schema
        Registered name, model or schema.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.CONTRACT_DRIFT``, empty when they agree. Compared canonically: sets without order, server
        defaults known; settings that the schema says nothing about are not checked.

    Raises
    ------
    IndexNotFound
        When the index does not exist.
    TransportError
        When the server cannot be reached.

    Examples
    --------
    >>> import scrypath
    >>> from scrypath.meilisearch import settings, tasks
    >>> config, index = scrypath.configure(), scrypath.schema_config("Product")["index"]
    >>> _ = tasks.wait(config, settings.patch(config, index, {"sortableAttributes": []}))
    >>> scrypath.index_contract_drift("Product").select("key", "declared", "actual").rows()
    [('sortableAttributes', '["price"]', '[]')]
    """
    found, resolved = registry.find(schema), resolve(config)
    index = found.index_name(resolved)
    return of(found, index, index_settings.read(resolved, index))


def of(schema: SearchSchema, index: str, actual: dict[str, Any]) -> pl.DataFrame:
    """The drift between a schema and settings that were read, ``frames.CONTRACT_DRIFT``."""
    return CONTRACT_DRIFT.rows(
        {
            "schema": schema.name,
            "index": index,
            "dimension": DIMENSIONS.get(item.key, "settings"),
            "key": item.key,
            "declared": _json(item.declared),
            "actual": _json(item.actual),
            "cost": item.cost,
        }
        for item in index_settings.diff(desired(schema), actual)
    )


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()
