"""Filters: which documents of an index an expression selects."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping
from typing import Any, Final

from scrypath.local.engine.search import nodes
from scrypath.local.engine.search.docids import Docids
from scrypath.local.engine.search.fields import Filterable
from scrypath.local.engine.search.indexer import field_ids
from scrypath.local.engine.search.nodes import (
    And,
    Condition,
    FilterError,
    Foreign,
    In,
    Node,
    Or,
    Token,
    Vectors,
    fields,
    not_filterable,
    text,
)
from scrypath.local.engine.search.parser import parse_text
from scrypath.local.engine.search.selection import Selection

__all__ = ["FilterError", "Node", "matching", "parse", "serialised"]

CONTAINS_OFF: Final = (
    "Using `CONTAINS` in a filter requires enabling the `contains filter` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/763"
)

FOREIGN_OFF: Final = (
    "using a foreign filter requires enabling the `foreign_keys` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/873"
)
SHARD_OFF: Final = (
    "using a shard filter requires enabling the `network` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/805"
)
VECTORS_OFF: Final = (
    "using a vector filter requires enabling the `multimodal` experimental feature."
    " See https://github.com/orgs/meilisearch/discussions/846"
)


def parse(filter: str | list[Any] | None) -> Node | None:  # noqa: A002 - the name of the parameter on the wire
    """Return the tree of a filter as the API takes it: a text, or a list of texts and lists of texts.

    Raises
    ------
    FilterError
        The filter has the wrong shape or a text of it is not a filter expression.

    Examples
    --------
    >>> parse([["a = 1", "a = 2"], "b EXISTS"]).__class__.__name__
    'And'
    """
    if filter is None:
        return None
    if isinstance(filter, str):
        node = parse_text(filter)
    elif isinstance(filter, list):
        parts = [part for part in map(_element, filter) if part is not None]
        node = None if not parts else parts[0] if len(parts) == 1 else And(tuple(parts))
    else:
        raise _shape("String, Array", filter)
    if node is not None:
        _refuse_what_is_off(node)
    return node


def _refuse_what_is_off(node: Node) -> None:
    """Refuse the parts of a filter that are experimental features of the server."""
    used: dict[str, Token] = {}
    for part in nodes.parts(node):
        match part:
            case Condition(operator="CONTAINS", keyword=Token() as keyword):
                used.setdefault(CONTAINS_OFF, keyword)
            case Foreign():
                used.setdefault(FOREIGN_OFF, part.field)
            case Condition() | In() if part.field.text == "_shard":
                used.setdefault(SHARD_OFF, part.field)
            case Vectors():
                used.setdefault(VECTORS_OFF, part.field)
            case _:
                pass
    for message in (CONTAINS_OFF, FOREIGN_OFF, SHARD_OFF, VECTORS_OFF):
        if message in used:
            raise used[message].error(message, "feature_not_enabled")


def _element(element: Any) -> Node | None:
    if isinstance(element, str):
        return parse_text(element)
    if not isinstance(element, list):
        raise _shape("String, [String]", element)
    for text_ in element:
        if not isinstance(text_, str):
            raise _shape("String", text_)
    parts = [part for part in map(parse_text, element) if part is not None]
    return None if not parts else parts[0] if len(parts) == 1 else Or(tuple(parts))


def _shape(expected: str, found: Any) -> FilterError:
    said = json.dumps(found, separators=(",", ":"), ensure_ascii=False)
    return FilterError(f"Invalid syntax for the filter parameter: `expected {expected}, found: {said}`.")


def serialised(node: Node) -> Node:
    """Return the same filter as if it had been written by the server: messages then quote every part."""
    again = parse_text(text(node))
    assert again is not None
    return again


def matching(conn: sqlite3.Connection, settings: Mapping[str, Any], node: Node) -> Docids:
    """Return the internal ids of the documents a filter selects.

    Raises
    ------
    FilterError
        A field or an operator is not allowed by the settings.
    """
    filterable = Filterable(settings)
    for token in fields(node):
        if not filterable.allows(token.text):
            raise not_filterable(token, filterable)
    return Selection(conn, filterable, field_ids(conn)).select(node)
