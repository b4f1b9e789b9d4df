"""Schemas that are not registered: tests that only read one need no name of their own for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from scrypath.schema import SearchSchema, validation


def build(target: Any, options: Mapping[str, Any]) -> SearchSchema:
    """A schema over a model or a table, of the options that a declaration takes."""
    return validation.build(target, **options)
