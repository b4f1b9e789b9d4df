"""What was declared, given back."""

from __future__ import annotations

from typing import Any

from scrypath.config import resolve
from scrypath.schema import registry
from scrypath.schema.settings import desired


def schema_config(schema: Any) -> dict[str, Any]:
    """The declaration as plain data: name, index, table, document id, fields and options.

    Examples
    --------
    >>> schema_config("Nowhere")
    Traceback (most recent call last):
    scrypath.errors.SchemaError: No schema is named 'Nowhere'. None is known yet.
    """
    found = registry.find(schema)
    return {
        "name": found.name,
        "index": found.index_name(resolve()),
        "table": found.table.name,
        "document_id": found.document_id,
        "fields": list(schema_fields(found)),
        "filterable": list(found.filterable),
        "sortable": list(found.sortable),
        "tenant_field": found.tenant_field,
        "updated_at": found.updated_at,
        "fingerprint": found.fingerprint,
        "fan_outs": sorted(found.fan_outs),
    }


def schema_fields(schema: Any) -> tuple[str, ...]:
    """Names of the projected fields, in order.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.schema_fields("Product")
    ('id', 'name', 'price', 'stock', 'brand_id')
    """
    return tuple(field.name for field in registry.find(schema).fields)


def schema_settings(schema: Any) -> dict[str, Any]:
    """The index settings of the schema, as Meilisearch names them.

    Examples
    --------
    >>> import scrypath
    >>> settings = scrypath.schema_settings("Product")
    >>> settings["filterableAttributes"], settings["sortableAttributes"]
    (['brand_id', 'price'], ['price'])
    """
    return desired(registry.find(schema))


def schema_faceting(schema: Any) -> dict[str, Any]:
    """The schema's facets: attributes, values per facet, order of values.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.schema_faceting("Product")
    {'attributes': ['brand_id'], 'max_values_per_facet': 100, 'sort_facet_values_by': {}}
    """
    faceting = registry.find(schema).faceting
    return {
        "attributes": list(faceting.attributes),
        "max_values_per_facet": faceting.max_values_per_facet,
        "sort_facet_values_by": dict(faceting.sort_facet_values_by),
    }


def schema_capabilities(schema: Any) -> dict[str, bool]:
    """What the kit can do for the schema.

    Examples
    --------
    >>> import scrypath
    >>> able = scrypath.schema_capabilities("Product")
    >>> able["facets"], able["incremental"]
    (True, True)
    """
    found = registry.find(schema)
    return {
        "columns": found.plain,
        "fingerprint": found.fingerprint,
        "incremental": found.plain,
        "facets": bool(found.faceting.attributes),
        "tenant": found.tenant_field is not None,
        "fan_out": bool(found.fan_outs),
    }


def document_id_field(schema: Any) -> str:
    """The field that names the document.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.document_id_field("Product")
    'id'
    """
    return registry.find(schema).document_id


def document_source(schema: Any) -> str:
    """The table that documents are projected from.

    Examples
    --------
    >>> import scrypath
    >>> scrypath.document_source("Product")
    'products'
    """
    return str(registry.find(schema).table.fullname)
