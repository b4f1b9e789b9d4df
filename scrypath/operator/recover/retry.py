"""Retrying one concrete unit of failed work, previewed first, recorded before and after."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import orjson
import polars as pl

from scrypath import display
from scrypath.config import Config, resolve
from scrypath.errors import InvalidOptions, NotRetryable, ScrypathError, StalePlan
from scrypath.frames import OUTCOME
from scrypath.operator.recover.action import NOTHING_SENT, Action, hash_of
from scrypath.operator.recover.retry_turn import require_none_pending, turn
from scrypath.operator.recover.verify import verify_retry
from scrypath.queue import retry as queue
from scrypath.schema import FINGERPRINT_FIELD
from scrypath.schema.documents import Documents
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.convergence import converge
from scrypath.sync.current_documents import current
from scrypath.sync.fan_out import targets
from scrypath.sync.fence import kept_changing
from scrypath.vocabulary import Operation, Outcome, RecoveryAction, SyncMode, WorkSource
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
        text = self.effect if self.retryable else f"refused. {self.refusal}"
        return f"{self.work_id}: {text}"

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
    unit = find(work_id, resolve(config))
    ref, ids = _addressed(unit)
    documents, vanished = current(ref, ids)
    deleted = f" and delete {len(vanished)} whose row is gone" if vanished else ""
    route = "the job runs again: the worker will " if unit.work_id.source is WorkSource.OBAN else ""
    effect = f"{route}write {counted(len(documents), f'{ref.schema.name} document')} from the current rows{deleted}."
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
        evidence=_evidence(documents, vanished),
    )


def retry_sync_work(
    work: str | RetryPreview | pl.DataFrame,
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
        One work id, a preview of one, or a frame with a column ``work_id``: an explicit bulk. A preview is refused
        when what would be written has changed since.
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
        For one work id: when it is none, is unknown, or may not be retried, which includes a task whose retry is
        still pending.
    StalePlan
        For a preview: when what would be written has changed since. Nothing has been sent then.

    Examples
    --------
    >>> import scrypath
    >>> failed = scrypath.failed_sync_work("Brand")
    >>> scrypath.retry_sync_work(failed).select("outcome", "detail").rows()
    [('skipped', 'meili:...: It failed validation, and the same rows would fail again: ...')]
    >>> scrypath.retry_sync_work(failed, force=True, wait=True).select("outcome", "verified").rows()
    [('completed', True)]
    """
    resolved = resolve(config)
    if isinstance(work, pl.DataFrame):
        if "work_id" not in work.columns:
            raise InvalidOptions(
                "The frame has no column 'work_id'.", hint="Pass rows of failed_sync_work()."
            )
        ids = work["work_id"].drop_nulls().unique(maintain_order=True).to_list()
        done = pl.concat(
            [OUTCOME.empty(), *(_one_of_many(item, resolved, force=force, actor=actor) for item in ids)]
        )
    elif isinstance(work, RetryPreview):
        done = _retried(work.work_id, resolved, seen=work, force=force, actor=actor)
    else:
        done = _retried(work, resolved, force=force, actor=actor)
    return verify_retry(done, config=resolved) if wait else done


@dataclass(frozen=True, slots=True)
class Retry(Action):
    """One failed unit of work, sent again.

    Parameters
    ----------
    unit
        Which one.
    ref
        The index whose documents it is about.
    seen
        What an operator was shown before deciding; None: the decision was about the unit alone.
    """

    unit: Unit
    ref: IndexRef
    seen: RetryPreview | None = None
    action = RecoveryAction.RETRY

    @property
    def target(self) -> str:
        """The work id."""
        return str(self.unit.work_id)

    @property
    def document_count(self) -> int:
        """Every document the unit is about."""
        return len(self.unit.document_ids)

    @property
    def detail(self) -> str:
        """Why it failed."""
        return self.unit.reason

    @property
    def plan_hash(self) -> str | None:
        """The hash of what was shown."""
        return None if self.seen is None else self.seen.evidence

    def remaining(self) -> Sequence[str]:
        """Every document of the unit.

        Raises
        ------
        StalePlan
            When what would be written is not what was shown.
        """
        if self.seen is not None and _evidence(*current(*_addressed(self.unit))) != self.seen.evidence:
            raise StalePlan(
                f"What {self.target} would write has changed since the preview.",
                hint=f"{NOTHING_SENT} Preview it again.",
            )
        return self.unit.document_ids

    def execute(self, ids: Sequence[str], *, progress: bool) -> pl.DataFrame:
        """Let the job run again, or send the current rows."""
        del progress  # one unit of work is one step
        sent_as, detail = _sent(self.unit, ids)
        row = {
            "work_id": self.target,
            "schema": self.ref.schema.name,
            "index": self.ref.uid,
            "operation": str(self.unit.operation),
            "outcome": str(Outcome.ACCEPTED),
            "sent_as": sent_as,
            "document_count": len(ids),
            "verified": None,
            "detail": detail,
        }
        return OUTCOME.rows([row])


def _retried(
    work_id: str, config: Config, *, seen: RetryPreview | None = None, force: bool, actor: str | None
) -> pl.DataFrame:
    with turn(config):  # two at once send once: the second sees what the first has sent
        unit = find(work_id, config)
        if unit.refusal is not None and not force:
            raise NotRetryable(f"{work_id}: {unit.refusal}", hint="Fix the rows first, or pass force=True.")
        require_none_pending(unit)
        return Retry(unit, unit.ref, seen).run(actor=actor)


def _one_of_many(work_id: str, config: Config, *, force: bool, actor: str | None) -> pl.DataFrame:
    try:
        return _retried(work_id, config, force=force, actor=actor)
    except ScrypathError as error:
        outcome = Outcome.SKIPPED if isinstance(error, NotRetryable) else Outcome.FAILED
        row = {
            "work_id": work_id,
            "operation": str(Operation.UNKNOWN),
            "outcome": str(outcome),
            "detail": str(error),
        }
        return OUTCOME.rows([row])


def _sent(unit: Unit, ids: Sequence[str]) -> tuple[str | None, str]:
    if unit.work_id.source is WorkSource.OBAN:
        job = queue.retry(unit.ref.config, unit.work_id.number)
        return str(unit.work_id), f"The job runs again: attempt {job.attempt + 1} of {job.max_attempts}."
    done = converge(unit.ref, ids, mode=SyncMode.MANUAL, cause=str(unit.work_id))
    detail = f"Sent as {', '.join(item.work_id for item in done.sent)}."
    if done.in_flight:
        detail += f" In flight: {kept_changing(done.in_flight)}."
    return done.sent[-1].work_id if done.sent else None, detail


def _addressed(unit: Unit) -> tuple[IndexRef, Sequence[str]]:
    """The index and the ids that are written in the end: of a fan-out, those it leads to."""
    if unit.operation is Operation.FAN_OUT and unit.fan_out is not None:
        return targets(unit.ref, unit.fan_out, unit.document_ids)
    return unit.ref, unit.document_ids


def _frame(documents: Documents) -> pl.DataFrame:
    shown = [orjson.loads(line) for line in documents.lines[:SHOWN]]
    return pl.DataFrame(shown, infer_schema_length=None).drop(FINGERPRINT_FIELD, strict=False)


def _evidence(documents: Documents, vanished: tuple[str, ...]) -> str:
    return hash_of(sorted(zip(documents.ids, documents.fingerprints, strict=True)), sorted(vanished))
