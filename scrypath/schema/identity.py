"""One identity for a document: the same text for upsert, delete, drift and hydration."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from scrypath.errors import InvalidOptions, ProjectionError, ScrypathError
from scrypath.redaction import redact
from scrypath.schema.fields import Field, Kind
from scrypath.schema.metadata import SearchSchema
from scrypath.schema.unread import Unread

ID_PATTERN = r"[A-Za-z0-9_-]{1,511}"
_ID = re.compile(ID_PATTERN)


# What an id of a kind may be in Python, and in the database.
_MADE: dict[Kind, tuple[Callable[[str], Any], ...]] = {
    Kind.INTEGER: (int, str),
    Kind.UUID: (UUID, str),
    Kind.TEXT: (str, UUID, int),
}
_BOUND: dict[Kind, tuple[type, ...]] = {Kind.INTEGER: (int,), Kind.UUID: (UUID, str), Kind.TEXT: (str,)}


def id_text(schema: SearchSchema, value: Any) -> str:
    """A document id as text, as it is in the index: a text is taken as it is given.

    Raises
    ------
    ProjectionError
        For a value that cannot name a document.
    """
    if isinstance(value, bool) or not isinstance(value, int | str | UUID):
        raise ProjectionError(
            f"{schema.name}: {value!r} cannot be a document id.", hint="It is an integer, a text or a UUID."
        )
    text = str(value)
    if not usable(text):
        raise ProjectionError(
            f"{schema.name}: document id {text!r} has characters that Meilisearch refuses.",
            hint="Letters, digits, hyphens and underscores, 511 bytes at most.",
        )
    return text


def several[T](name: str, given: Iterable[T]) -> Iterable[T]:
    """The items given, refusing one where a list is expected: a text would be taken letter by letter.

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
    scrypath.errors.InvalidOptions: ids must be a list, not '12'. Write ids=['12'].
    """
    if isinstance(given, str | bytes) or not isinstance(given, Iterable):
        raise InvalidOptions(f"{name} must be a list, not {given!r}.", hint=f"Write {name}=[{given!r}].")
    return given


def usable(text: Any) -> bool:
    """Whether Meilisearch takes a text as a document id; of one that it does not take, it has no document."""
    return isinstance(text, str) and _ID.fullmatch(text) is not None


def _as_kept(schema: SearchSchema, value: Any) -> Any:
    # The UUID of a row has one text in the index, whatever its letters look like in the caller's hands.
    if isinstance(value, str) and schema.id_field.kind is Kind.UUID:
        with suppress(ValueError):
            return UUID(value)
    return value


def document_id(schema: SearchSchema, record: Any) -> str:
    """The document id of a record (a model instance, a row or a mapping), or of a row's bare id."""
    bare = isinstance(record, int | str | UUID)
    value = record if bare else attribute(schema, record, schema.document_id)
    return id_text(schema, _as_kept(schema, value))


def id_value(schema: SearchSchema, text: str) -> Any:
    """The value of the id column for a document id given as text, or None when no row can have it."""
    return next(iter(id_values(schema, [text])), None)


def id_values(schema: SearchSchema, texts: Iterable[str]) -> list[Any]:
    """The values of the id column for document ids as they are in the index; those that no row can have are left out.

    Examples
    --------
    >>> from sqlalchemy import Column, Integer, MetaData, Table
    >>> from scrypath.schema import search_schema
    >>> parcels = search_schema(Table("parcels", MetaData(), Column("id", Integer, primary_key=True)), fields=["id"])
    >>> id_values(parcels, ["7", "007", "x"])
    [7]
    """
    field = schema.id_field
    if field.decorated:
        return [value for text in texts if (value := _decorated(field, text)) is not None]
    match field.kind:
        case Kind.INTEGER:
            read: Callable[[str], Any] = int
        case Kind.UUID:
            read = UUID if getattr(field.item, "as_uuid", True) else lambda text: str(UUID(text))
        case _:
            return list(texts)
    found = []
    for text in texts:
        with suppress(ValueError):
            # Another spelling, as "007" of 7, is another document's id.
            if str(value := read(text)) == text:
                found.append(value)
    return found


def _decorated(field: Field, text: str) -> Any:
    """The value that a ``TypeDecorator`` takes, and gives back, for the id of this text; None: there is none."""
    from sqlalchemy.dialects.postgresql.psycopg import dialect

    assert field.column is not None
    database = dialect()  # type: ignore[no-untyped-call]
    bind = field.column.type.bind_processor(database) or _same
    read = field.column.type.result_processor(database, None) or _same
    for made in _MADE[field.kind]:
        with suppress(Exception):  # of a program that is not ours
            value = made(text)
            bound = bind(value)
            fits = _MADE[field.kind][0](str(bound)) is not None and isinstance(bound, _BOUND[field.kind])
            if fits and str(read(bound)) == text:
                return value
    return None


def _same(value: Any) -> Any:
    return value


def attribute(schema: SearchSchema, record: Any, name: str) -> Any:
    """A record's value of a field; one that is missing, or cannot be read, raises, naming schema, field and record."""
    try:
        found = record[name] if isinstance(record, Mapping) else getattr(record, name)
    except Exception as error:  # a property runs the user's own code
        if not isinstance(error, KeyError) and hasattr(type(record), name):
            raise cannot_read(schema, record, f"field {name!r}", error) from error
        raise ProjectionError(
            f"{schema.name}: record {_id_of(schema, record)!r} has no field {name!r}.",
            hint="Load the whole row, or pass the model's own records.",
        ) from error
    if isinstance(found, Unread):
        raise cannot_read(schema, record, f"field {name!r}", found.error) from found.error
    return found


def cannot_read(schema: SearchSchema, record: Any, what: str, error: Exception) -> Exception:
    """What to raise when the user's own code about a record fails; what the database refuses stays what it is."""
    from sqlalchemy.exc import DBAPIError
    from sqlalchemy.orm.exc import DetachedInstanceError

    if isinstance(error, DBAPIError | ScrypathError):
        return error
    return ProjectionError(
        f"{schema.name}: {what} of record {_id_of(schema, record)!r} cannot be read: {first_line(error)}",
        hint="Load what it needs before the record leaves its session, as with selectinload()."
        if isinstance(error, DetachedInstanceError)
        else "Fix the row, or let the projection take such a row.",
    )


def first_line(error: Exception) -> str:
    """What an error of the user's own code says, for a message: its type and its first line, without secrets."""
    try:
        text = str(error)
    except Exception:  # of a program that is not ours
        text = ""
    return f"{type(error).__name__}: {redact(text.partition(chr(10))[0])}"


def shown_id(schema: SearchSchema, record: Any) -> str:
    """The id of a record for a message, whatever it is; empty when there is none."""
    found = _id_of(schema, record)
    return "" if found is None else str(found)


def _id_of(schema: SearchSchema, record: Any) -> Any:
    if isinstance(record, Mapping):
        found = record.get(schema.document_id)
        return None if isinstance(found, Unread) else found
    try:
        return getattr(record, schema.document_id, None)
    except Exception:  # of an expired record without its session, say
        return _identity_of(record)


def _identity_of(record: Any) -> Any:
    from sqlalchemy import inspect

    state = inspect(record, raiseerr=False)
    identity = getattr(state, "identity", None)
    return identity[0] if identity else None
