"""What became of tasks that were sent: which succeeded, which failed, and one error that names all of those."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from scrypath.config import Config
from scrypath.errors import TaskFailed, refused_for_good
from scrypath.meilisearch import tasks
from scrypath.meilisearch.task import Task
from scrypath.schema.index_ref import IndexRef
from scrypath.sync.result import SyncResult
from scrypath.sync.sending import Sent
from scrypath.vocabulary import Operation, SyncMode, SyncStatus


@dataclass(frozen=True, slots=True)
class Delivered:
    """Tasks that have ended, each with what it was sent for.

    Parameters
    ----------
    ok, failed
        Those that succeeded, and those that did not, in the order in which they were sent.
    """

    ok: tuple[tuple[Sent, Task], ...]
    failed: tuple[tuple[Sent, Task], ...]

    def require_success(self) -> None:
        """Nothing, or a ``TaskFailed`` that names every task that failed.

        Where several failed for different reasons, the error's code and type are of one that another attempt may
        get past: they decide whether there is one.
        """
        errors = [task.failure() for _, task in self.failed]
        if not errors:
            return
        decisive = min(errors, key=refused_for_good)
        if len(errors) == 1:
            raise decisive
        raise TaskFailed(
            f"{len(errors)} of {len(errors) + len(self.ok)} tasks failed. "
            + " ".join(error.message for error in errors),
            hint=decisive.hint,
            task_uid=decisive.task_uid,
            error_code=decisive.error_code,
            error_type=decisive.error_type,
        )


def delivered(config: Config, sent: Sequence[Sent]) -> Delivered:
    """Wait until Meilisearch has finished the tasks.

    Raises
    ------
    TaskTimeout
        When ``task_timeout`` seconds pass first; the tasks may still finish.
    """
    ended = tasks.wait_all(config, [item.task_uid for item in sent]) if sent else []
    pairs = list(zip(sent, ended, strict=True))
    return Delivered(
        ok=tuple(pair for pair in pairs if pair[1].succeeded),
        failed=tuple(pair for pair in pairs if not pair[1].succeeded),
    )


def sent_result(
    ref: IndexRef, mode: SyncMode, sent: Sequence[Sent], ids: Sequence[str], *, fenced: bool
) -> SyncResult:
    """The result of a write in ``inline`` mode, which is waited for, or in ``manual`` mode.

    Parameters
    ----------
    ref
        Where it went.
    mode
        In which mode.
    sent
        Its tasks.
    ids
        Of the documents it is about.
    fenced
        Whether no newer row can have been overwritten by it.

    Raises
    ------
    TaskFailed, TaskTimeout
        inline: when a task failed, or did not finish in time.
    """
    if mode is SyncMode.INLINE:
        delivered(ref.config, sent).require_success()
    done = SyncStatus.COMPLETED if mode is SyncMode.INLINE else SyncStatus.ACCEPTED
    last = {document: item.operation for item in sent for document in item.ids}
    return SyncResult(
        mode,
        done if sent else SyncStatus.NOOP,
        ref.uid,
        tuple(ids),
        tuple(item.work_id for item in sent),
        fenced,
        tuple(document for document in ids if last.get(document) is Operation.DELETE),
    )
