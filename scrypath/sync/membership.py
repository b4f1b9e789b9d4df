"""Which of the records that a caller passes in are rows of their schema: what is none is removed, not written."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from scrypath.errors import InvalidOptions
from scrypath.schema import SearchSchema
from scrypath.schema.identity import document_id, shown_id
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows, selection
from scrypath.source.engine import translated
from scrypath.source.selection import Part

if TYPE_CHECKING:
    from sqlalchemy import Select
    from sqlalchemy.orm import InstanceState, Session


def outsiders(ref: IndexRef, records: Sequence[Any]) -> frozenset[str]:
    """Document ids of the records that are no rows of the schema.

    Checked through each record's own session, which sees what is not committed yet; of a record without one, and of a
    mapping, through a connection of our own. Where every record of the model is a row, nothing is read.

    Raises
    ------
    InvalidOptions
        For a record whose changes have not been flushed: the database cannot say yet whether it is a row.
    DatabaseError, ConfigError
        When the database cannot be read.
    """
    asked: dict[Session | None, list[str]] = {}
    for record in records:
        if not _open_question(ref.schema, record):
            continue
        state = _state(record)
        if state is not None and state.session is not None:
            _refuse_unflushed(ref.schema, record, state)
        session = None if state is None else state.session
        asked.setdefault(session, []).append(document_id(ref.schema, record))
    outside: set[str] = set()
    for session, ids in asked.items():
        there = rows.existing_ids(ref, ids) if session is None else _existing(ref, session, ids)
        outside.update(set(ids) - there)
    return frozenset(outside)


def _open_question(schema: SearchSchema, record: Any) -> bool:
    if schema.query is not None:
        return True
    # A class that inherits has some rows of a table: a record says by its own class whether it is one of them.
    inherits = schema.model is not None and schema.model.__mapper__.inherits is not None
    return inherits and not isinstance(record, schema.model or ())


def _state(record: Any) -> InstanceState[Any] | None:
    from sqlalchemy import inspect
    from sqlalchemy.orm import InstanceState

    state = inspect(record, raiseerr=False)
    return state if isinstance(state, InstanceState) else None


def _refuse_unflushed(schema: SearchSchema, record: Any, state: InstanceState[Any]) -> None:
    session = state.session
    assert session is not None
    if state.pending or record in session.deleted or (state.persistent and session.is_modified(record)):
        raise InvalidOptions(
            f"{schema.name}: record {shown_id(schema, record)!r} has changes that its session has not flushed, so the "
            "database cannot say whether the schema's query shows it.",
            hint="Call session.flush(), or better session.commit(), and then sync it.",
        )


def _existing(ref: IndexRef, session: Session, ids: Sequence[str]) -> set[str]:
    from sqlalchemy.exc import MissingGreenlet

    assert ref.schema.model is not None, "a record of a session is of a model"
    statement = selection.ids(ref.schema, Part(ids=ids))
    mapper = {"mapper": ref.schema.model.__mapper__}
    with translated(ref.config):
        try:
            found = _read(session, statement, mapper)
        except MissingGreenlet as error:
            raise InvalidOptions(
                "The records belong to an asynchronous session, which cannot be queried from here.",
                hint="await session.run_sync(lambda _: scrypath.sync_records(...))",
            ) from error
    return {document_id(ref.schema, value) for value in found if value is not None}


def _read(session: Session, statement: Select[Any], mapper: dict[str, Any]) -> Sequence[Any]:
    from sqlalchemy import Connection

    if session.in_transaction():
        with session.no_autoflush:
            return session.scalars(statement, bind_arguments=mapper).all()
    # Asked beside the session: it is left without a transaction that nobody would end.
    bind = session.get_bind(**mapper)
    engine = bind.engine if isinstance(bind, Connection) else bind
    with engine.connect() as connection:
        return connection.scalars(statement).all()
