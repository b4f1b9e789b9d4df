"""The audit log: one row before every action, one after it, none ever changed."""

from __future__ import annotations

import getpass
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

import polars as pl

from scrypath.config import Config
from scrypath.errors import InvalidOptions, ScrypathError, certainly_failed
from scrypath.frames import AUDIT
from scrypath.memory import redacting, store
from scrypath.memory.environment import environment
from scrypath.memory.sql import load
from scrypath.vocabulary import Outcome


@dataclass(slots=True)
class Recording:
    """An action that is being recorded.

    Parameters
    ----------
    audit_id
        Under which it is in the audit.
    outcome, document_count, detail
        What the row after it will say; set by :meth:`ended`.
    """

    audit_id: str
    outcome: Outcome = Outcome.UNKNOWN
    document_count: int | None = None
    detail: str = ""

    def ended(self, outcome: Outcome, *, document_count: int | None = None, detail: str = "") -> None:
        """Set the outcome."""
        self.outcome, self.document_count, self.detail = outcome, document_count, detail


@contextmanager
def recorded(
    config: Config,
    *,
    action: str,
    schema: str | None,
    target: str | None,
    plan_hash: str | None = None,
    document_count: int | None = None,
    detail: str = "",
    actor: str | None = None,
) -> Iterator[Recording]:
    """Record an action: one row before the body runs, one after it, also when it raises or is interrupted.

    After an error that leaves open whether something was sent, the outcome is ``unknown``, not ``failed``.

    Parameters
    ----------
    config, action, schema, target, plan_hash, document_count, detail, actor
        As for :func:`before`.
    """
    recording = Recording(
        before(
            config,
            action=action,
            schema=schema,
            target=target,
            plan_hash=plan_hash,
            document_count=document_count,
            detail=detail,
            actor=actor,
        )
    )
    try:
        yield recording
    except BaseException as error:
        recording.ended(
            Outcome.FAILED if certainly_failed(error) else Outcome.UNKNOWN,
            detail=str(error) if isinstance(error, ScrypathError) else _interruption(error),
        )
        raise
    finally:
        after(
            config,
            recording.audit_id,
            outcome=recording.outcome,
            document_count=recording.document_count,
            detail=recording.detail,
        )


def before(
    config: Config,
    *,
    action: str,
    schema: str | None,
    target: str | None,
    plan_hash: str | None = None,
    document_count: int | None = None,
    detail: str = "",
    actor: str | None = None,
) -> str:
    """Write down what is about to be done.

    Parameters
    ----------
    config
        Names the file.
    action
        ``retry``, ``repair``, ``backfill`` …
    schema
        Registered name of the search schema.
    target
        Work id or index.
    plan_hash
        Hash of the plan, when there is one.
    document_count
        Documents that will be touched.
    detail
        One sentence; secrets are taken out of it.
    actor
        Who does it; the login name when not given.

    Returns
    -------
    str
        The audit id, for :func:`after`.
    """
    audit_id = f"audit-{secrets.token_urlsafe(9)}"
    row = {
        "audit_id": audit_id,
        "at": datetime.now(UTC),
        "phase": "before",
        "actor": actor or _login_name(),
        "action": action,
        "schema": schema,
        "target": target,
        "plan_hash": plan_hash,
        "document_count": document_count,
        "detail": detail,
        **asdict(environment(config)),
    }
    frame = redacting.columns(config, AUDIT.rows([row]), "actor", "target", "detail")
    with store.connect(config) as connection:
        store.append(connection, "audit", frame.rename({"at": "written_at"}))
    return audit_id


def after(
    config: Config, audit_id: str, *, outcome: Outcome, document_count: int | None = None, detail: str = ""
) -> None:
    """Write down the outcome; a later call adds a later row.

    Parameters
    ----------
    config
        Names the file.
    audit_id
        As :func:`before` gave it.
    outcome
        What is known now.
    document_count
        Documents that were touched; as announced before when not given.
    detail
        One sentence; secrets are taken out of it.

    Raises
    ------
    InvalidOptions
        When nothing was written before under this id.
    """
    parameters = {
        "audit_id": audit_id,
        "outcome": str(Outcome(outcome)),
        "document_count": document_count,
        "detail": redacting.text(config, detail),
    }
    with store.connect(config) as connection:
        [(written,)] = connection.execute(load("audit_after"), parameters).fetchall()
    if not written:
        raise InvalidOptions(
            f"The audit has no action {audit_id!r}.",
            hint="Give the id that audit.before() returned; audit_log() lists them.",
        )


def log(config: Config, schema: str | None = None) -> pl.DataFrame:
    """Everything that was done.

    Parameters
    ----------
    config
        Names the file.
    schema
        Registered name; none: all of them.

    Returns
    -------
    polars.DataFrame
        ``AUDIT``, newest first.
    """
    with store.connect(config, read_only=True) as connection:
        return store.fetch(connection, AUDIT, load("audit_log"), {"schema": schema})


def _login_name() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        # A container may run under a number that has no name.
        return f"uid {os.getuid()}"


def _interruption(error: BaseException) -> str:
    return (
        "It was interrupted." if isinstance(error, KeyboardInterrupt) else f"{type(error).__name__}: {error}"
    )
