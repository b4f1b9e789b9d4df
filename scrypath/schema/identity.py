"""One identity for a document: the same text for upsert, delete, drift and hydration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import Any
from uuid import UUID

from scrypath.errors import InvalidOptions, ProjectionError
from scrypath.schema.fields import Kind
from scrypath.schema.metadata import SearchSchema

ID_PATTERN = r"[A-Za-z0-9_-]{1,511}"
_ID = re.compile(ID_PATTERN)


def id_text(schema: SearchSchema, value: Any) -> str:
    """A document id as text, as Meilisearch keeps it.

    Raises
    ------
    ProjectionError
        For a value that cannot name a document.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | UUID):
        raise ProjectionError(
            f"{schema.name}: {value!r} cannot be a document id.", hint="It is an integer, a text or a UUID."
        )
    text = str(_as_kept(schema, value))
    if not usable(text):
        raise ProjectionError(
            f"{schema.name}: document id {text!r} has characters that Meilisearch refuses.",
            hint="Letters, digits, hyphens and underscores, 511 bytes at most.",
        )
    return text


def several[T](name: str, given: Iterable[T]) -> Iterable[T]:
    """The items given, refusing one where several are asked for: a text would be taken letter by letter.

    Parameters
    ----------
    name
        What the parameter is called, for the message.
    given
        What the caller gave for it.

    Raises
    ------
    InvalidOptions
        When it is a text, or nothing that has items.

    Examples
    --------
    >>> several("ids", "12")
    Traceback (most recent call last):
    scrypath.errors.InvalidOptions: ids is '12', and not several. Give a list, as in ids=['12'].
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidOptions(
            f"{name} is {given!r}, and not several.", hint=f"Give a list, as in {name}=[{given!r}]."
        )
    return given


def usable(text: str) -> bool:
    """Whether Meilisearch takes a text as a document id; of one that it does not take, it has no document."""
    return _ID.fullmatch(text) is not None


def _as_kept(schema: SearchSchema, value: int | str | UUID) -> int | str | UUID:
    # A UUID has one text in the index, whatever its letters look like in the caller's hands.
    if isinstance(value, str) and schema.id_field.kind is Kind.UUID:
        with suppress(ValueError):
            return UUID(value)
    return value


def document_id(schema: SearchSchema, record: Any) -> str:
    """The document id of a record (a model instance, a row or a mapping), or of a bare id value."""
    if isinstance(record, int | str | UUID):
        return id_text(schema, record)
    return id_text(schema, attribute(schema, record, schema.document_id))


def id_value(schema: SearchSchema, text: str) -> Any:
    """The value of the id column for a document id given as text, or None when no row can have it."""
    return next(iter(id_values(schema, [text])), None)


def id_values(schema: SearchSchema, texts: Iterable[str]) -> list[Any]:
    """The values of the id column for document ids given as text; those that no row can have are left out."""
    match schema.id_field.kind:
        case Kind.INTEGER:
            read: Callable[[str], Any] = int
        case Kind.UUID:
            read = UUID
        case _:
            return list(texts)
    found = []
    for text in texts:
        with suppress(ValueError):
            found.append(read(text))
    return found


def attribute(schema: SearchSchema, record: Any, name: str) -> Any:
    """A record's value of a field; a missing one raises, naming schema, field and record."""
    try:
        if isinstance(record, dict):
            return record[name]
        return getattr(record, name)
    except (AttributeError, KeyError) as error:
        shown = (
            record.get(schema.document_id)
            if isinstance(record, dict)
            else getattr(record, schema.document_id, None)
        )
        raise ProjectionError(
            f"{schema.name}: record {shown!r} has no field {name!r}.",
            hint="Load the whole row, or pass the model's own records.",
        ) from error
