"""Declaring what a model looks like in the search index: declaration, registry, projection, identity."""

from scrypath.schema.declaration import search_schema, searchable
from scrypath.schema.faceting import Faceting, hierarchy
from scrypath.schema.metadata import FINGERPRINT_FIELD, FanOut, SearchSchema

__all__ = [
    "FINGERPRINT_FIELD",
    "Faceting",
    "FanOut",
    "SearchSchema",
    "hierarchy",
    "search_schema",
    "searchable",
]
