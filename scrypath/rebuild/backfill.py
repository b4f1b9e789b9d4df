"""Writing every row of a schema, in keyset batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from typing import TYPE_CHECKING, Any

from scrypath.config import Config
from scrypath.errors import InvalidOptions
from scrypath.meilisearch import tasks
from scrypath.memory import audit
from scrypath.schema import SearchSchema
from scrypath.schema.documents import Documents, project_columns
from scrypath.schema.identity import id_value
from scrypath.schema.index_ref import IndexRef
from scrypath.source import rows
from scrypath.source.ahead import ahead
from scrypath.sync import sending
from scrypath.sync.delivery import delivered
from scrypath.sync.progress import progress_bar
from scrypath.sync.sending import Prepared, Sent
from scrypath.telemetry import span
from scrypath.vocabulary import Outcome, RecoveryAction, SyncMode, SyncStatus
from scrypath.wording import counted

if TYPE_CHECKING:
    import pyarrow as pa

STAGES = 3  # of a write before it is sent, each one portion ahead of the next
IN_FLIGHT = 20  # tasks accepted and not yet finished, before the next batch waits for the oldest


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """What a backfill did.

    Parameters
    ----------
    status
        ``completed`` when every task succeeded, ``accepted`` when they were not waited for, ``noop`` without rows.
    schema, index
        Whose rows, and where they went.
    document_count
        Documents written.
    work_ids
        One for each batch.
    resume_after
        Id of the last row written: ``backfill(..., after=…)`` goes on from there.
    duration
        From the first read to the last answer.
    """

    status: SyncStatus
    schema: str
    index: str
    document_count: int
    work_ids: tuple[str, ...]
    resume_after: str | None
    duration: timedelta


def backfill(
    schema: Any,
    *,
    after: Any = None,
    batch_size: int | None = None,
    wait: bool = True,
    actor: str | None = None,
    progress: bool = False,
    config: Config | None = None,
) -> BackfillResult:
    """Write every row of a schema to its index, batch by batch in the order of the id.

    It repairs a trustworthy index: documents without a row are left alone (``plan(report, "repair")`` names
    them).

    Parameters
    ----------
    schema
        Registered name, model or schema.
    after
        Go on after this document id: the ``resume_after`` of an earlier run.
    batch_size
        Documents in one task; default: the configured one.
    wait
        Wait until Meilisearch has finished every task.
    actor
        Who, for the audit; default: the login name.
    progress
        Show a progress bar of documents sent.
    config
        Used instead of the configured one.

    Returns
    -------
    BackfillResult

    Raises
    ------
    TaskFailed
        When Meilisearch refused a batch; what came before it is written.
    TaskTimeout
        When a task did not finish in ``task_timeout`` seconds; it may still.

    Examples
    --------
    >>> import scrypath
    >>> result = scrypath.backfill("Product", batch_size=2)
    >>> result.status, result.document_count, len(result.work_ids)
    (<SyncStatus.COMPLETED: 'completed'>, 3, 2)
    """
    ref = IndexRef.find(schema, config, batch_size=batch_size)
    start = id_value(ref.schema, str(after)) if after is not None else None
    if after is not None and start is None:
        raise InvalidOptions(
            f"after={after!r} cannot be an id of {ref.schema.name}.", hint="Give a resume_after."
        )
    began = monotonic()
    work_ids: list[str] = []
    last: str | None = None
    count = 0
    with (
        audit.recorded(
            ref.config,
            action=str(RecoveryAction.BACKFILL),
            schema=ref.schema.name,
            target=ref.uid,
            detail="Every row." if after is None else f"Every row after {after}.",
            actor=actor,
        ) as recording,
        span("scrypath.reindex.backfill", schema=ref.schema.name, index=ref.uid),
        progress_bar(
            f"{ref.schema.name}: documents sent",
            rows.count(ref) if progress and after is None else None,
            shown=progress,
        ) as bar,
    ):
        sending.ensure_index(ref)
        for sent in _sent(ref, start, wait=wait):
            work_ids.append(sent.work_id)
            bar.update(len(sent.ids))
            count += len(sent.ids)
            last = sent.ids[-1]
        recording.ended(
            Outcome.COMPLETED if wait else Outcome.ACCEPTED,
            document_count=count,
            detail=f"{counted(count, 'document')} {'written' if wait else 'sent'}.",
        )
    done = SyncStatus.COMPLETED if wait else SyncStatus.ACCEPTED
    return BackfillResult(
        done if work_ids else SyncStatus.NOOP,
        ref.schema.name,
        ref.uid,
        count,
        tuple(work_ids),
        last,
        timedelta(seconds=monotonic() - began),
    )


def _sent(ref: IndexRef, start: Any, *, wait: bool) -> Generator[Sent]:
    """Send all rows after ``start``; the next of them are read, projected and noted meanwhile."""
    waiting: deque[Sent] = deque()

    def roomy() -> bool:
        # Rows are not read long before they are written: not while others are waited for.
        return not wait or len(waiting) + STAGES * sending.RECORDED_AT_ONCE <= IN_FLIGHT

    tables = ahead(_tables(ref, start), allowed=roomy)
    documents = ahead(_documents(ref.schema, tables), allowed=roomy)
    with closing(ahead(_portions(ref, documents), allowed=roomy)) as portions:
        for portion in portions:
            for prepared in portion:
                waiting.append(sending.post(ref, prepared))
                yield waiting[-1]
            while wait and len(waiting) > IN_FLIGHT:
                tasks.wait(ref.config, waiting.popleft().task_uid).require_success()
    if wait:
        delivered(ref.config, list(waiting)).require_success()


def _tables(ref: IndexRef, start: Any) -> Generator[pa.Table]:
    batches = max(1, min(sending.RECORDED_AT_ONCE, ref.config.page_size // ref.config.batch_size))
    return rows.batches(ref, size=ref.config.batch_size * batches, after=start)


def _documents(schema: SearchSchema, tables: Generator[pa.Table]) -> Generator[Documents]:
    with closing(tables):
        for table in tables:
            yield project_columns(schema, table)


def _portions(ref: IndexRef, made: Generator[Documents]) -> Generator[list[Prepared]]:
    with closing(made):
        for documents in made:
            yield from sending.prepare(ref, documents, mode=SyncMode.MANUAL)
