"""Retrying one concrete unit of failed work, previewed first, recorded before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any

import orjson
import polars as pl

from scrypath import display
from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions, NotRetryable, ScrypathError
from scrypath.frames import OUTCOME
from scrypath.memory import audit
from scrypath.operator.recover.verify import verify_retry
from scrypath.queue import retry as queue
from scrypath.schema import FINGERPRINT_FIELD
from scrypath.schema.documents import Documents
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge, current
from scrypath.sync.fan_out import targets
from scrypath.vocabulary import Operation, Outcome, SyncMode, WorkSource
from scrypath.wording import counted
from scrypath.work.lookup import Unit, find

SHOWN = 100  # documents of a preview that are shown


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RetryPreview:
    """What a retry would do, from the rows as they are now. Making one changes nothing.

    Parameters
    ----------
    work_id, schema, index, source, operation
        The unit of work and whose documents it is about.
    reason
        Why it failed.
    document_ids
        Every document it is about.
    documents
        What would be written: the fields of the current rows, of the first 100 of them.
    written, vanished
        How many would be written; the ids whose row is gone, which would be deleted.
    effect
        What would happen, in one sentence.
    retryable
        Whether it is allowed without ``force``.
    refusal
        Why not, None when it is.
    evidence
        A hash of what would be written and deleted.
    """

    work_id: str
    schema: str
    index: str
    source: str
    operation: str
    reason: str
    document_ids: tuple[str, ...] = field(repr=False)
    documents: pl.DataFrame = field(repr=False)
    written: int
    vanished: tuple[str, ...]
    effect: str
    retryable: bool
    refusal: str | None
    evidence: str

    def headline(self) -> str:
        """The preview in one sentence."""
        told = self.effect if self.retryable else f"refused. {self.refusal}"
        return f"{self.work_id}: {told}"

    def __str__(self) -> str:
        return display.text(f"{self.headline()}\nIt failed: {self.reason}", self._shown())

    __repr__ = __str__

    def _repr_html_(self) -> str:
        gone = f"Without a row, to be deleted: {', '.join(self.vanished)}." if self.vanished else None
        notes = [f"It failed: {self.reason}", gone]
        return display.html(self.headline(), self._shown(), notes=notes, grouped=False)

    def _shown(self) -> dict[str, pl.DataFrame]:
        first = f", the first {self.documents.height}" if self.documents.height < self.written else ""
        return {f"Would be written ({self.written:,}{first})": self.documents}


def preview_retry(work_id: str, *, config: Config | None = None) -> RetryPreview:
    """What :func:`retry_sync_work` would write and delete for one unit of failed work. Changes nothing.

    Parameters
    ----------
    work_id
        ``meili:17`` or ``oban:42``.
    config
        Used instead of the configured one.

    Returns
    -------
    RetryPreview

    Raises
    ------
    InvalidOptions, UnknownWork, NotRetryable
        For no work id, an unknown one, or work that has not failed.

    Examples
    --------
    >>> import scrypath
    >>> failed = scrypath.failed_sync_work("Brand")
    >>> preview = scrypath.preview_retry(failed["work_id"][0])
    >>> preview.written, preview.documents["name"].to_list(), preview.retryable
    (1, ['Acme'], False)
    >>> preview.refusal
    'It failed validation, and the same rows would fail again: ...'
    """
    settled = resolve(config)
    unit = find(work_id, settled)
    documents, vanished, target = _planned(unit)
    deleted = f" and delete {len(vanished)} whose row is gone" if vanished else ""
    route = "the job runs again: the worker will " if unit.work_id.source is WorkSource.OBAN else ""
    effect = f"{route}write {counted(len(documents), f'{target} document')} from the current rows{deleted}."
    return RetryPreview(
        work_id=str(unit.work_id),
        schema=unit.ref.schema.name,
        index=unit.ref.uid,
        source=str(unit.work_id.source),
        operation=str(unit.operation),
        reason=unit.reason,
        document_ids=unit.document_ids,
        documents=_frame(documents),
        written=len(documents),
        vanished=vanished,
        effect=effect[0].upper() + effect[1:],
        retryable=unit.refusal is None,
        refusal=unit.refusal,
        evidence=_hash(documents, vanished),
    )


def retry_sync_work(
    work: str | pl.DataFrame,
    *,
    force: bool = False,
    actor: str | None = None,
    wait: bool = False,
    config: Config | None = None,
) -> pl.DataFrame:
    """Retry failed work: a job runs again in place, a task's documents are written again from current rows.

    Parameters
    ----------
    work
        One work id, or a frame with a column ``work_id``: an explicit bulk.
    force
        Also retry what failed validation or was healed since.
    actor
        Who, for the audit; default: the login name.
    wait
        Wait for the effect and read it back: the outcome is then ``completed`` or ``failed``.
    config
        Used instead of the configured one.

    Returns
    -------
    polars.DataFrame
        ``frames.OUTCOME``, one row per work id. ``accepted`` means that the work was sent, not that it is
        done: :func:`verify_retry` reads the effect back. In a bulk, work that may not be retried is
        ``skipped`` with the reason, and one failure does not keep the rest from being retried.

    Raises
    ------
    InvalidOptions, UnknownWork, NotRetryable
        For one work id: when it is none, is unknown, or may not be retried.

    Examples
    --------
    >>> import scrypath
    >>> failed = scrypath.failed_sync_work("Brand")
    >>> scrypath.retry_sync_work(failed).select("outcome", "detail").rows()
    [('skipped', 'meili:...: It failed validation, and the same rows would fail again: ...')]
    >>> scrypath.retry_sync_work(failed, force=True, wait=True).select("outcome", "verified").rows()
    [('completed', True)]
    """
    settled = resolve(config)
    if isinstance(work, pl.DataFrame):
        if "work_id" not in work.columns:
            raise InvalidOptions(
                "The frame has no column 'work_id'.", hint="Pass rows of failed_sync_work()."
            )
        ids = work["work_id"].drop_nulls().unique(maintain_order=True).to_list()
        done = OUTCOME.rows(_bulk(item, settled, force=force, actor=actor) for item in ids)
    else:
        done = OUTCOME.rows([_one(work, settled, force=force, actor=actor)])
    return verify_retry(done, config=settled) if wait else done


def _bulk(work_id: str, config: Config, *, force: bool, actor: str | None) -> dict[str, Any]:
    try:
        return _one(work_id, config, force=force, actor=actor)
    except ScrypathError as error:
        outcome = Outcome.SKIPPED if isinstance(error, NotRetryable) else Outcome.FAILED
        return {
            "work_id": work_id,
            "operation": str(Operation.UNKNOWN),
            "outcome": str(outcome),
            "detail": str(error),
        }


def _one(work_id: str, config: Config, *, force: bool, actor: str | None) -> dict[str, Any]:
    unit = find(work_id, config)
    if unit.refusal is not None and not force:
        raise NotRetryable(f"{work_id}: {unit.refusal}", hint="Mend the rows first, or pass force=True.")
    audit_id = audit.before(
        config,
        action="retry",
        schema=unit.ref.schema.name,
        target=work_id,
        document_count=len(unit.document_ids),
        detail=unit.reason,
        actor=actor,
    )
    try:
        sent_as, detail = _sent(unit, config)
    except ScrypathError as error:
        audit.after(config, audit_id, outcome=Outcome.FAILED, detail=str(error))
        raise
    except KeyboardInterrupt:
        audit.after(config, audit_id, outcome=Outcome.UNKNOWN, detail="It was interrupted.")
        raise
    audit.after(
        config, audit_id, outcome=Outcome.ACCEPTED, document_count=len(unit.document_ids), detail=detail
    )
    return {
        "work_id": work_id,
        "schema": unit.ref.schema.name,
        "index": unit.ref.uid,
        "operation": str(unit.operation),
        "outcome": str(Outcome.ACCEPTED),
        "sent_as": sent_as,
        "document_count": len(unit.document_ids),
        "verified": None,
        "detail": detail,
    }


def _sent(unit: Unit, config: Config) -> tuple[str | None, str]:
    if unit.work_id.source is WorkSource.OBAN:
        job = queue.retry(config, unit.work_id.number)
        return str(unit.work_id), f"The job runs again: attempt {job.attempt + 1} of {job.max_attempts}."
    sent = converge(unit.ref, unit.document_ids, mode=SyncMode.MANUAL, cause=str(unit.work_id))
    told = ", ".join(item.work_id for item in sent)
    return sent[-1].work_id if sent else None, f"Sent as {told}."


def _planned(unit: Unit) -> tuple[Documents, tuple[str, ...], str]:
    ref: IndexRef = unit.ref
    ids: Sequence[str] = unit.document_ids
    if unit.operation is Operation.FAN_OUT and unit.fan_out is not None:
        ref, ids = targets(ref, unit.fan_out, ids)
    return (*current(ref, ids), ref.schema.name)


def _frame(documents: Documents) -> pl.DataFrame:
    shown = [orjson.loads(line) for line in documents.lines[:SHOWN]]
    return pl.DataFrame(shown, infer_schema_length=None).drop(FINGERPRINT_FIELD, strict=False)


def _hash(documents: Documents, vanished: tuple[str, ...]) -> str:
    pairs = sorted(zip(documents.ids, documents.fingerprints, strict=True))
    return blake2b(orjson.dumps([pairs, sorted(vanished)]), digest_size=12).hexdigest()
