"""Records and ids that a caller passes in, written behind the fence where the database can be read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from itertools import batched
from typing import TYPE_CHECKING, Any

from scrypath.config import Config
from scrypath.errors import DatabaseError, ProjectionError, ReplicaSource
from scrypath.schema.documents import Documents
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.engine import engine
from scrypath.sync import sending
from scrypath.sync.convergence import converge
from scrypath.sync.current_documents import portions
from scrypath.sync.fence import Fence, fenced
from scrypath.sync.sending import Sent
from scrypath.vocabulary import SyncMode

if TYPE_CHECKING:
    from sqlalchemy import URL
    from sqlalchemy.orm import Session


@dataclass(frozen=True, slots=True)
class Written:
    """What was sent for records, and whether no newer row can have been overwritten by it."""

    sent: tuple[Sent, ...]
    fenced: bool


def write_records(
    ref: IndexRef,
    records: Sequence[Any],
    documents: Documents,
    outside: Sequence[str],
    *,
    mode: SyncMode,
) -> Written:
    """Write records: as their rows are now where that is what counts, as they were given elsewhere.

    The rows are written where a record's session has no transaction, or none that has written, and where the record
    is as its row. Of any other record nobody knows whether it is older than its row or not committed yet.

    Parameters
    ----------
    ref
        Whose records, and where to.
    records, documents
        What was given, and the documents of it, in the same order.
    outside
        Ids of what was given and is no row of the schema: their documents are removed.
    mode
        ``inline`` or ``manual``.
    """
    with _fence(ref) as fence:
        committed = _committed(fence, records, documents)
        done = converge(ref, [item for item in documents.ids if item in committed], mode=mode, fence=fence)
    given = documents.where([item not in committed for item in documents.ids])
    sent = sending.upsert(ref, given, mode=mode) if len(given) else []
    removed = delete_ids(ref, outside, mode=mode) if outside else Written((), True)
    return Written((*done.sent, *sent, *removed.sent), not sent and not done.in_flight and removed.fenced)


def delete_ids(ref: IndexRef, ids: Sequence[str], *, mode: SyncMode) -> Written:
    """Delete documents: those without a row unless it is there again, those with a row as it was asked for."""
    with _fence(ref) as fence:
        gone = _gone(fence, ids)
        done = converge(ref, [item for item in ids if item in gone], mode=mode, fence=fence)
    sent = sending.delete(ref, [item for item in ids if item not in gone], mode=mode)
    return Written((*done.sent, *sent), not sent and not done.in_flight)


@contextmanager
def _fence(ref: IndexRef) -> Iterator[Fence | None]:
    """A fence; none where no database can be read, which keeps nobody from writing."""
    with ExitStack() as held:
        fence = None
        if ref.config.database_url:
            with suppress(DatabaseError, ReplicaSource):
                fence = held.enter_context(fenced(ref))
        yield fence


def _committed(fence: Fence | None, records: Sequence[Any], documents: Documents) -> frozenset[str]:
    if fence is None:
        return frozenset()
    quiet = _quiet(fence.ref.config, records)
    resolved = {item for item, still in zip(documents.ids, quiet, strict=True) if still}
    prints = zip(documents.ids, documents.fingerprints, strict=True)
    given = {item: mark for item, mark in prints if item not in resolved}
    with suppress(DatabaseError):
        return frozenset(resolved | _equal(fence, given))
    return frozenset()


def _gone(fence: Fence | None, ids: Sequence[str]) -> frozenset[str]:
    if fence is None:
        return frozenset()
    with suppress(DatabaseError):
        return frozenset(ids) - rows.existing_ids(fence.ref, ids)
    return frozenset()


def _equal(fence: Fence, given: Mapping[str, str]) -> set[str]:
    equal: set[str] = set()
    for part in batched(given, fence.ref.config.batch_size):
        with suppress(ProjectionError):  # of the rows: the records beside them are written as they were given
            for found in portions(fence.ref, part, over=fence.over):
                prints = zip(found.ids, found.fingerprints, strict=True)
                equal.update(item for item, mark in prints if given[item] == mark)
    return equal


def _quiet(config: Config, records: Sequence[Any]) -> list[bool]:
    """Whether each record belongs to a session on the configured database that has written nothing yet."""
    from sqlalchemy import inspect
    from sqlalchemy.orm import InstanceState

    answers: dict[Session, bool] = {}
    quiet = []
    for record in records:
        state = inspect(record, raiseerr=False)
        session = state.session if isinstance(state, InstanceState) and state.persistent else None
        if session is not None and session not in answers:
            answers[session] = _wrote_nothing(config, session, state.mapper)
        quiet.append(session is not None and answers[session])
    return quiet


def _wrote_nothing(config: Config, session: Session, mapper: Any) -> bool:
    from sqlalchemy import Connection, text
    from sqlalchemy.exc import SQLAlchemyError

    if session.new or session.dirty or session.deleted:
        return False
    try:
        bind = session.get_bind(mapper=mapper)
        if _place(bind.engine.url) != _place(engine(config).url):
            return False
        if isinstance(bind, Connection) and bind.in_transaction():
            connection = bind
        elif session.in_transaction():
            connection = session.connection(bind_arguments={"mapper": mapper})
        else:
            return True
        if connection.dialect.name != "postgresql":
            return False
        unwritten = connection.scalar(text("SELECT pg_current_xact_id_if_assigned() IS NULL"))
    except SQLAlchemyError:  # an aborted transaction, an asynchronous session: nobody knows
        return False
    return bool(unwritten)


def _place(url: URL) -> tuple[Any, ...]:
    return (url.get_backend_name(), url.host, url.port, url.database, url.query.get("host"))
