"""Writing every row of a schema, in keyset batches."""

from __future__ import annotations

from collections import deque
from collections.abc import Generator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
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
from scrypath.source.selection import Part
from scrypath.sync import sending
from scrypath.sync.convergence import Converged, converge
from scrypath.sync.delivery import delivered
from scrypath.sync.fence import ROUNDS, fenced, kept_changing
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
        ``completed`` when every task succeeded and no row changed during each of its writes, ``accepted`` when one
        did, or when the tasks were not waited for, ``noop`` without rows.
    schema, index
        Whose rows, and where they went.
    document_count
        Documents written.
    work_ids
        One for each batch, and one for what was written again because its row had changed meanwhile.
    resume_after
        Id of the last row written: ``backfill(..., after=…)`` goes on from there.
    in_flight
        Documents whose row changed during each of five writes: they may be older than their row.
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
    in_flight: tuple[str, ...] = ()


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
    in_flight: list[str] = []
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
        for batch in write_rows(ref, start, wait=wait):
            work_ids += [sent.work_id for sent in (batch.sent, *batch.again.sent)]
            in_flight += batch.again.in_flight
            bar.update(len(batch.sent.ids))
            count += len(batch.sent.ids)
            last = batch.sent.ids[-1]
        completed = wait and not in_flight
        recording.ended(
            Outcome.COMPLETED if completed else Outcome.ACCEPTED,
            document_count=count,
            detail=f"{counted(count, 'document')} {'written' if wait else 'sent'}."
            + (f" In flight: {kept_changing(in_flight)}." if in_flight else ""),
        )
    done = SyncStatus.COMPLETED if completed else SyncStatus.ACCEPTED
    return BackfillResult(
        done if work_ids else SyncStatus.NOOP,
        ref.schema.name,
        ref.uid,
        count,
        tuple(work_ids),
        last,
        timedelta(seconds=monotonic() - began),
        tuple(in_flight),
    )


@dataclass(frozen=True, slots=True)
class Batch:
    """A batch that was sent, and what was sent again of it because its row was another by then."""

    sent: Sent
    again: Converged


def write_rows(ref: IndexRef, start: Any, *, wait: bool) -> Generator[Batch]:
    """Send all rows after ``start``; the next of them are read, projected and noted meanwhile."""
    waiting: deque[Sent] = deque()

    def roomy() -> bool:
        # Rows are not read long before they are written: not while others are waited for.
        return not wait or len(waiting) + STAGES * sending.RECORDED_AT_ONCE <= IN_FLIGHT

    def asked(sent: Sent, tokens: Mapping[str, str]) -> Batch:
        # Asked once the server has accepted the batch, while the next one is being sent.
        changed = fence.overtaken(sent.ids, tokens)
        return Batch(sent, converge(ref, changed, mode=SyncMode.MANUAL, rounds=ROUNDS - 1))

    with fenced(ref) as fence, ThreadPoolExecutor(1, thread_name_prefix="scrypath-fence") as beside:
        tables = ahead(_tables(ref, start), allowed=roomy)
        documents = ahead(_documents(ref.schema, tables), allowed=roomy)
        under_way: Future[Batch] | None = None
        with closing(ahead(_portions(ref, documents), allowed=roomy)) as portions:
            for portion in portions:
                for prepared, tokens in portion:
                    waiting.append(sending.post(ref, prepared))
                    before, under_way = under_way, beside.submit(asked, waiting[-1], tokens)
                    if before is not None:
                        batch = before.result()
                        waiting.extend(batch.again.sent)
                        yield batch
                while wait and len(waiting) > IN_FLIGHT:
                    tasks.wait(ref.config, waiting.popleft().task_uid).require_success()
        if under_way is not None:
            batch = under_way.result()
            waiting.extend(batch.again.sent)
            yield batch
    if wait:
        delivered(ref.config, list(waiting)).require_success()


def _tables(ref: IndexRef, start: Any) -> Generator[tuple[pa.Table, Mapping[str, str] | None]]:
    batches = max(1, min(sending.RECORDED_AT_ONCE, ref.config.page_size // ref.config.batch_size))
    size = ref.config.batch_size * batches
    with fenced(ref) as fence:
        after = start
        while True:
            # Asked before the rows are read: a row that changes in between is written twice, never missed.
            tokens = fence.tokens(Part(after=after, limit=size))
            last = None
            with rows.stream_tables(ref, Part(after=after, limit=size), over=fence.over) as tables:
                for table in tables:
                    last = table.column(ref.schema.document_id)[-1].as_py()
                    yield table, tokens
            if last is None:
                return
            after = id_value(ref.schema, str(last))


def _documents(
    schema: SearchSchema, read: Generator[tuple[pa.Table, Mapping[str, str] | None]]
) -> Generator[tuple[Documents, Mapping[str, str]]]:
    with closing(read):
        for table, tokens in read:
            documents = project_columns(schema, table)
            prints = dict(zip(documents.ids, documents.fingerprints, strict=True))
            yield documents, prints if tokens is None else tokens


def _portions(
    ref: IndexRef, made: Generator[tuple[Documents, Mapping[str, str]]]
) -> Generator[list[tuple[Prepared, Mapping[str, str]]]]:
    with closing(made):
        for documents, tokens in made:
            for portion in sending.prepare(ref, documents, mode=SyncMode.MANUAL):
                yield [(prepared, tokens) for prepared in portion]
