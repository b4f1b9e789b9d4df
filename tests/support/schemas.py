"""Schemas that are not registered: tests that only read one need no name of their own for it."""

from __future__ import annotations

from collections.abc import Mapping
from inspect import Parameter, signature
from typing import Any

from scrypath.schema import SearchSchema, search_schema, validation

DEFAULTS = {
    name: option.default
    for name, option in signature(search_schema).parameters.items()
    if option.default is not Parameter.empty
}


def build(target: Any, options: Mapping[str, Any]) -> SearchSchema:
    """A schema over a model or a table, of the options that a declaration takes."""
    return validation.build(target, DEFAULTS | dict(options))
