"""Writing a job inside the caller's own transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError, UnboundExecutionError
from sqlalchemy.orm import Session, scoped_session

from scrypath import database
from scrypath.errors import DatabaseError, InvalidOptions, raise_alone
from scrypath.queue.args import WORKER, JobArgs
from scrypath.queue.connection import explained, session_options, statement, translated
from scrypath.redaction import redact

if TYPE_CHECKING:
    from scrypath.config import Config


@dataclass(frozen=True, slots=True)
class Enqueued:
    """A job that exists as soon as the transaction commits.

    Parameters
    ----------
    job_id
        Id of the job row.
    collapsed
        True: a pending job for the same documents will do this work too, and ``job_id`` is that one.
    """

    job_id: int
    collapsed: bool


def enqueue(
    connection: Session | scoped_session[Session] | Connection, config: Config, args: JobArgs
) -> Enqueued:
    """Write one job with the caller's transaction: both commit, or neither.

    The worker is woken when the transaction commits. A pending job for the same operation, schema, index
    and ids takes this one's place; a job that is already executing never does.

    Parameters
    ----------
    connection
        A synchronous SQLAlchemy session or connection on the PostgreSQL database that has the oban tables.
    config
        ``oban_prefix``, ``oban_queue`` and ``oban_max_attempts`` say where and how often.
    args
        What the job is about.

    Raises
    ------
    InvalidOptions
        For anything but a synchronous session or connection on PostgreSQL.
    QueueNotInstalled
        When that database has no oban tables; the caller's transaction is then aborted.
    DatabaseError
        When PostgreSQL refuses the statement.
    """
    parameters = {
        "args": args.to_json(),
        "key": args.key,
        "max_attempts": config.oban_max_attempts,
        "queue": config.oban_queue,
        "worker": WORKER,
    }
    opened = _postgresql(connection)
    with database.translated(config, _explained):
        job_id, collapsed, _ = opened.execute(text(statement("enqueue", config)), parameters).one()
    return Enqueued(job_id, collapsed)


def enqueue_now(config: Config, args: JobArgs) -> Enqueued:
    """Write one job in a short transaction of its own, on the configured database.

    Raises
    ------
    DatabaseError
        When PostgreSQL cannot be reached or has no oban tables.
    """
    engine = database.engine(config, **session_options(config))
    try:
        with translated(config), engine.begin() as connection:
            return enqueue(connection, config, args)
    finally:
        engine.dispose()


def _postgresql(given: Any) -> Connection:
    try:
        connection = given.connection() if isinstance(given, Session | scoped_session) else given
    except UnboundExecutionError as error:
        raise InvalidOptions(
            "The session is bound to its database by mapper only, so it cannot say where a job would go.",
            hint="Pass session.connection(bind_arguments={'mapper': Model}) instead of the session.",
        ) from error
    except SQLAlchemyError as error:
        raise_alone(_unusable(error))
    if not isinstance(connection, Connection):
        raise InvalidOptions(
            f"A job needs a synchronous SQLAlchemy session or connection, not {type(given).__name__}.",
            hint="With an AsyncSession: await session.run_sync(lambda sync: ...).",
        )
    if connection.dialect.name != "postgresql":
        raise InvalidOptions(
            f"oban mode writes its job into the caller's database, and this one is {connection.dialect.name}.",
            hint="Use PostgreSQL, or the modes inline and manual.",
        )
    return connection


def _explained(error: Exception, config: Config) -> DatabaseError:
    return explained(error, config) if isinstance(error, DBAPIError) else _unusable(error)


def _unusable(error: Exception) -> DatabaseError:
    return DatabaseError(
        f"The session cannot take a job: {redact(str(error))}", hint="Roll it back, then write again."
    )
