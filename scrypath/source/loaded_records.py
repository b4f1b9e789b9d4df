"""Records of a model as a session loads them: one that the type of a column cannot read stops no record beside it."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import TYPE_CHECKING, Any

from scrypath.errors import ProjectionError
from scrypath.schema import SearchSchema
from scrypath.schema.columns import Unprojectable
from scrypath.schema.identity import attribute, first_line
from scrypath.schema.unread import Unread
from scrypath.source import selection
from scrypath.source.selection import Part

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

# As selection.keys() finds it: the primary key, and after it the document id.
type Key = Sequence[Any]


def loaded(
    session: Session, schema: SearchSchema, keys: Sequence[Key], *, strict: bool
) -> Generator[tuple[list[Any], list[Unprojectable]]]:
    """Records in the order of their keys, and those that cannot be read, which are found by halving the keys.

    Parameters
    ----------
    session
        Loads them.
    schema
        Of the records.
    keys
        As ``selection.keys`` finds them.
    strict
        True: the first that cannot be read raises. False: such records are given back by id, with what is wrong.

    Raises
    ------
    ProjectionError
        When a record cannot be read, and ``strict`` is true: names the record, and the field if it is one.
    """
    from sqlalchemy import inspect
    from sqlalchemy.exc import SQLAlchemyError

    if wrong := [(_shown_id(key), error) for key in keys if (error := _unread_key(schema, key)) is not None]:
        if strict:
            raise wrong[0][1]
        yield [], [(shown, error.message) for shown, error in wrong]
        keys = [key for key in keys if _unread_key(schema, key) is None]
    try:
        found = session.scalars(selection.records_of(schema, [key[:-1] for key in keys])).unique().all()
    except SQLAlchemyError:
        raise
    except Exception as error:  # of the type of a column, which may be the user's own
        session.expunge_all()
        if len(keys) > 1:
            for half in (keys[: len(keys) // 2], keys[len(keys) // 2 :]):
                yield from loaded(session, schema, half, strict=strict)
            return
        why = _why_unread(session, schema, keys[0], error)
        if strict:
            raise why from error
        yield [], [(_shown_id(keys[0]), why.message)]
        return
    by_key = {inspect(record).identity: record for record in found}
    # Where the database does not show one moment, a row may have gone since its key was read.
    yield [by_key[named] for key in keys if (named := tuple(key[:-1])) in by_key], []


def found_records(session: Session, schema: SearchSchema, part: Part) -> list[Any]:
    """The records of a part of the rows.

    Raises
    ------
    ProjectionError
        When one cannot be read, as :func:`loaded` says it.
    """
    from sqlalchemy.exc import SQLAlchemyError

    try:
        return list(session.scalars(selection.records(schema, part)).unique())
    except SQLAlchemyError:
        raise
    except Exception:  # of the type of a column, which may be the user's own
        session.expunge_all()
        keys = session.execute(selection.keys(schema, part)).all()
        return [record for page, _ in loaded(session, schema, keys, strict=True) for record in page]


def unreadable(schema: SearchSchema, what: str, error: Exception) -> ProjectionError:
    """The error of a row of which the type of a column cannot read something."""
    return ProjectionError(
        f"{schema.name}: {what} cannot be read: {first_line(error)}",
        hint="Fix the row, or the type of the column in the model.",
    )


def _why_unread(session: Session, schema: SearchSchema, key: Key, error: Exception) -> ProjectionError:
    """What is wrong with a record that cannot be loaded: names the attribute whose type fails, where one does."""
    for values in session.execute(selection.attributes_of(schema, key[:-1])).mappings():
        for name in values:
            try:
                attribute(schema, values, name)
            except ProjectionError as found:
                return found
    return unreadable(schema, f"record {_shown_id(key)!r}", error)  # something that is loaded beside it


def _unread_key(schema: SearchSchema, key: Key) -> ProjectionError | None:
    broken = next((part for part in key if isinstance(part, Unread)), None)
    if broken is None:
        return None
    what = (
        f"field {schema.document_id!r} of a record"
        if isinstance(key[-1], Unread)
        else f"the key of record {_shown_id(key)!r}"
    )
    return unreadable(schema, what, broken.error)


def _shown_id(key: Key) -> str:
    return "" if key[-1] is None or isinstance(key[-1], Unread) else str(key[-1])
