"""The index settings of a schema, in Meilisearch's own words."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from scrypath.schema.metadata import SearchSchema

# snake_case → the wire's camelCase, for every key that a declaration may set
SETTINGS: Mapping[str, str] = MappingProxyType(
    {
        "synonyms": "synonyms",
        "stop_words": "stopWords",
        "typo_tolerance": "typoTolerance",
        "ranking_rules": "rankingRules",
        "distinct_attribute": "distinctAttribute",
        "searchable_attributes": "searchableAttributes",
        "displayed_attributes": "displayedAttributes",
    }
)


def desired(schema: SearchSchema) -> dict[str, Any]:
    """The settings that the schema's index should have.

    Searchable and displayed attributes are always explicit: that keeps the fingerprint field out of every
    search result and out of every match.

    Returns
    -------
    dict
        Meilisearch settings as ``PATCH /indexes/{uid}/settings`` takes them; keys the schema says nothing
        about are absent.
    """
    names = [field.name for field in schema.fields]
    wire: dict[str, Any] = {
        "displayedAttributes": names,
        "searchableAttributes": names,
        "filterableAttributes": list(schema.filterable),
        "sortableAttributes": list(schema.sortable),
        "faceting": {
            "maxValuesPerFacet": schema.faceting.max_values_per_facet,
            "sortFacetValuesBy": {"*": "alpha", **schema.faceting.sort_facet_values_by},
        },
    }
    wire.update({SETTINGS[key]: _camel(value, key) for key, value in schema.settings.items()})
    return wire


def _camel(value: Any, key: str) -> Any:
    # Only typo tolerance has keys of its own; the keys of synonyms are words.
    if key != "typo_tolerance" or not isinstance(value, Mapping):
        return value
    return {_camel_name(name): _camel(inner, key) for name, inner in value.items()}


def _camel_name(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(word.title() for word in rest)
