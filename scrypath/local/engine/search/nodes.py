"""The tree a filter is parsed into, and its way back to text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import assert_never

import orjson

from scrypath.local.engine.search.fields import Filterable


class FilterError(Exception):
    """A filter that cannot be understood or is not allowed.

    Parameters
    ----------
    message
        Meilisearch's message.
    code
        Meilisearch's error code when it is not the one of the parameter, as for a missing feature.
    """

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class Token:
    """A piece of a filter and where it stands.

    Parameters
    ----------
    text
        The value, quotes and escapes resolved.
    start, end
        Range in `source`, in characters, without quotes.
    source
        The whole filter.
    """

    text: str
    start: int
    end: int
    source: str

    def error(self, message: str, code: str | None = None) -> FilterError:
        """Return an error that points at this token."""
        return FilterError(message + "\n" + located(self.source, self.start, self.end), code)


@dataclass(frozen=True, slots=True)
class Condition:
    """A field, an operator and its values: ``price > 3``."""

    field: Token
    operator: str
    values: tuple[Token, ...] = ()
    keyword: Token | None = None


@dataclass(frozen=True, slots=True)
class In:
    """A field and the values it may have."""

    field: Token
    values: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Every document that the inner filter does not select."""

    inner: Node


@dataclass(frozen=True, slots=True)
class And:
    """Documents that every part selects."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Documents that any part selects."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Geo:
    """A place: ``_geoRadius``, ``_geoBoundingBox`` or ``_geoPolygon`` with its numbers."""

    name: str
    arguments: tuple[Token, ...]


@dataclass(frozen=True, slots=True)
class Vectors:
    """``_vectors EXISTS`` in one of its forms."""

    field: Token


@dataclass(frozen=True, slots=True)
class Foreign:
    """A condition on documents of another index."""

    field: Token
    inner: Node


type Node = Condition | In | Not | And | Or | Geo | Vectors | Foreign


def located(source: str, start: int, end: int) -> str:
    """Return ``column:column text`` as Meilisearch closes its messages."""
    column = start - (source.rfind("\n", 0, start) + 1) + 1
    return f"{column}:{column + end - start} {source}"


def fields(node: Node) -> Iterator[Token]:
    """Yield the fields of a filter in the order in which Meilisearch checks them: the last first."""
    match node:
        case Condition() | In():
            yield node.field
        case Not():
            yield from fields(node.inner)
        case And() | Or():
            for part in reversed(node.parts):
                yield from fields(part)
        case Geo() | Vectors() | Foreign():
            return
        case _:
            assert_never(node)


def parts(node: Node) -> Iterator[Node]:
    """Yield every part of a filter that is not made of others, in order, and what is inside foreign ones."""
    match node:
        case Foreign():
            yield node
            yield from parts(node.inner)
        case Not():
            yield from parts(node.inner)
        case And() | Or():
            for part in node.parts:
                yield from parts(part)
        case _:
            yield node


def _quoted(token: Token) -> str:
    return orjson.dumps(token.text).decode()


def text(node: Node) -> str:
    """Return a filter as text, every field and value in quotes."""
    match node:
        case Not():
            return f"NOT ({text(node.inner)})"
        case And():
            return " AND ".join(f"({text(part)})" for part in node.parts)
        case Or():
            return " OR ".join(f"({text(part)})" for part in node.parts)
        case In():
            return f"{_quoted(node.field)} IN [{', '.join(_quoted(value) for value in node.values)}]"
        case Condition(operator="TO"):
            return f"{_quoted(node.field)} {_quoted(node.values[0])} TO {_quoted(node.values[1])}"
        case Condition():
            return " ".join([_quoted(node.field), node.operator, *map(_quoted, node.values)])
        case Geo(name="_geoRadius"):
            return f"_geoRadius({', '.join(token.text for token in node.arguments)})"
        case Geo():
            texts = [token.text for token in node.arguments]
            pairs = (f"[{lat}, {lng}]" for lat, lng in zip(texts[::2], texts[1::2], strict=True))
            return f"{node.name}({', '.join(pairs)})"
        case Vectors():
            return f"{node.field.text} EXISTS"
        case Foreign():
            return f"_foreign({_quoted(node.field)}, {text(node.inner)})"
        case _:
            assert_never(node)


def not_filterable(token: Token, filterable: Filterable, attribute: str | None = None) -> FilterError:
    """Return the refusal of a field that may not be filtered on."""
    patterns = filterable.patterns()
    known = (
        "Available filterable attribute patterns are: " + ", ".join(f"`{name}`" for name in patterns) + "."
        if patterns
        else "This index does not have configured filterable attributes."
    )
    return token.error(f"Attribute `{attribute or token.text}` is not filterable. {known}")
